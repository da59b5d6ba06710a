"""The inputs and outputs of networks that find the symbols of a page; without JAX.

How a page becomes windows is `omr_jax.inputs.windows`, and how the outputs become boxes is
`omr_jax.inputs.peaks`. `predict.detector` does both for whole pages.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omr_jax.inputs import box_kinds, peaks, windows
from omr_jax.inputs.box_kinds import KINDS
from omr_jax.utils import rules

# Names of MUSCIMA++: those of its 160 classes of symbols that occur on its pages, and those that
# occur on typeset ones besides.
WRITTEN, _FURTHER = (
  tuple(Path(__file__).with_name(name).read_text('utf-8').split())
  for name in ('classes.txt', 'printed_classes.txt')
)
PRINTED = (*WRITTEN, *_FURTHER)
SUFFIXES: frozenset[str] = frozenset()
# The call that prepares inputs, for programs in Python.
CALL = 'omr_jax.inputs.windows.cut(grey, staff_space).pixels()'
# Pages are cut in one way (`inputs.windows`), which an exported network must have been trained for.
_LIMITS = {
  'space': (f'{windows.SPACE:g}', lambda value: rules.is_number(value) and value == windows.SPACE),
  'side': rules.whole(windows.SIDE, windows.SIDE),
}


class Layout(NamedTuple):
  """How a page becomes windows.

  Attributes:
    space: The distance of two staff lines in pixels.
    side: Height and width of a window in pixels.
  """

  space: float
  side: int


def classes(config: Mapping[str, Any]) -> tuple[str, ...]:
  """The names of the classes of a config's data, in the order of the labels."""
  return classes_of(config['data']['source'])


def classes_of(source: str) -> tuple[str, ...]:
  """Likewise, by `config.data.source`."""
  return WRITTEN if source == 'muscima_pp' else PRINTED


def from_json(fields: Mapping[str, Any]) -> Layout:
  """The picture settings from `model.json`. UserError with the key where they are damaged."""
  rules.refuse_other_keys(fields, Layout._fields, 'picture')
  for name, value in fields.items():
    rules.refuse_unless(_LIMITS[name], value, f'picture.{name}')
  return Layout(**fields)


def to_json(picture: Layout) -> dict:
  """The picture settings as `model.json` has them."""
  return picture._asdict()


def shapes(picture: Layout) -> dict[str, tuple[str, list]]:
  """Type and shape of every input by its name; `batch` stands for any number of windows."""
  return {'window': ('uint8', ['batch', picture.side, picture.side, 1])}


def outputs(picture: Layout, classes: Sequence[str]) -> dict[str, tuple[str, list]]:
  """Type and shape of both maps by their names."""
  cells = picture.side // peaks.CELL
  return {
    'heat': ('float32', ['batch', cells, cells, len(classes)]),
    'edges': ('float32', ['batch', cells, cells, len(KINDS), 4]),
  }


def answer(classes: Sequence[str], threshold: float | None) -> str:
  """How the outputs become symbols on a page, in words."""
  del classes, threshold
  return (
    'a symbol of a class wherever its `heat` is not below that of the 8 cells around it, and the '
    'sigmoid of it, its confidence, is at least `threshold`. With e = `edges` of this cell and of '
    'the kind of its class, which `kinds` has, and c = `cell`, the middle of its box is ((column + '
    '0.5 + e[0]) c, (row + 0.5 + e[1]) c), its width exp(e[2]) c and its height exp(e[3]) c, in '
    'pixels of the window. Of two symbols of a class whose boxes have an intersection over union '
    'above `same` the more confident is kept, and of all those whose middle is in the core of the '
    'window'
  )


def preparation(picture: Layout, reads: Sequence[str], classes: Sequence[str]) -> dict[str, Any]:
  """Numbers that `steps` and `answer` name, for programs that do not use this package.

  Returns:
    `ink`, `margin`, `border` and `step`, as in `steps`; `cell`, the pixels along the side of a
    cell; `same`, as in `answer`; `kinds`, the kind of box of each class.
  """
  del picture, reads
  kinds = box_kinds.kinds(classes).tolist()
  sizes = {'ink': windows.INK, 'margin': windows.MARGIN, 'border': windows.BORDER}
  sizes |= {'step': windows.STEP}
  return {**sizes, 'cell': peaks.CELL, 'same': peaks.SAME, 'kinds': kinds}


def steps(picture: Layout, reads: Sequence[str]) -> list[str]:
  """Each step from a page to the inputs in words, for programs that do not use this package."""
  del picture, reads
  return [
    'A page of music in grey, dark ink on bright paper, 0 to 255, as `omr_jax.inputs.whole_pages` '
    'reads it from a file.',
    'The distance of two staff lines: that of the staves which `omr_jax.structure.find.structure` '
    'finds. Any other measure moves some boxes a little.',
    'Even light: each pixel is divided by the brightness of the paper near it, and scaled so that '
    'paper is 255 and the blackest ink 0.',
    'Resized, bilinear, so that this distance has `picture.space` pixels.',
    'Cut into squares of `picture.side` pixels, which are white beyond the page and begin at '
    'multiples of `step` pixels. Rows of squares are spread at equal distances from `border` '
    'pixels above the uppermost ink, which is darker than `ink`, to `border` pixels below the '
    'lowest: as few rows as share at least twice `margin` pixels. The first of several is rounded '
    'up the page, and all others down. The core of a row ends in the middle of what it shares with '
    'the next one. The squares of a row are spread likewise, from the leftmost ink in its core to '
    'the rightmost; those without ink in their own core are left out.',
    'Input `window`: these pixels.',
  ]
