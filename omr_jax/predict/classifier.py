"""A trained network as a function of pictures: `omr_jax.load`.

  model = omr_jax.load('scores')     # or the path of an exported folder, or of a run
  model('page.jpg').label            # 'scores' or 'other'
  model([image, array, content])     # Pillow, NumPy, bytes of a file; a list gives a list

Exported models need neither JAX nor Flax, and load in less than a second.
"""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, overload

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import confidence
from omr_jax.predict import boxes, models
from omr_jax.predict import given as givens
from omr_jax.predict.boxes import Box
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.tasks.classifiers import outputs

# The most pictures in one batch. Each takes megabytes while the network computes.
BATCH = 8
_ROUNDED = 0.01  # The sum of probabilities may differ from 1 by this much.


class Answer(NamedTuple):
  """What a network says of a picture.

  Attributes:
    label: The class.
    confidence: Calibrated probability of that class. Of a model with a threshold it is 1/2 at the
      threshold and grows with the distance from it (`evaluation.confidence`).
    probabilities: The probability of each class by its name, as the network gives it.
    sure: Whether the confidence is high enough to show the label to people; if not, show them "not
      sure". None for models without such a limit: those for symbols, and those of earlier versions.
    boxes: Where the music is (`boxes.of_music`); empty for other pictures. None for models that
      can't tell: those for symbols, and those of earlier versions.
    unknown: Whether the strokes are probably none of the classes; `label` then is the class that
      they look most like. None for models that can't tell: all but those to which `omr open_set`
      has taught it.
  """

  label: str
  confidence: float
  probabilities: dict[str, float]
  sure: bool | None = None
  boxes: tuple[Box, ...] | None = None
  unknown: bool | None = None


class Classifier(models.Opened):
  """A trained network, ready to be asked.

  Attributes:
    model: The description of the network: its task, classes, threshold and facts.
  """

  @overload
  def __call__(self, given: givens.One) -> Answer: ...

  # `list[Any]`: to a type checker, a list of paths is not a list of Given.
  @overload
  def __call__(self, given: list[Any] | tuple[Any, ...]) -> list[Answer]: ...

  # Any: the type of an array does not say whether it is one picture or a batch.
  @overload
  def __call__(self, given: np.ndarray) -> Any: ...

  def __call__(self, given: givens.Given | list[Any] | tuple[Any, ...]) -> Answer | list[Answer]:
    """The answer to a picture, or a list of answers to a list of them, in their order.

    Args:
      given: A picture, or a list or tuple of them, or an array [batch, height, width, 3]. A picture
        is one of these:
        a file: its path, its bytes, or a file object in mode 'rb', which is read to the end. Of a
          document the first page is taken; for symbols it may be a stroke file;
        an image of Pillow;
        an array, uint8 or bool (white where true): [height, width] or [height, width, channels],
          1 channel, 3 (RGB) or 4 (RGBA);
        for symbols also {'strokes': [[[x, y], ...], ...]}, in the units of `stroke_files`.

    Raises:
      UserError: A picture can't be read, or is none; or there are none at all.
    """
    if isinstance(given, np.ndarray) and given.ndim == 4:
      given = list(given)
    if not isinstance(given, list | tuple):
      return self.answers([givens.inputs(given, self.model.rule)])[0]
    if not given:
      raise UserError('An empty batch: give at least one picture.')
    rule = self.model.rule
    return self.answers([givens.inputs(each, rule, f'picture {n}') for n, each in enumerate(given)])

  def answers(self, batch: Sequence[Inputs]) -> list[Answer]:
    """The answers to inputs that `prepare` has made.

    Raises:
      UserError: The network can't be computed, or gives no probabilities.
    """
    answers: list[Answer] = []
    for first in range(0, len(batch), BATCH):
      some = batch[first : first + BATCH]
      reads = self.model.reads
      found = self._run({name: np.stack([inputs[name] for inputs in some]) for name in reads})
      probabilities = found[outputs.PROBABILITIES]
      _check(probabilities, len(some), len(self.model.classes))
      chosen = outputs.decide(probabilities, self.model.threshold)
      log_odds = found.get('log_odds', [None] * len(some))
      places = [inputs.get('boxes') for inputs in some]
      unknown = found.get(outputs.UNKNOWN, [None] * len(some))
      answers += map(self._answer, probabilities, chosen, log_odds, places, unknown)
    return answers

  def _answer(
    self,
    probabilities: np.ndarray,
    chosen: int,
    log_odds: np.ndarray | None,
    places: np.ndarray | None,
    unknown: float | None,
  ) -> Answer:
    classes, threshold = self.model.classes, self.model.threshold
    shares = dict(zip(classes, map(float, probabilities), strict=True))
    label = classes[chosen]
    if threshold is None:
      is_unknown = None if unknown is None else bool(unknown > 0)
      return Answer(label, shares[label], shares, unknown=is_unknown)
    even = float(confidence.log_odds(threshold))
    sure = float(confidence.of_threshold(confidence.log_odds(probabilities[1]), even))
    enough, found = self.model.facts.get('sure'), None
    if log_odds is not None and places is not None:
      found = boxes.of_music(places, log_odds, even) if chosen else ()
    return Answer(label, sure, shares, None if enough is None else sure >= enough, found)

  def inputs(self, given: givens.Given, name: str = 'the picture') -> Inputs:
    """The network's inputs for a picture: arrays by name, without a batch axis.

    Other programs that run the ONNX file need nothing else: `np.stack` of several, or `[None]`.

    Args:
      given: A picture, in one of the forms of `__call__`.
      name: What to call it in messages.

    Raises:
      UserError: The picture can't be read, or is none.
    """
    found = givens.inputs(given, self.model.rule, name)
    return {name: found[name] for name in self.model.reads}


def _check(found: np.ndarray, count: int, classes: int) -> None:
  """Raises a UserError if these are no probabilities. 8-bit ones are rounded."""
  right = found.shape == (count, classes) and np.isfinite(found).all()
  if not right or found.min() < -_ROUNDED or np.abs(found.sum(1) - 1).max() > _ROUNDED:
    raise UserError('the network gives no probabilities; export or train it again.')


def load(path_or_name: str | os.PathLike[str] = 'scores', threads: int | None = None) -> Classifier:
  """A trained network that tells classes apart, ready to be asked.

  Args:
    path_or_name: As for `models.opened`.
    threads: Likewise.

  Raises:
    UserError: There is no such model, it is damaged, or it finds symbols on pages.
  """
  model, run = models.opened(path_or_name, threads)
  if not gives_classes(model):
    raise UserError(f'{path_or_name}: finds symbols on whole pages; `omr detect` asks it.')
  return Classifier(model, run, partial(load, models.lasting(path_or_name), threads))


def gives_classes(model: Described) -> bool:
  """Whether a network says which class a picture is of, rather than what is where on a page."""
  return outputs.PROBABILITIES in model.gives
