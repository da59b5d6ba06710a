"""Pages with the boxes of their symbols as arrays: tiles to train on, windows to validate and test.

The data sets of pages have the same features (`tfds_builders/muscima_pp/README.md` lists them).

`train` has the tiles of `tiles.tiles`:
  tile: uint8 [tiles, TILE, TILE], dark ink on bright paper.
  boxes: float32 [tiles, objects, 4]: left, top, right and bottom edge in pixels of the tile.
  classes: int32 [tiles, objects], places in `inputs.classes`; -1 where there is no object.
  id: str [tiles], the page and the number of the tile on it.
  sprite, sprite_box, sprite_class: symbols of other pages (`sprites.chosen`), if there are any.

`validation` and `test` have whole pages:
  id, group: str [pages]; results are counted by group, such as the writer.
  scale: float64 [pages, 2], as in `windows.Windows`.
  window: uint8 [windows, SIDE, SIDE, 1].
  window_page: int32 [windows], the place of the window's page.
  corner, core: int32 [windows, 2] and [windows, 4], as in `windows.Windows`.
  staff: float32 [staves, 5, POINTS, 2], x and y along the lines of each staff, in pixels of the
    page. Staves and systems are those that are found (`structure.find`), not the data set's.
  staff_page, staff_system: int32 [staves], the place of its page and its system on that page.
  box: float32 [objects, 4], in pixels of the page.
  box_page: int32 [objects].
  box_label: str [objects], names of classes, also of those that are not in `classes`.
  classes: str [classes], those that are looked for (`inputs.classes`).
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
from PIL import Image

from omr_jax.data import cache
from omr_jax.data.dataset import SPLITS, Dataset
from omr_jax.inputs import windows
from omr_jax.structure import arrays as structures
from omr_jax.structure import find, scale
from omr_jax.structure.structure import Structure
from omr_jax.tasks.pages import data_sets, sprites, tiles
from omr_jax.tasks.pages.inputs import classes_of
from omr_jax.tasks.pages.tiles import TILE, Annotated
from omr_jax.utils import progress

# Part of the cache's key. Raise it whenever what is made here changes, also where other staves are
# found (`omr_jax.structure`), so that no older cache is read.
_RULE = 13


def load(
  source: str,
  protocol: str,
  data_dir: str | os.PathLike,
  raw_dir: str | os.PathLike | None,
  made_up: int = 0,
  pasted: int = 0,
) -> Dataset:
  """Loads the arrays of this module. The first time it prepares them; then it reads a cache.

  Args:
    source: One of `limits.SOURCES`.
    protocol: Name of the split.
    data_dir: Folder of prepared data.
    raw_dir: Folder of the raw data.
    made_up: How many pages drawn by code `train` has besides.
    pasted: How many symbols of other pages a tile comes with.

  Raises:
    UserError: The data cannot be prepared, or the cache cannot be written.
  """
  examples, names, raw_digest, identity = data_sets.opened(source, protocol, data_dir, raw_dir)
  classes = classes_of(source)

  def pages(split: str, doing: str) -> Iterator[Annotated]:
    found = examples(split)
    if split != 'train':
      return map(_page, progress.shown(data_sets.tested(found), doing, 'page'))
    both = chain(found, data_sets.drawn(made_up, names))
    return map(_page, progress.shown(both, doing, 'page'))

  def make(new: cache.New) -> cache.Arrays:
    train = _tiles(lambda: pages('train', 'cutting train'), names, classes, new)
    return {'train': train} | {
      split: _whole(list(pages(split, f'cutting {split}')), names, classes) for split in SPLITS[1:]
    }

  def cut_out(new: cache.New) -> cache.Arrays:
    del new
    found = pages('train', 'cutting symbols')
    return {'train': _sprites(found, splits['train']['id'], names, classes, pasted)}

  sizes = [TILE, windows.SIDE, windows.MARGIN, windows.SPACE]
  key = [_RULE, source, identity, protocol, made_up, list(classes), *sizes]
  splits = cache.cached('pages', key, make)
  if pasted:
    further = cache.cached('sprites', [*key, pasted, sprites.SIDE], cut_out)
    splits = {**splits, 'train': {**splits['train'], **further['train']}}
  labels = [each[each >= 0] for each in np.asarray(splits['train']['classes'])]
  return Dataset(splits, raw_digest, data_sets.ORIGINS[source], tiles.draws(labels, len(classes)))


def _page(example: data_sets.Example) -> Annotated:
  """A page of a data set. Its staff space is the measured one that is nearest to the true one."""
  grey = np.asarray(Image.open(io.BytesIO(example['image'])).convert('L'))
  true = structures.structure(example, *grey.shape).staff_space
  space = min(scale.staff_spaces(grey), key=lambda each: abs(each - true), default=true)
  name, group = data_sets.name(example), data_sets.group(example)
  boxes = np.asarray(example['boxes'], np.float64)
  labels, staves = np.asarray(example['labels']), list(example['staves'])
  return Annotated(name, group, grey, space, boxes, labels, staves)


def _tiles(
  pages: Callable[[], Iterator[Annotated]],
  names: Sequence[str],
  classes: Sequence[str],
  new: cache.New,
) -> dict[str, np.ndarray]:
  """The arrays of the training split.

  The pages are gone through twice, so that not all tiles have to be in memory.
  """
  place = _places(names, classes)
  boxes, labels, ids = [], [], []
  for page in pages():
    for number, (_, some, own) in enumerate(tiles.tiles(page)):
      known = place[own] >= 0
      boxes.append(some[known])
      labels.append(place[own][known])
      ids.append(f'{page.id}-{number}')
  tile = new('train', 'tile', (len(ids), TILE, TILE), np.uint8)
  all_tiles = (picture for page in pages() for picture, _, _ in tiles.tiles(page))
  for number, picture in enumerate(all_tiles):
    tile[number] = picture
  padded = zip(('boxes', 'classes'), tiles.padded(boxes, labels), strict=True)
  return {'tile': tile, 'id': np.array(ids), **dict(padded)}


def _sprites(
  pages: Iterable[Annotated],
  ids: np.ndarray,
  names: Sequence[str],
  classes: Sequence[str],
  count: int,
) -> dict[str, np.ndarray]:
  """The arrays of the training split that have `count` symbols of other pages for each tile."""
  found = [one for page in pages for one in sprites.cut(page, names)]
  arrays = sprites.chosen(found, [name.rpartition('-')[0] for name in ids.tolist()], count)
  labels = arrays.pop('sprite_label')
  return {**arrays, 'sprite_class': _places(names, classes)[labels]}


def _places(names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
  """The place of each name in the classes, -1 if it has none: int32 [names]."""
  return np.array([classes.index(name) if name in classes else -1 for name in names], np.int32)


def _whole(
  pages: Sequence[Annotated], names: Sequence[str], classes: Sequence[str]
) -> dict[str, np.ndarray]:
  """The arrays of a split that is validated or tested on.

  As in use, the staff space is that of the staves that are found.
  """
  structure = [_found(page.grey) for page in pages]
  spaces = [of.staff_space or page.staff_space for of, page in zip(structure, pages, strict=True)]
  cut = [windows.cut(page.grey, space) for page, space in zip(pages, spaces, strict=True)]
  counts = [len(each.corners) for each in cut]
  objects = [len(page.boxes) for page in pages]
  found = [structures.arrays(each) for each in structure]
  numbers = np.arange(len(pages), dtype=np.int32)
  return {
    'id': np.array([page.id for page in pages]),
    'group': np.array([page.group for page in pages]),
    'scale': np.stack([each.scale for each in cut]),
    'window': np.concatenate([each.pixels() for each in cut]),
    'window_page': np.repeat(numbers, counts),
    'corner': np.concatenate([each.corners for each in cut]).astype(np.int32),
    'core': np.concatenate([each.cores for each in cut]).astype(np.int32),
    'staff': np.concatenate([each['staves'] for each in found]),
    'staff_page': np.repeat(numbers, [len(each['staves']) for each in found]),
    'staff_system': np.concatenate([each['systems'] for each in found]),
    'box': np.concatenate([page.boxes for page in pages]).astype(np.float32),
    'box_page': np.repeat(numbers, objects),
    'classes': np.array(classes),
    'box_label': np.array(names)[np.concatenate([page.labels for page in pages])],
  }


def _found(grey: np.ndarray) -> Structure:
  """The structure that is found on a page, with `structures.POINTS` points in each line."""
  found, staves = find.structure(grey), []
  for staff in found.staves:
    x = np.linspace(staff[0, 0, 0], staff[0, -1, 0], structures.POINTS)
    staves.append(np.stack([np.stack([x, np.interp(x, *line.T)], 1) for line in staff]))
  return found._replace(staves=staves)
