"""What `import omr_jax` gives, and what it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import omr_jax
from omr_jax import errors
from omr_jax.predict import classifier, detector, loading, models


def test_names():
  assert omr_jax.load is loading.load and omr_jax.pretrained is models.pretrained
  assert omr_jax.Detector is detector.Detector and omr_jax.Page is detector.Page
  assert omr_jax.Symbol is detector.Symbol
  assert omr_jax.Classifier is classifier.Classifier and omr_jax.Answer is classifier.Answer
  assert omr_jax.UserError is errors.UserError
  names = {}
  exec('from omr_jax import *', names)
  assert set(omr_jax.__all__) == names.keys() - {'__builtins__'}
  assert {*omr_jax.__all__, '__file__', 'errors'} <= set(dir(omr_jax))
  with pytest.raises(AttributeError, match="'omr_jax' has no attribute 'laod'"):
    _ = omr_jax.laod


def test_type_checkers_are_told_that_there_are_types():
  assert (Path(omr_jax.__file__).parent / 'py.typed').is_file()


def test_importing_it_loads_no_library():
  program = (
    'import sys, omr_jax; omr_jax.UserError, omr_jax.__version__; '
    'print(sorted({"jax", "numpy", "onnxruntime", "PIL", "scipy"} & set(sys.modules)))'
  )
  done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True)
  assert done.stdout == '[]\n'
