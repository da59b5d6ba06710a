"""Alters a picture of a page: rotated, on a desk, beside text, in poor light, on a screen.

Pages and pictures are uint8 [height, width, 3] of any size from 64 pixels a side.
"""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scipy import ndimage

from omr_jax.synthetic import printing

_WOODS = ((122, 82, 50), (168, 128, 88), (84, 62, 50), (142, 140, 138))  # Colours of desks.


def inverted(page: np.ndarray) -> np.ndarray:
  """Swaps light and dark: light ink on dark paper."""
  return 255 - page


def turned(page: np.ndarray, degrees: int) -> np.ndarray:
  """Rotates anticlockwise by a multiple of 90 degrees, which may swap height and width."""
  return np.ascontiguousarray(np.rot90(page, degrees // 90))


def on_desk(rng: np.random.Generator, page: np.ndarray, share: float) -> np.ndarray:
  """Lays the page, with its shadow, on a wooden desk; it takes `share` of the height and width."""
  height, width = page.shape[:2]
  small = Image.fromarray(page).resize(
    (max(1, round(width * share)), max(1, round(height * share))), Image.Resampling.BOX
  )
  angle = rng.uniform(-12, 12)
  sheet = small.convert('RGBA').rotate(angle, Image.Resampling.BICUBIC, expand=True)
  room = np.maximum(np.array((width, height)) - sheet.size, 0)
  corner = tuple(np.rint(room * rng.uniform(0.15, 0.85, 2)).astype(int).tolist())
  mask = Image.new('L', (width, height))
  mask.paste(sheet.getchannel('A'), corner)
  reach = width / 100
  shadow = ImageChops.offset(mask.filter(ImageFilter.GaussianBlur(reach)), round(reach))
  shade = np.asarray(shadow, np.float32)[:, :, None] / 255
  desk = _wood(rng, height, width) * (1 - 0.55 * shade)
  picture = Image.fromarray(np.clip(desk, 0, 255).astype(np.uint8))
  picture.paste(sheet, corner, sheet)
  light = 1 - 0.25 * _slope(rng, height, width)
  return _photo(rng, np.asarray(picture) * light[:, :, None], 2)


def half_text(rng: np.random.Generator, page: np.ndarray, beside: bool) -> np.ndarray:
  """Replaces the lower half of the page, or with `beside` its right half, with text.

  The text stands on the page's own paper (its most frequent colour), so that nothing else differs.
  """
  height, width = page.shape[:2]
  paper = _paper(page)
  ink = _ink(paper)
  image = Image.fromarray(page)
  pen = ImageDraw.Draw(image)
  left, top = (width // 2, 0) if beside else (0, height // 2)
  pen.rectangle([left, top, width, height], fill=paper)
  box = (left + width * 0.07, max(top, height * 0.05) + height * 0.02, width * 0.93, height * 0.95)
  printing.text_columns(pen, rng, box, 1, height / 70, ink)
  return np.array(image)


def poor_light(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
  """A photo by lamplight: dark, yellowish, uneven, with a soft shadow, noisy, slightly blurred."""
  height, width = page.shape[:2]
  light = 0.55 - 0.35 * _slope(rng, height, width)
  y, x = np.mgrid[:height, :width]
  angle = rng.uniform(0, 2 * np.pi)
  across = (x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)
  light = light * (1 - 0.45 / (1 + np.exp(-(across - rng.uniform(-0.2, 0.2)) * 40)))
  dim = page * light[:, :, None] * np.array((1.0, 0.86, 0.62))
  return _photo(rng, ndimage.gaussian_filter(dim, (0.8, 0.8, 0)), 5)


def on_screen(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
  """A photo of a screen that shows the page: dark frame, slant, blue tint, moire, a reflection."""
  height, width = page.shape[:2]
  screen = Image.new('RGB', (width, height), (22, 22, 24))
  pen = ImageDraw.Draw(screen)
  edge = round(0.06 * width)
  inner = (width - 2 * edge, height - 2 * edge)
  bar = round(0.04 * height)
  pen.rectangle([edge, edge, width - edge, edge + bar], fill=(90, 96, 104))
  shown = Image.fromarray(page).resize((inner[0], inner[1] - bar), Image.Resampling.BOX)
  screen.paste(shown, (edge, edge + bar))
  glow = np.asarray(screen) * np.array((0.82, 0.92, 1.0)) + 8
  y, x = np.mgrid[:height, :width]
  waves = np.zeros((height, width))
  for period in (rng.uniform(5, 9), rng.uniform(15, 40)):
    angle = rng.uniform(-0.5, 0.5)
    bend = 6 * np.sin(2 * np.pi * y / height + rng.uniform(0, 6))
    waves += np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle) + bend) / period)
  tint = np.stack([waves, np.roll(waves, 3, 1), np.roll(waves, 6, 1)], 2)
  glow = glow * (0.92 + 0.045 * tint)
  centre = rng.uniform(0.25, 0.75, 2) * (height, width)
  spot = np.exp(-(((y - centre[0]) / height) ** 2 + ((x - centre[1]) / width) ** 2) / 0.02)
  picture = Image.fromarray(np.clip(glow + 45 * spot[:, :, None], 0, 255).astype(np.uint8))
  return _photo(rng, np.asarray(_slanted(rng, picture)), 3)


def _paper(page: np.ndarray) -> tuple[int, int, int]:
  """The most frequent colour: the median of the pixels in the fullest bin of 8 levels a side."""
  pixels = page[::4, ::4].reshape(-1, 3)
  bins = (pixels // 8).astype(int) @ (1024, 32, 1)
  return tuple(np.median(pixels[bins == np.bincount(bins).argmax()], 0).astype(int).tolist())


def _ink(paper: tuple[int, int, int]) -> tuple[int, int, int]:
  """Black on light paper, white on dark paper."""
  return (20, 20, 20) if sum(paper) > 3 * 127 else (235, 235, 235)


def _wood(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A desk of boards with their grain along x: float64 [height, width, 3]."""
  colour = np.array(_WOODS[rng.integers(len(_WOODS))], float)
  wood = 16 * _smooth_noise(rng, height, width, 2, width / 12)
  wood += 11 * _smooth_noise(rng, height, width, height / 50, width / 3)
  boards = max(2, round(height * rng.uniform(0.1, 0.3)))
  board = np.arange(height) // boards
  wood += rng.normal(0, 9, board[-1] + 1)[board][:, None]
  wood[(np.arange(height) % boards) < 2] -= 35
  return colour + wood[:, :, None] * np.array((1.0, 0.9, 0.75))


def _smooth_noise(
  rng: np.random.Generator, height: int, width: int, tall: float, wide: float
) -> np.ndarray:
  """Smooth noise with grains of `tall` by `wide` pixels: float32 [height, width]."""
  coarse = rng.normal(size=(max(2, round(height / tall)), max(2, round(width / wide))))
  fine = Image.fromarray(coarse.astype(np.float32))
  return np.asarray(fine.resize((width, height), Image.Resampling.BICUBIC))


def _slope(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
  """A ramp from 0 to 1 across the picture in a random direction: [height, width]."""
  angle = rng.uniform(0, 2 * np.pi)
  y, x = np.mgrid[:height, :width]
  slope = x / width * np.cos(angle) + y / height * np.sin(angle)
  return (slope - slope.min()) / np.ptp(slope)


def _slanted(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
  """The picture seen at a slight angle, on black."""
  width, height = picture.size
  corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
  seen = corners + (0.5 - corners / (width, height)) * (width, height) * rng.uniform(
    0.0, 0.16, (4, 2)
  )
  # x = (a u + b v + c) / (g u + h v + 1), and y likewise: two equations for each corner.
  rows, values = [], []
  for (u, v), (x, y) in zip(seen.tolist(), corners.tolist(), strict=True):
    rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
    values += [x, y]
  warp = np.linalg.solve(np.array(rows), np.array(values))
  return picture.transform(
    (width, height), Image.Transform.PERSPECTIVE, warp.tolist(), Image.Resampling.BICUBIC
  )


def _photo(rng: np.random.Generator, picture: np.ndarray, noise: float) -> np.ndarray:
  """Adds a camera's noise and rounds to uint8."""
  noisy = picture + rng.normal(0, noise, picture.shape)
  return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
