"""Pictures of scores and others as arrays: real pictures, cuts of these, and drawn pictures."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.data import cache
from omr_jax.inputs import documents, pictures, views
from omr_jax.synthetic import cuts, kinds, probes, scenes
from omr_jax.tasks.scores import sources
from omr_jax.utils import machine, progress

# Smallest side to which a JPEG may be reduced before cuts are made: a few bars stay sharp.
_LEAST_OF_CUTS = 1600


class PictureConfig(NamedTuple):
  """How pictures become arrays: keys of the section `picture` of a config.

  Attributes:
    height: In pixels.
    width: In pixels.
    tiles: Number of parts along each side; the network sees tiles^2 parts besides the whole picture
      (`inputs.views`).
    cuts: Number of pictures that are cut out of every real picture, by `synthetic.cuts`.
    papers: Number of pages of each kind without music that code draws to train with, by
      `probes.papers`.
    scenes: Number of pictures like photos that code draws to train with, by `scenes.scenes`.
    drawn: Number of pictures of each of `synthetic.kinds` that code draws to train with.
  """

  height: int
  width: int
  tiles: int
  cuts: int
  papers: int
  scenes: int
  drawn: int

  @property
  def size(self) -> tuple[int, int, int]:
    """What `inputs.views` takes."""
    return self.height, self.width, self.tiles


def whole(source: Sequence, split: str, picture: PictureConfig, new: cache.New) -> dict:
  """The real pictures of a split, decoded and cut into views.

  Args:
    source: The examples of the split.
    split: Its name.
    picture: How pictures become arrays.
    new: Allocates an array on the disk (`cache.cached`).

  Returns:
    The arrays that `data.load` lists, and `proportion`, float32 [pictures], width over height.
  """
  seen = new(split, 'views', (len(source), *_shape(picture)), np.uint8)

  def one(index: int) -> tuple[dict, float]:
    example = source[index]
    content, name = example.pop('image'), example['id'].decode()
    least, finish = views.least(*picture.size), partial(_viewed, size=picture.size)
    seen[index], proportion = documents.picture(content, name, least, finish)
    return example, proportion

  found = list(_threaded(one, range(len(source)), f'decoding {split}'))
  arrays = {
    name: np.array([example[name].decode() for example, _ in found])
    for name in ('id', 'source', 'group')
  }
  arrays['label'] = np.array([example['label'] for example, _ in found], np.int32)
  arrays['proportion'] = np.array([proportion for _, proportion in found], np.float32)
  return arrays | {'views': seen}


def cut(source: Sequence, split: str, picture: PictureConfig, new: cache.New) -> dict:
  """The cuts of the pictures of a split, picture by picture.

  Returns:
    The same arrays as `whole`, and `kind`, str [cuts]. The cuts of a source are a source of their
    own, so that an epoch takes as many cuts as whole pictures.
  """
  seen = new(split, 'views', (len(source) * picture.cuts, *_shape(picture)), np.uint8)

  def one(index: int) -> list[dict]:
    example = source[index]
    content, name = example['image'], example['id'].decode()
    label, group = int(example['label']), example['group'].decode()
    music = pictures.CLASSES[label] == 'scores'
    finish = partial(_cuts, name=name, music=music, count=picture.cuts, size=picture.size)
    found = []
    for number, (kind, cut_views, proportion) in enumerate(
      documents.picture(content, name, _LEAST_OF_CUTS, finish)
    ):
      seen[index * picture.cuts + number] = cut_views
      found.append({
        'id': f'{name} ({kind} {number + 1})',
        'source': example['source'].decode() + sources.CUT,
        'group': group,
        'label': np.int32(label),
        'kind': kind,
        'proportion': np.float32(proportion),
      })  # fmt: skip
    return found

  rows = [row for rows in _threaded(one, range(len(source)), f'cutting {split}') for row in rows]
  return {name: np.array([row[name] for row in rows]) for name in rows[0]} | {'views': seen}


def drawn(picture: PictureConfig) -> cache.Arrays:
  """All that code draws to train with: papers, scenes and kinds.

  Each kind is a source of its own. If all were one source, an epoch would take too few examples of
  each kind for the network to learn it.
  """
  others = itertools.chain(
    ((sources.PAPERS, 'other', *page) for page in probes.papers(picture.papers)),
    ((sources.SCENES, 'other', *scene) for scene in scenes.scenes(picture.scenes)),
  )
  rows = [
    (source, label, name, views.views(pixels, *picture.size))
    for source, label, name, pixels in progress.shown(others, 'drawing others', 'picture')
  ]

  def one(chosen: tuple[int, kinds.Kind]) -> tuple:
    number, kind = chosen
    seen = views.views(kinds.drawn(kind, number), *picture.size)
    return sources.DRAWN + kind.name, kind.label, f'{kind.name} {number + 1}', seen

  wanted = list(itertools.product(range(picture.drawn), kinds.KINDS))
  rows += _threaded(one, wanted, 'drawing kinds')
  source, label, name, seen = zip(*rows, strict=True)
  names = np.array([f'drawn/{each}' for each in name])
  labels = np.array([pictures.CLASSES.index(each) for each in label], np.int32)
  arrays = {'id': names, 'source': np.array(source), 'group': names, 'label': labels}
  return {'train': arrays | {'views': np.stack(seen)}}


# The following two are functions of the module, so that a child process can import them.


def _viewed(image: Image.Image, size: tuple[int, int, int]) -> tuple[np.ndarray, float]:
  """The views of a picture, and its proportion."""
  return views.of_image(image, *size), image.width / image.height


def _cuts(
  image: Image.Image, name: str, music: bool, count: int, size: tuple[int, int, int]
) -> list[tuple[str, np.ndarray, float]]:
  """For each cut of a picture its kind, its views and its proportion."""
  return [
    (kind, views.views(pixels, *size), pixels.shape[1] / pixels.shape[0])
    for kind, pixels in cuts.cuts(image, name, music, count)
  ]


def _shape(picture: PictureConfig) -> tuple[int, ...]:
  """The shape of one picture's views."""
  return views.count(picture.tiles), picture.height, picture.width, 3


def _threaded(one: Callable, items: Sequence, words: str) -> Iterable:
  """The results of `one` for all items, in their order, while a bar shows the progress."""
  with ThreadPoolExecutor(machine.cores()) as threads:
    yield from progress.shown(threads.map(one, items), words, 'picture', len(items))
