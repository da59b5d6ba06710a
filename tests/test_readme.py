"""What the README says to type, run as it stands there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from conftest import ROOT
from PIL import Image

import omr_jax

PRETRAINED = Path(omr_jax.__file__).parent / 'pretrained'


def block(language: str, words: str) -> str:
  """The README's piece of code with these words in it."""
  found = re.findall(rf'```{language}\n(.*?)```', (ROOT / 'README.md').read_text(), re.DOTALL)
  (code,) = [code for code in found if words in code]
  return code


def test_a_model_without_this_package(tmp_path):
  """ONNX Runtime, NumPy and Pillow give what `omr_jax.load` gives, to the last digit."""
  shutil.copytree(PRETRAINED / 'scores', tmp_path, dirs_exist_ok=True)
  rng = np.random.default_rng(0)
  page = np.full((700, 531), 255, np.uint8)
  for top in range(50, 600, 80):
    page[top : top + 40 : 10] = rng.integers(0, 60)
  Image.fromarray(page).save(tmp_path / 'page.jpg')
  command = [sys.executable, '-I', '-c', block('python', 'onnxruntime')]
  done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
  answer = omr_jax.load()(tmp_path / 'page.jpg')
  label, share = done.stdout.split()
  assert label == answer.label
  assert abs(float(share) - answer.probabilities['scores']) < 1e-6


def test_the_api(tmp_path):
  code = block('python', 'import omr_jax')
  Image.new('L', (90, 90), 'white').save(tmp_path / 'page.jpg')
  names = {'picture': Image.new('RGB', (9, 9)), 'array': np.zeros((9, 9), np.uint8)}
  code = code.replace("'page.jpg'", repr(str(tmp_path / 'page.jpg')))
  exec(code, names)
  assert names['gate'](names['picture']).label == 'other'
