"""A trained detector as a function of whole pages: `omr_jax.load('pages')`.

  pages = omr_jax.load('pages')
  page = pages('page.jpg')           # of a document the first page
  page.symbols[0].label              # such as 'noteheadFull'
  page.staves, page.systems, page.measures

It needs neither JAX nor Flax.
"""

import os
from functools import partial
from typing import Any, NamedTuple, overload

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import confidence
from omr_jax.inputs import box_kinds, peaks, symbol_names, tall, whole_pages, windows
from omr_jax.inputs.box_kinds import KINDS
from omr_jax.inputs.whole_pages import Reduced
from omr_jax.predict import given as givens
from omr_jax.predict import models
from omr_jax.predict.classifier import gives_classes
from omr_jax.structure.positions import positions
from omr_jax.structure.structure import Box, Measure, Structure

LEAST = 0.01  # The lowest threshold. Below it every speck on a page would be a symbol.


class Symbol(NamedTuple):
  """A symbol on a page.

  Attributes:
    label: Its class, by its name in MUSCIMA++, such as `noteheadFull`.
    smufl: The name of its glyph in SMuFL (`inputs.symbol_names`), such as `noteheadBlack`; None for
      what is no glyph, such as a beam.
    confidence: The calibrated probability that there is such a symbol.
    box: Its left, top, right and bottom edge in pixels of the page.
    staff: The index in `Page.staves` of the staff that it is on; None if it is on none.
    position: Half staff spaces from the middle line of this staff, upwards positive: 0 is the
      middle line, 1 the space above it, -4 the lowest line. None if `staff` is.
  """

  label: str
  smufl: str | None
  confidence: float
  box: Box
  staff: int | None
  position: int | None


class Page(NamedTuple):
  """What was found on a page. Places are in pixels, from its upper left corner.

  Attributes:
    symbols: Staff by staff from left to right; at the end those that are on no staff. There are
      none on a page without staves: symbols are looked for at the size of the staves.
    structure: The staves, systems and measures.
  """

  symbols: list[Symbol]
  structure: Structure

  @property
  def size(self) -> tuple[int, int]:
    """Width and height of the page."""
    return self.structure.width, self.structure.height

  @property
  def staves(self) -> list[np.ndarray]:
    """Each staff as float64 [5, points, 2], x and y along its lines; from top to bottom."""
    return self.structure.staves

  @property
  def systems(self) -> list[list[int]]:
    """For each system the indices of its staves."""
    return self.structure.systems

  @property
  def measures(self) -> list[Measure]:
    """The measures, staff by staff."""
    return self.structure.measures


