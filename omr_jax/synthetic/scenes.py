"""Draws pictures with the statistics of photos, as training examples without music.

A network that has seen few photos in training takes some photos for music. Overlapping shapes, of
which small ones are more frequent than large ones, have statistics like those of photos (the dead
leaves model of Lee, Mumford and Huang, 2001). So has noise whose amplitude falls with its frequency
(Field, 1987). Networks learn useful features from either (Baradad et al., 2021). None of these
pictures shows music, so all of them are labelled 'other', and no real photos are needed.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_SCENES = 2**33  # First number of the seeds.
_SHAPES = ((480, 640), (640, 480), (560, 560))  # Height and width of scenes.
_LARGEST = 0.6  # Largest half length of a shape, as a share of the picture's shorter side.

Colour = Callable[[], np.ndarray]  # Draws a colour, float64 [3] in 0..255.


def scenes(count: int) -> Iterator[tuple[str, np.ndarray]]:
  """Draws scenes; each depends on its number only and takes about 0.1 s.

  Yields:
    A name and a picture, uint8 [height, width, 3].
  """
  for number in range(count):
    rng = np.random.default_rng((_SCENES, number))
    yield f'scene {number + 1}', scene(rng, *_SHAPES[number % len(_SHAPES)])


def scene(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A background with 1 to 150 shapes, the largest at the bottom: uint8 [height, width, 3]."""
  colour = _colours(rng)
  picture = _surface(rng, height, width, colour)
  count = int(np.exp(rng.uniform(0, np.log(150))))
  smallest = np.exp(rng.uniform(np.log(0.01), np.log(0.15)))
  # 1 / length^2 is uniform, so that the shapes in each octave of size cover the same area in total.
  lengths = rng.uniform(1 / _LARGEST**2, 1 / smallest**2, count) ** -0.5 * min(height, width)
  for length in np.sort(lengths)[::-1]:
    _lay(rng, picture, length, colour)
  picture += rng.uniform(0, 12) * _cloud(rng, height, width, 1)[:, :, None]
  if rng.random() < 0.7:
    picture = _exposed(rng, picture)
  image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
  if rng.random() < 0.3:
    image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 2.5))))
  return np.asarray(image)


def _colours(rng: np.random.Generator) -> Colour:
  """Draws colours for one scene, which vary more or less about a random colour."""
  middle, spread = rng.uniform(20, 235, 3), rng.uniform(10, 70)
  return lambda: np.clip(middle + rng.normal(0, spread, 3) + rng.normal(0, spread), 0, 255)


def _surface(rng: np.random.Generator, height: int, width: int, colour: Colour) -> np.ndarray:
  """A plain, shaded, cloudy or striped surface: float64 [height, width, 3]."""
  kind = rng.choice(['plain', 'cloud', 'stripes', 'shade'], p=[0.3, 0.35, 0.15, 0.2])
  surface = np.empty((height, width, 3))
  surface[:] = colour()
  if kind == 'cloud':
    strength = rng.uniform(5, 45) * rng.uniform(0.6, 1, 3)
    surface += _cloud(rng, height, width, rng.uniform(0.6, 2))[:, :, None] * strength
  elif kind == 'stripes':
    surface += _stripes(rng, height, width)[:, :, None] * rng.uniform(10, 70)
  if kind != 'plain' or rng.random() < 0.5:
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    surface += (x * np.cos(angle) + y * np.sin(angle))[:, :, None] * rng.uniform(0, 60)
  return surface


def _cloud(rng: np.random.Generator, height: int, width: int, slope: float) -> np.ndarray:
  """Noise with the amplitude 1 / frequency^slope, mean 0, standard deviation 1: [height, width]."""
  down = np.fft.fftfreq(height, 1 / height)[:, None]
  frequency = np.hypot(down, np.fft.rfftfreq(width, 1 / width))
  frequency[0, 0] = np.inf  # Makes the mean 0.
  waves = (rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)) / (
    frequency**slope
  )
  noise = np.fft.irfft2(waves, (height, width))
  return noise / max(noise.std(), 1e-9)


def _stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """Stripes with values from -1 to 1, straight in half of all cases: [height, width]."""
  angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4), np.log(60)))
  y, x = np.mgrid[:height, :width]
  phase = (x * np.cos(angle) + y * np.sin(angle)) / period
  if rng.random() < 0.5:
    phase += rng.uniform(0, 1.5) * _cloud(rng, height, width, 2)
  return np.clip(np.sin(2 * np.pi * phase) * rng.uniform(1, 6), -1, 1)


def _lay(rng: np.random.Generator, picture: np.ndarray, length: float, colour: Colour) -> None:
  """Draws a shape of this half length in pixels, whose edge may be out of focus."""
  height, width = picture.shape[:2]
  centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
  left, top = np.maximum(centre - 1.6 * length, 0).astype(int)
  right, bottom = np.minimum(centre + 1.6 * length + 2, (width, height)).astype(int)
  if min(right - left, bottom - top) < 2:
    return
  mask = Image.new('L', (int(right - left), int(bottom - top)))
  outline = _outline(rng) * length + centre - (left, top)
  ImageDraw.Draw(mask).polygon([tuple(corner) for corner in outline.tolist()], fill=255)
  if rng.random() < 0.3:
    mask = mask.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 0.1) * length)))
  share = np.asarray(mask)[:, :, None] / 255
  below = picture[top:bottom, left:right]
  below += share * (_surface(rng, bottom - top, right - left, colour) - below)


def _outline(rng: np.random.Generator) -> np.ndarray:
  """Corners of an oval, a box, a bar or a polygon, at most 1.6 from its middle: [corners, 2]."""
  kind = rng.choice(['oval', 'box', 'bar', 'polygon'])
  angle = rng.uniform(0, 2 * np.pi)
  if kind == 'oval':
    around = np.linspace(0, 2 * np.pi, 40)
    corners = np.stack([np.cos(around), np.sin(around) * rng.uniform(0.3, 1)], 1)
  elif kind == 'polygon':
    around = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
    reach = rng.uniform(0.4, 1, (len(around), 1))
    corners = np.stack([np.cos(around), np.sin(around)], 1) * reach
  else:
    high = rng.uniform(0.3, 1) if kind == 'box' else rng.uniform(0.02, 0.15)
    corners = np.array([[-1, -high], [1, -high], [1, high], [-1, high]])
    if kind == 'bar':
      corners *= 1.5
    elif rng.random() < 0.5:
      angle = 0.0
  turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
  return corners @ turn


def _exposed(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
  """Scales the values to a random range from dark to light."""
  darkest, lightest = np.percentile(picture, [0.5, 99.5])
  dark, light = rng.uniform(0, 60), rng.uniform(180, 255)
  return (picture - darkest) / max(lightest - darkest, 30) * (light - dark) + dark
