"""Pictures of scores and others as arrays: real ones, cuts of these, and drawn ones."""

import io
import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image
from tqdm import tqdm

from omr_jax.data import cache
from omr_jax.inputs import pictures, views
from omr_jax.synthetic import cuts, kinds, probes, scenes

# Smallest side to which a JPEG may be reduced before cuts are made: a few bars stay sharp.
_LEAST_OF_CUTS = 1600


@dataclass(frozen=True)
class PictureConfig:
  """How pictures become arrays, as the section `config.picture` says.

  Attributes:
    height: In pixels.
    width: In pixels.
    tiles: Number of parts along each side; the network sees tiles^2 parts besides the whole picture
      (`inputs.views`).
    whole: Probability with which training shows the whole picture instead of a part.
    cuts: Number of pictures that are cut out of every real picture, by `synthetic.cuts`.
    papers: Number of pages of each kind without music that code draws to train with, by
      `probes.papers`.
    scenes: Number of pictures like photos that code draws to train with, by `scenes.scenes`.
    drawn: Number of pictures of each of `synthetic.kinds` that code draws to train with.
  """

  height: int
  width: int
  tiles: int
  whole: float
  cuts: int
  papers: int
  scenes: int
  drawn: int

  @property
  def size(self) -> tuple[int, int, int]:
    """What `inputs.views` takes."""
    return self.height, self.width, self.tiles


def whole(source: Sequence, split: str, picture: PictureConfig, new: cache.New) -> dict:
  """The pictures of a split, by `views.load`.

  Args:
    source: The examples of the split.
    split: Its name.
    picture: How pictures become arrays.
    new: Allocates an array.

  Returns:
    The arrays that `data.load` lists, and `proportion`, float32 [pictures], width over height.
  """
  seen = new(split, 'views', (len(source), *_shape(picture)), np.uint8)

  def one(index: int) -> tuple[dict, float]:
    example = source[index]
    content, name = example.pop('image'), example['id'].decode()

    def finish(image: Image.Image) -> float:
      seen[index] = views.of_image(image, *picture.size)
      return image.width / image.height

    opened = pictures.opened(io.BytesIO(content), name)
    return example, pictures.decode(opened, name, views.least(*picture.size), finish)

  found = list(_threaded(one, range(len(source)), f'decoding {split}'))
  arrays = {
    name: np.array([example[name].decode() for example, _ in found])
    for name in ('id', 'source', 'group')
  }
  arrays['label'] = np.array([example['label'] for example, _ in found], np.int32)
  arrays['proportion'] = np.array([proportion for _, proportion in found], np.float32)
  return arrays | {'views': seen}


def cut(source: Sequence, split: str, picture: PictureConfig, new: cache.New) -> dict:
  """The cuts of the pictures of a split, those of one picture after those of another.

  Returns:
    The same arrays as `whole`, and `kind`, str [cuts]. The source of a cut has a name of its own,
    so that as many cuts are drawn in training as whole pictures.
  """
  seen = new(split, 'views', (len(source) * picture.cuts, *_shape(picture)), np.uint8)

  def one(index: int) -> list[dict]:
    example = source[index]
    content, name = example['image'], example['id'].decode()
    label, group = int(example['label']), example['group'].decode()

    def finish(image: Image.Image) -> list[dict]:
      found = []
      music = pictures.CLASSES[label] == 'scores'
      for number, (kind, pixels) in enumerate(cuts.cuts(image, name, music, picture.cuts)):
        seen[index * picture.cuts + number] = views.views(pixels, *picture.size)
        found.append({
          'id': f'{name} ({kind} {number + 1})',
          'source': f'{example["source"].decode()} (cut)',
          'group': group,
          'label': np.int32(label),
          'kind': kind,
          'proportion': np.float32(pixels.shape[1] / pixels.shape[0]),
        })  # fmt: skip
      return found

    opened = pictures.opened(io.BytesIO(content), name)
    return pictures.decode(opened, name, _LEAST_OF_CUTS, finish)

  rows = [row for rows in _threaded(one, range(len(source)), f'cutting {split}') for row in rows]
  return {name: np.array([row[name] for row in rows]) for name in rows[0]} | {'views': seen}


def drawn(picture: PictureConfig) -> cache.Arrays:
  """All that code draws to train with: papers, scenes and kinds.

  Each kind is a source of its own. Together they would be drawn too rarely to be learned.
  """
  others = itertools.chain(
    (('drawn papers', 'other', *page) for page in probes.papers(picture.papers)),
    (('drawn scenes', 'other', *scene) for scene in scenes.scenes(picture.scenes)),
  )
  rows = [
    (source, label, name, views.views(pixels, *picture.size))
    for source, label, name, pixels in _progress(others, 'drawing others', None)
  ]

  def one(chosen: tuple[int, kinds.Kind]) -> tuple:
    number, kind = chosen
    seen = views.views(kinds.drawn(kind, number), *picture.size)
    return f'drawn {kind.name}', kind.label, f'{kind.name} {number + 1}', seen

  wanted = list(itertools.product(range(picture.drawn), kinds.KINDS))
  rows += _threaded(one, wanted, 'drawing kinds')
  source, label, name, seen = zip(*rows, strict=True)
  names = np.array([f'drawn/{each}' for each in name])
  labels = np.array([pictures.CLASSES.index(each) for each in label], np.int32)
  arrays = {'id': names, 'source': np.array(source), 'group': names, 'label': labels}
  return {'train': arrays | {'views': np.stack(seen)}}


def _shape(picture: PictureConfig) -> tuple[int, ...]:
  """The shape of one picture's views."""
  return views.count(picture.tiles), picture.height, picture.width, 3


def _threaded(one: Callable, items: Sequence, words: str) -> Iterable:
  """The results of `one` for all items, in their order, while a bar shows the progress."""
  with ThreadPoolExecutor(os.cpu_count()) as threads:
    yield from _progress(threads.map(one, items), words, len(items))


def _progress(items: Iterable, words: str, total: int | None) -> Iterable:
  return tqdm(items, desc=words, total=total, unit='picture', delay=1, leave=False, disable=None)
