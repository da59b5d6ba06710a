"""Measures each step from raw files to a batch that is ready for training, in images/s.

  pip install -e '.[benchmarks]'
  python benchmarks/input.py

It uses made-up symbols and made-up photos of 1 megapixel, so no data is needed. Our augmentation is
compared with that of the original systems, the generator of Keras. That rotates and zooms one
picture after another on the host, by SciPy's affine transform (linear interpolation, repeated
edges).
"""

import functools
import io
from collections.abc import Callable

import jax
import numpy as np
from measure import by_turns, config_page, parser_of, surroundings, table
from PIL import Image
from scipy import ndimage

from omr_jax.inputs import pictures, render, simplify, strokes, views
from omr_jax.recipe import recipe as recipes
from omr_jax.synthetic import scenes
from omr_jax.training import backend, devices
from tfds_builders.homus import made_up

SYMBOLS, PHOTOS, BATCH = 512, 16, 64


def main() -> None:
  """Runs the command."""
  parser_of(__doc__).parse_args()
  backend.start(config_page('homus'))
  steps = symbol_steps() | photo_steps() | augmentations()
  times = by_turns({name: call for name, (_, call) in steps.items()}, rounds=5)
  print(f'{surroundings()}\n')
  rows = [
    [name, f'{1e3 * images / np.median(times[name]):,.0f}'.replace(',', ' ')]
    for name, (images, _) in steps.items()
  ]
  print(table(['', 'images/s'], rows))


def symbol_steps() -> dict[str, tuple[int, Callable[[], None]]]:
  """Parsing, simplifying and drawing symbols: by name the number of symbols and the call."""
  files = list(made_up.files(writers=-(-SYMBOLS // 38)).items())[:SYMBOLS]
  symbols = [strokes.parse(content, name) for name, content in files]
  points, stroke = [s.points for s in symbols], [s.stroke for s in symbols]
  pages = {'192x96': config_page('homus_paper', 'resnet'), '64x48': config_page('homus')}
  drawings = {name: recipes.create(page).picture for name, page in pages.items()}

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
  """Decoding JPEGs of 1 megapixel to the ten views that the network for scores reads."""
  rng, files = np.random.default_rng(0), []
  for _ in range(PHOTOS):
    file = io.BytesIO()
    Image.fromarray(scenes.scene(rng, 868, 1158)).save(file, 'JPEG', quality=90)
    files.append(file.getvalue())
  picture = config_page('scores').picture
  size = {name: getattr(picture, name) for name in ('height', 'width', 'tiles')}
  finish = functools.partial(views.of_image, **size)

  def read(content: bytes) -> np.ndarray:
    opened = pictures.opened(io.BytesIO(content), 'photo')
    return pictures.decode(opened, 'photo', views.least(**size), finish)

  return {'photos: JPEG to views, one core': (PHOTOS, lambda: [read(content) for content in files])}


def augmentations() -> dict[str, tuple[int, Callable[[], None]]]:
  """The augmentation of a batch: ours, compiled, on all cores, and the originals', on one core."""
  rng = np.random.default_rng(0)
  found = {}
  for name, page in {
    'homus_paper.py: 192x96, compiled': config_page('homus_paper', 'resnet'),
    'homus.py: new ink, 64x48, compiled': config_page('homus'),
    'scores.py: a camera, 128x128, compiled': config_page('scores'),
  }.items():
    recipe = recipes.create(page)
    found[name] = BATCH, _compiled(recipe, page, _batch(rng, page, recipe))
  images = rng.integers(0, 256, (BATCH, 192, 96, 3)).astype(np.float32)
  found["the originals' way: 192x96x3, one by one"] = (
    BATCH,
    lambda: [_turned(rng, i) for i in images],
  )
  return found


def _batch(rng: np.random.Generator, page, recipe: recipes.Recipe) -> dict[str, np.ndarray]:
  """The arrays that the augmentation reads."""
  height, width, channels = recipe.shape
  if 'points' in recipe.reads:
    symbols = [strokes.parse(c, n) for n, c in list(made_up.files(writers=2).items())[:BATCH]]
    points, stroke = simplify.simplify([s.points for s in symbols], [s.stroke for s in symbols])
    return {'points': points, 'stroke': stroke, 'label': np.zeros(BATCH, np.int32)}
  shape = (BATCH, height, width, channels)
  if 'views' in recipe.reads:
    shape = (BATCH, views.count(page.picture.tiles), height, width, channels)
    return {'views': rng.integers(0, 256, shape, np.uint8), 'label': np.zeros(BATCH, np.int32)}
  return {
    'image': rng.integers(0, 256, shape, np.uint8),
    'size': np.zeros((BATCH, 2), np.float32),
    'label': np.zeros(BATCH, np.int32),
  }


def _compiled(recipe: recipes.Recipe, page, batch: dict[str, np.ndarray]) -> Callable[[], None]:
  mesh, strengths = devices.mesh(BATCH), recipe.task.recipe.strengths(page)
  split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(devices.BATCH_AXIS))
  batch = {name: jax.device_put(value, split) for name, value in batch.items()}
  inputs = jax.jit(lambda rng, batch: recipe.augmented(strengths, rng, batch)[0]['image'])
  return lambda: jax.block_until_ready(inputs(jax.random.key(0), batch))


def _turned(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
  """One picture, rotated by up to 10 degrees and zoomed by 0.8 to 1.2 along each axis."""
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
