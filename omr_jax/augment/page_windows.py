"""Random windows of tiles of pages: moved, scaled, bent, with other ink, paper, light and lens."""

import jax
import jax.numpy as jnp
from jax.scipy import ndimage

from omr_jax.augment import camera_geometry, camera_photometry

_PATCH = 48  # Pixels between the points whose displacements bend a window.
_OFTEN = 0.3  # The share of the windows that are out of focus, and of those that lie in a shadow.
_SOFT = 0.1, 1.5  # Width of a shadow's edge, from the middle of a window to its side.


def look(
  rng: jax.Array,
  tiles: jax.Array,
  boxes: jax.Array,
  side: int,
  *,
  zoom: float,
  stretch: float,
  lean: float,
  bend: float,
  ink: float,
  paper: float,
  noise: float,
  blur: float,
  shadow: float,
) -> tuple[jax.Array, jax.Array]:
  """Takes a window from each tile and changes it.

  Args:
    rng: A key.
    tiles: uint8 [batch, T, T], dark ink on bright paper.
    boxes: float32 [batch, objects, 4]: left, top, right and bottom edge in pixels of the tile.
    side: Height and width of the windows in pixels.
    zoom: The most octaves by which the window shows the tile larger or smaller.
    stretch: The most octaves by which the scales of width and height differ.
    lean: The largest rotation in degrees, and the largest shear in hundredths.
    bend: The largest displacement of a point in pixels.
    ink: How much thicker or thinner the ink may become, from 0 to 1.
    paper: How much darker the paper, and how much paler the ink may be: a share of the range.
    noise: The largest standard deviation of noise, in 0..255.
    blur: How far a window is out of focus at most: a standard deviation in pixels, up to 1.
    shadow: The largest share of the light that a shadow takes away.

  Returns:
    float32 [batch, side, side, 1] in 0..255, and the boxes in pixels of the windows.
  """
  keys = jax.random.split(rng, 4)
  batch, size = tiles.shape[:2]
  drawn = 2 * camera_geometry.numbers(keys[0], 8, batch) - 1
  # From the window to the tile, around their middles: rotation, shear and scale.
  scales = 2.0 ** -(zoom * drawn[0] + jnp.array([stretch, -stretch])[:, None] / 2 * drawn[1])
  angle, shear = jnp.deg2rad(lean * drawn[2]), lean / 100 * drawn[3]
  cos, sin = jnp.cos(angle), jnp.sin(angle)
  turn = jnp.stack([jnp.stack([cos, -sin + shear]), jnp.stack([sin, cos])])  # [2, 2, batch]
  matrix = (turn * scales[None]).transpose(2, 0, 1)
  reach = jnp.maximum(0, size / 2 - scales * side / 2)  # [2, batch]
  middle = (size / 2 + reach * drawn[4:6]).T  # x, y in the tile
  waves = _displacements(keys[1], batch, side, bend)
  pixels = jnp.arange(side) + 0.5
  points = jnp.stack(jnp.broadcast_arrays(pixels, pixels[:, None]), -1)  # [side, side, 2]: x, y
  from_middle = points + waves - side / 2
  places = jnp.einsum('bij,bhwj->bhwi', matrix, from_middle) + middle[:, None, None]
  seen = _bilinear(tiles.astype(jnp.float32), places)
  seen = _inked(keys[2], seen, drawn[6], ink, paper)
  seen = _photographed(keys[3], seen, blur, shadow, noise)
  return seen[..., None], _moved(boxes, matrix, middle, waves, side)


def _displacements(rng: jax.Array, batch: int, side: int, bend: float) -> jax.Array:
  """Smooth random displacements of the pixels: float32 [batch, side, side, 2]."""
  count = -(-side // _PATCH) + 1
  coarse = jax.random.uniform(rng, (batch, count, count, 2), minval=-1.0, maxval=1.0)
  return bend * jax.image.resize(coarse, (batch, side, side, 2), 'linear')


def _bilinear(tiles: jax.Array, places: jax.Array) -> jax.Array:
  """The brightness at places x, y of [batch, height, width, 2]; white beyond the tiles."""

  def one(tile: jax.Array, places: jax.Array) -> jax.Array:
    x, y = jnp.moveaxis(places - 0.5, -1, 0)  # In the middle of a pixel it is whole.
    return ndimage.map_coordinates(tile, [y, x], order=1, mode='constant', cval=255)

  return jax.vmap(one)(tiles, places)


def _inked(
  rng: jax.Array, seen: jax.Array, drawn: jax.Array, ink: float, paper: float
) -> jax.Array:
  """Thickens or thins the ink, and changes the brightness of paper and ink.

  `drawn`, float [batch], is -1 where the ink becomes thickest and 1 where it becomes thinnest.
  """
  levels = camera_geometry.numbers(rng, 2, len(seen))[..., None, None]
  dark = 1 - seen / 255
  # A power below 1 darkens the grey edges of strokes, one above 1 pales them.
  dark = jnp.clip(dark, 1e-4, 1.0) ** (2.0 ** (ink * drawn[:, None, None]))
  dark = levels[0] * paper / 2 + dark * (1 - (levels[0] / 2 + levels[1]) * paper)
  return 255 * (1 - dark)


def _photographed(
  rng: jax.Array, seen: jax.Array, blur: float, shadow: float, noise: float
) -> jax.Array:
  """Puts some windows in the shadow, some out of focus, and adds noise to all."""
  keys = jax.random.split(rng, 2)
  batch, side = seen.shape[:2]
  drawn = camera_geometry.numbers(keys[0], 8, batch)
  depth = camera_geometry.amount(drawn[:2], _OFTEN, 0, shadow)
  low, high = _SOFT
  edge = 2 * jnp.pi * drawn[2], 2 * drawn[3] - 1, low + (high - low) * drawn[4]
  seen = seen * camera_photometry.shadow(depth, *edge, side, side)
  defocus = camera_geometry.amount(drawn[5:7], _OFTEN, 0, blur)
  still = jnp.zeros(batch)
  seen = camera_photometry.blur(seen[:, None], defocus, still, still)[:, 0]
  grains = jax.random.normal(keys[1], seen.shape) * (noise * drawn[7, :, None, None])
  return jnp.clip(seen + grains, 0, 255)


def _moved(
  boxes: jax.Array, matrix: jax.Array, middle: jax.Array, waves: jax.Array, side: int
) -> jax.Array:
  """The boxes in the windows: around their moved corners, and shifted as their middles bend."""
  left, top, right, bottom = jnp.moveaxis(boxes, -1, 0)
  corners = jnp.stack(
    [jnp.stack([x, y], -1) for x in (left, right) for y in (top, bottom)], -2
  )  # [batch, objects, 4, 2]
  inverse = jnp.linalg.inv(matrix)
  places = jnp.einsum('bij,bnkj->bnki', inverse, corners - middle[:, None, None]) + side / 2
  low, high = places.min(-2), places.max(-2)
  at = jnp.clip(((low + high) / 2).astype(jnp.int32), 0, side - 1)
  shift = jax.vmap(lambda of_window, x, y: of_window[y, x])(waves, at[..., 0], at[..., 1])
  return jnp.concatenate([low - shift, high - shift], -1)
