"""Changes the look of a drawn or cut picture: colours, light on dark, a photo, sharper edges.

Pictures are uint8 [height, width, 3] of any size.
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

_SHORTER = 192  # Pixels of the shorter side of an enlarged picture,
_LONGEST = 2**15  # unless its longer side would have more than these.

_DARK_GROUNDS = ((0, 0, 0), (24, 26, 32), (18, 32, 60), (20, 52, 38), (60, 22, 30), (70, 70, 74))
_LIGHT_INKS = ((255, 255, 255), (235, 235, 235), (250, 240, 200), (190, 215, 255), (255, 190, 90))
_LIGHT_GROUNDS = ((255, 255, 255), (250, 244, 226), (226, 236, 250), (236, 236, 236))
_DARK_INKS = ((0, 0, 0), (40, 40, 40), (20, 40, 120), (120, 25, 25), (90, 60, 30), (20, 80, 50))


def recoloured(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
  """Dark ink on a light ground of another colour."""
  ground, ink = _any(rng, _LIGHT_GROUNDS), _any(rng, _DARK_INKS)
  return _mixed(picture, ink, ground)


def inverse(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
  """Light ink on a dark ground, half of the time in pure white on black."""
  if rng.random() < 0.5:
    return 255 - picture
  return _mixed(picture, _any(rng, _LIGHT_INKS), _any(rng, _DARK_GROUNDS))


def rotated(picture: np.ndarray, degrees: float) -> np.ndarray:
  """Rotates anticlockwise; the picture grows, and its new corners get the ground's colour."""
  # The paper's colour is the median along the edges.
  edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
  ground = tuple(np.median(edges, axis=0).astype(np.uint8).tolist())
  image = Image.fromarray(picture)
  turned = image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=ground)
  return np.asarray(turned)


def photographed(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
  """Uneven light of some colour, blur, noise; the paper is no longer white."""
  height, width = picture.shape[:2]
  nodes = Image.fromarray(rng.uniform(0.55, 1, (3, 3)).astype(np.float32))
  light = np.asarray(nodes.resize((width, height), Image.Resampling.BICUBIC)) * rng.uniform(0.6, 1)
  colour = np.array((1.0, rng.uniform(0.88, 1), rng.uniform(0.7, 1)))
  # Paper does not reflect all light, and ink reflects some.
  seen = 30 + picture * np.float32(0.85)
  seen = seen * light[:, :, None] * colour
  blur = rng.uniform(0, 1.1) * max(1, min(height, width) / 300)
  seen = ndimage.gaussian_filter(seen, (blur, blur, 0))
  seen += rng.normal(0, rng.uniform(1, 6), (height, width, 1))
  return np.clip(seen, 0, 255).astype(np.uint8)


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
  """The picture after JPEG compression of this quality; grey ones [height, width] too."""
  file = io.BytesIO()
  Image.fromarray(picture).save(file, 'JPEG', quality=quality)
  return np.array(Image.open(file))


def sharpened(picture: np.ndarray) -> np.ndarray:
  """Enlarges a small picture with sharp edges, as if a few bars were cut out of a large scan."""
  height, width = picture.shape[:2]
  factor = min(_SHORTER / min(height, width), _LONGEST / max(height, width))
  if factor <= 1:
    return picture
  size = round(width * factor), round(height * factor)
  large = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS), np.float32)
  low, high = np.percentile(large, (2, 98))
  middle = (low + high) / 2
  steep = np.clip((large - middle) * 3 + middle, low, high)
  return np.clip(steep, 0, 255).astype(np.uint8)


def _any(rng: np.random.Generator, colours) -> np.ndarray:
  return np.array(colours[rng.integers(len(colours))], np.float32)


def _mixed(picture: np.ndarray, ink: np.ndarray, ground: np.ndarray) -> np.ndarray:
  """Brightness 0 becomes `ink`, 255 becomes `ground`."""
  share = picture.mean(axis=2, keepdims=True, dtype=np.float32) / 255
  return np.rint(ink + share * (ground - ink)).astype(np.uint8)
