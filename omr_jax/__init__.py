"""Optical music recognition with JAX and Flax.

  model = omr_jax.load()           # tells pages of music from other pictures
  answer = model('page.jpg')       # an `Answer`: label, confidence, probabilities

`load` takes one of the names that `pretrained()` lists, an exported folder or the folder of a run,
and returns a `Classifier`; or a `Detector`, which gives a `Page` with its `Symbol`s. A wrong or
missing input raises a `UserError`, whose message tells people what to do.
"""

import importlib
import sys
from typing import TYPE_CHECKING

from omr_jax.errors import UserError
from omr_jax.utils import revision
from omr_jax.utils.ending import end_imports_in_words

__all__ = [
  'Answer',
  'Classifier',
  'Detector',
  'Page',
  'Symbol',
  'UserError',
  '__version__',
  'load',
  'pretrained',
]
__version__ = revision.VERSION

if sys.argv[:1] == ['-m']:  # `python -m omr_jax.NAME` is looking for its command.
  end_imports_in_words()

# A program that only asks for the version loads nothing else.
if TYPE_CHECKING:
  from omr_jax.predict.classifier import Answer, Classifier
  from omr_jax.predict.detector import Detector, Page, Symbol
  from omr_jax.predict.loading import load
  from omr_jax.predict.models import pretrained
else:
  _HOMES = {
    **dict.fromkeys(('Answer', 'Classifier'), 'classifier'),
    **dict.fromkeys(('Detector', 'Page', 'Symbol'), 'detector'),
    'load': 'loading',
    'pretrained': 'models',
  }

  def __getattr__(name: str) -> object:
    """Imports a name, and with it Pillow and ONNX Runtime, when it is first asked for."""
    if name not in _HOMES:
      raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'omr_jax.predict.{_HOMES[name]}'), name)

  def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
