"""`omr_jax.load`: a trained network of any task, ready to be asked."""

import os
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from omr_jax.predict import models
from omr_jax.predict.classifier import Classifier, gives_classes

if TYPE_CHECKING:
  from omr_jax.predict.detector import Detector


@overload
def load(
  path_or_name: Literal['scores', 'homus', 'homus_scans', 'homus_strokes'] = 'scores',
) -> Classifier: ...


@overload
def load(path_or_name: Literal['pages', 'pages_handwriting']) -> 'Detector': ...


# Any: what a folder holds is not known before it is opened.
@overload
def load(path_or_name: str | os.PathLike[str]) -> Any: ...


def load(path_or_name: str | os.PathLike[str] = 'scores') -> 'Classifier | Detector':
  """A trained network, ready to be asked: a `Classifier`, or a `Detector` if it is for pages.

  Args:
    path_or_name: One of these:
      - the name of a model that comes with the package: see `pretrained()`;
      - an exported folder, from which `model.onnx` is loaded, or `model_int8.onnx` if only that was
        exported;
      - the path of an ONNX file in such a folder;
      - the workdir of a finished run, which needs JAX.

  What it returns may be asked by several threads, and given to other processes: pickled, it is its
  path or name, by which each process loads it.

  Raises:
    UserError: There is no such model, or it is damaged.
  """
  model, run = models.opened(path_or_name)
  again: Any = partial(load, models.lasting(path_or_name))
  if gives_classes(model):
    return Classifier(model, run, again)
  from omr_jax.predict.detector import Detector  # And with it SciPy.

  return Detector(model, run, again)
