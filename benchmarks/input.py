"""From raw files to a batch that is ready to train on, step by step, in images/s.

  pip install -e '.[benchmarks]'
  python benchmarks/input.py

Made-up symbols and made-up photos of 1 megapixel, so no data is needed. Beside our augmentation
stands the originals' way: Keras's generator, which turns and zooms one picture after another on
the host (SciPy's affine transform, linear, nearest edge).
"""

import io
from collections.abc import Callable

import jax
import numpy as np
from measure import by_turns, config_page, surroundings, table
from PIL import Image
from scipy import ndimage

from omr_jax.inputs import render, simplify, strokes, views
from omr_jax.recipe import recipe
from omr_jax.synthetic import scenes
from omr_jax.training import backend, devices
from tfds_builders.homus import made_up

SYMBOLS, PHOTOS, BATCH = 512, 16, 64


def main() -> None:
  """The command."""
  backend.start(BATCH)
  steps = symbol_steps() | photo_steps() | augmentations()
  times = by_turns({name: call for name, (_, call) in steps.items()}, rounds=5)
  print(f'{surroundings()}\n')
  rows = [
    [name, f'{1e3 * images / np.median(times[name]):,.0f}'.replace(',', ' ')]
    for name, (images, _) in steps.items()
  ]
  print(table(['', 'images/s'], rows))


def symbol_steps() -> dict[str, tuple[int, Callable[[], None]]]:
  """Parsing, simplifying and drawing symbols: how many, and the call, by name."""
  files = list(made_up.files(writers=-(-SYMBOLS // 38)).items())[:SYMBOLS]
  symbols = [strokes.parse(content, name) for name, content in files]
  points, stroke = [s.points for s in symbols], [s.stroke for s in symbols]
  pages = {'192x96': config_page('homus_paper', 'resnet'), '64x48': config_page('homus')}
  drawings = {name: render.Drawing(**dict(page.drawing.items())) for name, page in pages.items()}

  def drawn(drawing: render.Drawing) -> Callable[[], None]:
    return lambda: [render.draw(*symbol, drawing) for symbol in zip(points, stroke, strict=True)]

  return {
    'symbols: files to strokes': (
      SYMBOLS,
      lambda: [strokes.parse(content, name) for name, content in files],
    ),
    'symbols: strokes made ready for the device': (
      SYMBOLS,
      lambda: simplify.simplify(points, stroke),
    ),
    **{f'symbols: drawn {name}': (SYMBOLS, drawn(d)) for name, d in drawings.items()},
  }


def photo_steps() -> dict[str, tuple[int, Callable[[], None]]]:
  """JPEGs of 1 megapixel to the ten views that the gate reads."""
  rng, files = np.random.default_rng(0), []
  for _ in range(PHOTOS):
    file = io.BytesIO()
    Image.fromarray(scenes.scene(rng, 868, 1158)).save(file, 'JPEG', quality=90)
    files.append(file.getvalue())
  picture = config_page('scores').picture
  size = picture.height, picture.width, picture.tiles
  return {
    'photos: JPEG to views, one core': (
      PHOTOS,
      lambda: [views.load(content, 'photo', *size) for content in files],
    )
  }


def augmentations() -> dict[str, tuple[int, Callable[[], None]]]:
  """A batch's augmentation: compiled, on all cores; and the originals' way, on one."""
  rng = np.random.default_rng(0)
  found = {}
  for name, page in {
    'homus_paper.py: 192x96, compiled': config_page('homus_paper', 'resnet'),
    'homus.py: new ink, 64x48, compiled': config_page('homus'),
    'scores.py: a camera, 128x128, compiled': config_page('scores'),
  }.items():
    parts = recipe.create(page)
    batch = _batch(rng, page, parts)
    found[name] = BATCH, _compiled(parts, batch)
  images = rng.integers(0, 256, (BATCH, 192, 96, 3)).astype(np.float32)
  found["the originals' way: 192x96x3, one by one"] = (
    BATCH,
    lambda: [_turned(rng, i) for i in images],
  )
  return found


def _batch(rng: np.random.Generator, page, parts: recipe.Recipe) -> dict[str, np.ndarray]:
  """What the augmentation reads."""
  height, width, channels = parts.shape
  if 'points' in parts.reads:
    symbols = [strokes.parse(c, n) for n, c in list(made_up.files(writers=2).items())[:BATCH]]
    points, stroke = simplify.simplify([s.points for s in symbols], [s.stroke for s in symbols])
    return {'points': points, 'stroke': stroke}
  shape = (BATCH, height, width, channels)
  if 'views' in parts.reads:
    shape = (BATCH, views.count(page.picture.tiles), height, width, channels)
    return {'views': rng.integers(0, 256, shape, np.uint8)}
  return {
    'image': rng.integers(0, 256, shape, np.uint8),
    'size': np.zeros((BATCH, 2), np.float32),
  }


def _compiled(parts: recipe.Recipe, batch: dict[str, np.ndarray]) -> Callable[[], None]:
  mesh = devices.mesh(BATCH)
  split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(devices.BATCH_AXIS))
  batch = {name: jax.device_put(value, split) for name, value in batch.items()}
  inputs = jax.jit(lambda rng, batch: parts.inputs(rng, batch)['image'])
  return lambda: jax.block_until_ready(inputs(jax.random.key(0), batch))


def _turned(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
  """One picture, turned by up to 10 degrees and zoomed by 0.8 to 1.2 along each axis."""
  angle, zoom = np.deg2rad(rng.uniform(-10, 10)), rng.uniform(0.8, 1.2, 2)
  sin, cos = np.sin(angle), np.cos(angle)
  matrix = np.array([[cos, -sin], [sin, cos]]) * zoom
  centre = (np.array(image.shape[:2]) - 1) / 2
  offset = centre - matrix @ centre
  channels = [
    ndimage.affine_transform(channel, matrix, offset, order=1, mode='nearest')
    for channel in np.moveaxis(image, -1, 0)
  ]
  return np.stack(channels, -1)


if __name__ == '__main__':
  main()