class Detector(models.Opened):
  """A trained detector, ready to be asked.

  Attributes:
    model: The description of the network: its classes, threshold and facts.
  """

  @overload
  def __call__(self, given: givens.One, threshold: float | None = None) -> Page: ...

  # `list[Any]`: to a type checker, a list of paths is not a list of Given.
  @overload
  def __call__(
    self, given: list[Any] | tuple[Any, ...], threshold: float | None = None
  ) -> list[Page]: ...

  # Any: the type of an array does not say whether it is one page or a batch.
  @overload
  def __call__(self, given: np.ndarray, threshold: float | None = None) -> Any: ...

  def __call__(
    self, given: givens.Given | list[Any] | tuple[Any, ...], threshold: float | None = None
  ) -> Page | list[Page]:
    """What is on a page of music, or a list of that for a list of pages, in their order.

    Whether a picture is a page of music at all, `omr_jax.load('scores')` tells.

    Args:
      given: A page, or a list or tuple of them, or an array [batch, height, width, 3]. A page is a
        path, the bytes of a file, a file object in mode 'rb', an image of Pillow, or an array of
        uint8, as for `Classifier`.
      threshold: The least confidence of a symbol; that of the model by default.

    Raises:
      UserError: A page can't be read, or is none; there are none at all; the network can't be
        computed; or the threshold is below 0.01 or above 1.
    """
    if isinstance(given, np.ndarray) and given.ndim == 4:
      given = list(given)
    if not isinstance(given, list | tuple):
      return self._page(given, 'the page', threshold)
    if not given:
      raise UserError('An empty batch: give at least one page.')
    return [self._page(each, f'page {n}', threshold) for n, each in enumerate(given)]

  def symbols(
    self, page: Reduced, structure: Structure, threshold: float | None = None
  ) -> list[Symbol]:
    """The symbols of a page, in the order of `Page.symbols`.

    Args:
      page: The page.
      structure: The structure of the page, in its own pixels.
      threshold: The least confidence of a symbol; that of the model by default.

    Raises:
      UserError: The network can't be computed, or the threshold is below 0.01 or above 1.
    """
    least = self.threshold(threshold)
    if not structure.staff_space:
      return []
    found = self._found(page, structure.staff_space / page.factor, least)
    systems = [[structure.staves[n] for n in system] for system in structure.systems]
    boxes, labels, log_odds = tall.completed(found, self.model.classes, systems)
    names = [self.model.classes[label] for label in labels]
    anchors = np.array([symbol_names.anchor(name) for name in names])
    staff, position = positions(structure, boxes, anchors)
    order = np.lexsort(
      (boxes[:, 1], boxes[:, 0], np.where(staff < 0, len(structure.staves), staff))
    )
    shares = confidence.probability(log_odds).tolist()
    return [_symbol(names[n], shares[n], boxes[n], staff[n], position[n]) for n in order]

  def threshold(self, given: float | None) -> float:
    """The given threshold, or that of the model.

    Raises:
      UserError: It is below 0.01 or above 1.
    """
    least = self.model.threshold if given is None else given
    assert least is not None  # Every detector has a threshold (`limits.THRESHOLD`).
    if not LEAST <= least <= 1:
      raise UserError(f'threshold: {least:g}; give a confidence from {LEAST} to 1.')
    return least

  def _page(self, given: givens.Given, name: str, threshold: float | None) -> Page:
    page: Reduced = givens.read(given, whole_pages.pages, whole_pages.reduced, name)
    structure = whole_pages.structure(page)
    return Page(self.symbols(page, structure, threshold), structure)

  def _found(
    self, page: Reduced, staff_space: float, threshold: float
  ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes in pixels of the page, float [symbols, 4], classes, and log-odds.

    `staff_space` is that of the picture.
    """
    least = float(confidence.log_odds(threshold))
    cut = windows.cut(page.grey, staff_space)
    kinds = box_kinds.kinds(self.model.classes)
    found = [(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))]  # A blank page has no windows.
    for n, (corner, core) in enumerate(zip(cut.corners, cut.cores, strict=True)):
      # Several windows at once are no faster, and the maps of one take 18 MB.
      maps = self._run({'window': cut.pixels(n, n + 1)})
      heat, edges = self._checked(maps['heat'], maps['edges'])
      found.append(windows.objects((heat, edges), kinds, corner, core, cut.scale, least))
    boxes, labels, log_odds = (np.concatenate(each) for each in zip(*found, strict=True))
    return boxes * page.factor, labels, log_odds.astype(float)

  def _checked(self, heat: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The maps of one window. Where a map is NaN, symbols would just be missed."""
    cells = windows.SIDE // peaks.CELL
    right = heat.shape == (1, cells, cells, len(self.model.classes))
    # The maximum is NaN if any number is.
    if not right or edges.shape != (1, cells, cells, len(KINDS), 4) or not np.isfinite(heat.max()):
      raise UserError('the network gives no maps of symbols; export or train it again.')
    if not np.isfinite(edges).all():
      raise UserError('the network gives boxes that are not finite; export or train it again.')
    return heat[0], edges[0]


def load(path_or_name: str | os.PathLike[str], threads: int | None = None) -> Detector:
  """A trained detector, ready to be asked.

  Args:
    path_or_name: As for `models.opened`.
    threads: Likewise.

  Raises:
    UserError: There is no such model, it is damaged, or it does not find symbols on pages.
  """
  model, run = models.opened(path_or_name, threads)
  if gives_classes(model):
    raise UserError(f'{path_or_name}: finds no symbols on pages; `omr predict` asks it.')
  return Detector(model, run, partial(load, models.lasting(path_or_name), threads))


def _symbol(name: str, share: float, box: np.ndarray, staff: int, position: int) -> Symbol:
  left, top, right, bottom = box.tolist()
  place = (None, None) if staff < 0 else (int(staff), int(position))
  return Symbol(name, symbol_names.SMUFL.get(name), share, (left, top, right, bottom), *place)
