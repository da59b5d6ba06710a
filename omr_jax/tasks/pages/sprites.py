"""Symbols cut out of training pages, without staff lines: training pastes them onto other pages.

See Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method", 2021. Spans, strokes
and uprights (`inputs.box_kinds`) stay where they are: alone they mean nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import box_kinds, windows
from omr_jax.tasks.pages.tiles import Annotated

SIDE = 48  # Height and width of a sprite in pixels; a staff space has `windows.SPACE`.
# Signs that are what they are by their place alone, such as a dot behind a note or above it.
_BY_PLACE = (
  'articulationStaccato',
  'augmentationDot',
  'characterDot',
  'repeatDot',
  'restHalf',
  'restWhole',
  'unclassified',
)
_OF_A_CLASS = 6  # That are cut out of a page at most.
_INK = 128  # Darker pixels are ink.
_REACH = 0.35  # How far from a staff line, in staff spaces, a run of ink is measured.
_NEAR = 2  # How many pixels a staff line may be beside the place that the page has for it.
_THICKER = 1.6  # Runs of ink of up to so many times the usual thickness are the line alone.


class Sprite(NamedTuple):
  """A symbol in the middle of a white square.

  Attributes:
    page: The id of its page.
    picture: uint8 [SIDE, SIDE], dark ink on bright paper.
    box: left, top, right and bottom edge in it.
    label: The label that the page gives it.
  """

  page: str
  picture: np.ndarray
  box: np.ndarray
  label: int


def cut(page: Annotated, names: Sequence[str]) -> list[Sprite]:
  """Some signs of each class on a page, at equal distances in the order of its symbols.

  Args:
    page: The page.
    names: The name of each label.
  """
  bare = without_lines(page.grey, page.staves, page.staff_space)
  picture, scale = windows.resized(bare, page.staff_space)
  boxes = page.boxes * np.tile(scale, 2)
  is_sign = box_kinds.kinds(names) == box_kinds.KINDS.index('sign')
  fits = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0) <= SIDE - 4
  found = []
  for label in np.unique(page.labels[fits]).tolist():
    if is_sign[label] and names[label] not in _BY_PLACE:
      places = np.flatnonzero(fits & (page.labels == label))
      some = np.linspace(0, len(places) - 1, min(_OF_A_CLASS, len(places))).round().astype(int)
      found += [_sprite(page.id, picture, boxes[place], label) for place in places[some]]
  return found


def chosen(
  sprites: Sequence[Sprite], pages: Sequence[str], count: int, seed: int = 0
) -> dict[str, np.ndarray]:
  """`count` sprites for each tile, from other pages than its own; rare classes more often.

  The weight of a sprite is 1 / sqrt(n), where n is the number of sprites of its class.

  Args:
    sprites: All of them, of two pages or more.
    pages: The id of each tile's page.
    count: How many each tile gets.
    seed: Another one chooses others.

  Raises:
    UserError: There are no sprites of other pages than one that tiles are of.

  Returns:
    `sprite` uint8 [tiles, count, SIDE, SIDE], `sprite_box` float32 [tiles, count, 4] and
    `sprite_label` int32 [tiles, count].
  """
  rng = np.random.default_rng(seed)
  labels = np.array([one.label for one in sprites], int)
  weights = 1 / np.sqrt(np.bincount(labels))[labels]
  of_page = np.array([one.page for one in sprites])
  taken = np.empty((len(pages), count), int)
  names, numbers = np.unique(np.array(pages), return_inverse=True)
  tiles_of = np.split(np.argsort(numbers, kind='stable'), np.bincount(numbers).cumsum()[:-1])
  for page, mine in zip(names.tolist(), tiles_of, strict=True):
    share = np.where(of_page == page, 0, weights)
    if not share.any():
      raise UserError(
        f'{page}: no other page for training has symbols to be pasted; add pages, or set '
        '--config.data.pasted=0.'
      )
    taken[mine] = rng.choice(len(sprites), (len(mine), count), p=share / share.sum())
  return {
    'sprite': np.stack([one.picture for one in sprites])[taken],
    'sprite_box': np.stack([one.box for one in sprites]).astype(np.float32)[taken],
    'sprite_label': labels.astype(np.int32)[taken],
  }


def without_lines(grey: np.ndarray, staves: Sequence[np.ndarray], staff_space: float) -> np.ndarray:
  """A page without its staff lines, where nothing but the line is.

  Args:
    grey: uint8 [height, width], dark ink on bright paper.
    staves: Each as [5, points, 2], the middle of its lines.
    staff_space: In pixels.
  """
  bare = grey.copy()
  reach = max(_NEAR + 1, round(_REACH * staff_space))
  steps = np.arange(-reach, reach + 1)
  for line in (line for staff in staves for line in staff):
    columns = np.arange(max(0, int(line[0, 0])), min(grey.shape[1], int(line[-1, 0]) + 1))
    middle = np.rint(np.interp(columns + 0.5, *line.T) - 0.5).astype(int)
    rows = np.clip(middle[:, None] + steps, 0, len(grey) - 1)
    run = _run(grey[rows, columns[:, None]] < _INK, reach)
    length = run.sum(1)
    if length.any():
      usual = np.median(length[length > 0])
      gone = run & (length <= _THICKER * usual)[:, None]
      across = np.broadcast_to(columns[:, None], rows.shape)
      # With the grey edges above and below.
      for shift in (-1, 0, 1):
        bare[np.clip(rows[gone] + shift, 0, len(grey) - 1), across[gone]] = 255
  return bare


def _run(ink: np.ndarray, middle: int) -> np.ndarray:
  """In each row of bool [rows, steps] the run of ink that is nearest to the step `middle`."""
  steps = np.arange(ink.shape[1])
  away = np.where(ink, abs(steps - middle), ink.shape[1])
  near = away.argmin(1)[:, None]
  found = np.take_along_axis(away, near, 1) <= _NEAR
  first = np.where(~ink & (steps < near), steps, -1).max(1)[:, None] + 1
  last = np.where(~ink & (steps > near), steps, ink.shape[1]).min(1)[:, None]
  return found & (steps >= first) & (steps < last)


def _sprite(page: str, picture: np.ndarray, box: np.ndarray, label: int) -> Sprite:
  left, top = np.floor(box[:2]).astype(int)
  right, bottom = np.ceil(box[2:]).astype(int)
  seen = picture[max(0, top) : bottom, max(0, left) : right]
  square = Image.new('L', (SIDE, SIDE), 255)
  corner = (SIDE - seen.shape[1]) // 2, (SIDE - seen.shape[0]) // 2
  square.paste(Image.fromarray(seen), corner)
  moved = np.array(corner) - (max(0, left), max(0, top))
  return Sprite(page, np.asarray(square), box + np.tile(moved, 2), label)
