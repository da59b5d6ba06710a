"""Optical music recognition with JAX and Flax.

  model = omr_jax.load()           # tells pages of music from other pictures
  answer = model('page.jpg')       # an `Answer`: label, confidence, probabilities

`load` takes one of the names that `pretrained()` lists, an exported folder or the folder of a run,
and returns a `Classifier`. A wrong or missing input raises a `UserError`, whose message tells
people what to do.
"""

import sys
from typing import TYPE_CHECKING

from omr_jax.errors import UserError
from omr_jax.utils import revision
from omr_jax.utils.ending import end_imports_in_words

__all__ = ['Answer', 'Classifier', 'UserError', '__version__', 'load', 'pretrained']
__version__ = revision.VERSION

if sys.argv[:1] == ['-m']:  # `python -m omr_jax.NAME` is looking for its command.
  end_imports_in_words()

# A program that only asks for the version loads nothing else.
if TYPE_CHECKING:
  from omr_jax.predict.classifier import Answer, Classifier, load, pretrained
else:

  def __getattr__(name: str) -> object:
    """Imports the classifier, and with it Pillow and ONNX Runtime, when it is first asked for."""
    if name not in __all__:
      raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from omr_jax.predict import classifier

    return getattr(classifier, name)

  def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
