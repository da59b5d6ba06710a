"""Cuts further pictures out of a real one: strips, a few bars, scrolls; turned, or light on dark.

People show a network not only whole pages. The pictures of both classes are cut into such shapes
that the shape says little about the class; only strips of music may be as wide as a staff. A strip
or a few bars of a page of music must show music, so they are cut around staves, which `flat_staves`
finds. If it finds none, as in many photos, halves of the page take their place, which still show
some.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax.inputs import bit_depth
from omr_jax.synthetic import flat_staves, looks
from omr_jax.synthetic.flat_staves import Staff

# The share of each kind among the cuts.
_CHANCES = {
  'strip': 0.3,
  'bar': 0.22,
  'bar, photographed': 0.16,
  'turned': 0.17,
  'scroll': 0.06,
  'inverse': 0.09,
}
KINDS = tuple(_CHANCES)
_LARGEST = 1600  # Staves are looked for in a picture of at most this height and width.
_TRIES = 8  # The most places that are tried for a cut that is not blank, in pictures without music.

Box = tuple[float, float, float, float]  # Left, top, right, bottom.


class Cut(NamedTuple):
  """A picture that was cut out of another one.

  Attributes:
    kind: One of KINDS.
    picture: uint8 [height, width, 3].
  """

  kind: str
  picture: np.ndarray


def cuts(page: Image.Image, name: str, music: bool, count: int) -> Iterator[Cut]:
  """Makes pictures of random kinds, which depend on the arguments only.

  Args:
    page: An image of Pillow in mode L or RGB.
    name: The name of the page; other names give other cuts.
    music: Whether the page shows music.
    count: The number of cuts.
  """
  digest = hashlib.sha256(f'cuts {name}'.encode()).digest()
  rng = np.random.default_rng(int.from_bytes(digest[:8]))
  found = _staves(page) if music and count else []
  for _ in range(count):
    kind = str(rng.choice(KINDS, p=list(_CHANCES.values())))
    picture = _of_kind(rng, kind, page, found, music)
    yield Cut(kind, np.ascontiguousarray(picture))


def _of_kind(rng, kind: str, page: Image.Image, found: list[Staff], music: bool) -> np.ndarray:
  if kind == 'strip':
    return _shown(rng, _crop(page, _strip(rng, page, found, music)))
  if kind == 'bar':
    return _shown(rng, _crop(page, _bar(rng, page, found, music)))
  if kind == 'bar, photographed':
    return _held_askew(rng, page, _bar(rng, page, found, music))
  if kind == 'scroll':
    return _scroll(rng, page, narrow=bool(found) or not music)
  part = rng.choice(['page', 'strip', 'bar'], p=[0.5, 0.3, 0.2])
  box: Box = (0, 0, *page.size)
  if part != 'page':
    box = (_strip if part == 'strip' else _bar)(rng, page, found, music)
  picture = _crop(page, box)
  if kind == 'inverse':
    return looks.inverse(rng, _shown(rng, picture))
  return np.rot90(picture, rng.choice([1, 2, 3], p=[0.4, 0.2, 0.4]))


def _staves(page: Image.Image) -> list[Staff]:
  """The staves of a page, in pixels of the page itself, however large it is."""
  factor = max(1, -(-max(page.size) // _LARGEST))
  small = page.convert('L').reduce(factor)
  return [
    Staff(*(value * factor for value in staff)) for staff in flat_staves.find(np.asarray(small))
  ]


def _strip(rng, page: Image.Image, found: list[Staff], music: bool) -> Box:
  """A wide box around one to three staves, or anything else that is not blank."""
  proportion = np.exp(rng.uniform(np.log(2.5), np.log(12)))
  if not music:
    width = page.width * (1 if rng.random() < 0.4 else rng.uniform(0.3, 1))
    return _not_blank(rng, page, width, max(20, width / proportion))
  if not found:
    return _half(rng, page)
  count = min(int(rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1])), len(found))
  first = int(rng.integers(len(found) - count + 1))
  chosen = found[first : first + count]
  top, bottom = _rows(rng, chosen)
  left, right = min(s.left for s in chosen), max(s.right for s in chosen)
  margin = rng.uniform(-1, 6, 2) * chosen[0].space
  left, right = left - margin[0], right + margin[1]
  if rng.random() < 0.5:
    width = min(right - left, proportion * (bottom - top))
    left += rng.random() * (right - left - width)
    right = left + width
  return left, top, right, bottom


def _bar(rng, page: Image.Image, found: list[Staff], music: bool) -> Box:
  """A box around a bar or two of one or two staves, or as small a part of anything else."""
  if not music:
    height = page.height * np.exp(rng.uniform(np.log(0.025), np.log(0.2)))
    return _not_blank(rng, page, height * np.exp(rng.uniform(-0.7, 1.4)), max(24, height))
  if not found:
    return _half(rng, page)
  first = int(rng.integers(len(found)))
  chosen = found[first : first + (2 if rng.random() < 0.2 else 1)]
  top, bottom = _rows(rng, chosen)
  staff = chosen[0]
  width = min(rng.uniform(1.5, 6) * 4 * staff.space, staff.right - staff.left)
  left = staff.left - rng.uniform(0, 3) * staff.space
  if rng.random() < 0.7:  # Not at the beginning, with the clef.
    left = staff.left + rng.random() * (staff.right - staff.left - width)
  return left, top, left + width, bottom


def _rows(rng, chosen: list[Staff]) -> tuple[float, float]:
  """The first and last row of a cut, with tight to wide margins."""
  space = chosen[0].space
  margins = np.exp(rng.uniform(np.log(0.7), np.log(7), 2)) * space
  return min(s.top for s in chosen) - margins[0], max(s.bottom for s in chosen) + margins[1]


def _half(rng, page: Image.Image) -> Box:
  """One half of a page, which still shows music: the upper, lower, left or right one."""
  width, height = page.size
  if rng.random() < 0.5:
    top = rng.choice([0, height / 2])
    return 0, top, width, top + height / 2
  left = rng.choice([0, width / 2])
  return left, 0, left + width / 2, height


def _not_blank(rng, page: Image.Image, width: float, height: float) -> Box:
  """A box of this size at a random place that is not blank, if one is found in a few tries."""
  width, height = min(width, page.width), min(height, page.height)
  for _ in range(_TRIES):
    left, top = rng.uniform(0, page.width - width), rng.uniform(0, page.height - height)
    box = left, top, left + width, top + height
    if _crop(page, box).std() > 20:
      break
  return box


def _crop(page: Image.Image, box: Box) -> np.ndarray:
  """The part of a page in a box, as far as it lies on the page: uint8 [height, width, 3]."""
  left, top = (int(max(0, np.floor(value))) for value in box[:2])
  right, bottom = (int(np.ceil(min(end, of))) for end, of in zip(box[2:], page.size, strict=True))
  return bit_depth.as_rgb(page.crop((left, top, max(right, left + 4), max(bottom, top + 4))))


def _shown(rng, picture: np.ndarray) -> np.ndarray:
  """Sharpens half of the small pictures, so that they look as if cut out of a large scan."""
  return looks.sharpened(picture) if rng.random() < 0.5 else picture


def _held_askew(rng, page: Image.Image, box: Box) -> np.ndarray:
  """A part of a page as a photo shows it: at any angle, and with its surroundings on the page."""
  left, top, right, bottom = box
  x, y, radius = (left + right) / 2, (top + bottom) / 2, np.hypot(right - left, bottom - top) / 2
  around = _crop(page, (x - radius, y - radius, x + radius, y + radius))
  factor = 420 / max(around.shape[:2])
  size = [max(8, round(side * factor)) for side in around.shape[1::-1]]
  around = np.asarray(Image.fromarray(around).resize(size, Image.Resampling.BICUBIC))
  turned = looks.rotated(around, rng.uniform(-180, 180))
  # The frame keeps most of the part, whatever the angle, and nothing of the filled corners.
  share = rng.uniform(0.6, 0.85, 2) * max(size) / np.array(turned.shape[:2])
  high, wide = (max(8, int(min(1, s) * side)) for s, side in zip(share, turned.shape, strict=False))
  down, across = (turned.shape[0] - high) // 2, (turned.shape[1] - wide) // 2
  return looks.photographed(rng, turned[down : down + high, across : across + wide])


def _scroll(rng, page: Image.Image, narrow: bool) -> np.ndarray:
  """A page, or with `narrow` at times its left part, repeated downwards: 2.5 to 6 times as high."""
  picture = np.asarray(bit_depth.as_rgb(page))
  proportion = np.exp(rng.uniform(np.log(2.5), np.log(6)))
  if narrow and rng.random() < 0.4:
    wide = int(page.height / min(proportion, 4))
    picture = picture[:, : max(8, min(wide, page.width))]
  if picture.shape[1] > 900:
    size = 900, round(900 * picture.shape[0] / picture.shape[1])
    picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
  rows = int(proportion * picture.shape[1])
  return np.concatenate([picture] * -(-rows // len(picture)))[:rows]
