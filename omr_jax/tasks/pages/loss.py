"""What a detector is trained to: the targets of its maps and the loss; all inside jit.

The heat map is trained as in CenterNet (Zhou et al., "Objects as Points", 2019). The box of an
object is trained in the 3x3 cells around its middle, by its overlap and by its code.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from omr_jax.inputs.peaks import CELL, LARGEST, SMALLEST

_PIXEL = 2  # Cells along each side of a pixel of the network's last features.
_NEAR = 4  # How far, in cells, an object reaches into the heat map.
_SPREAD, _LEAST, _MOST = 0.12, 0.6, 2.0  # Standard deviation: a share of the box, and its bounds.
_BESIDE = 0.4  # Weight of a box in the cells beside its middle.
_OUTSIDE = 4.0  # Boxes that leave the window by more pixels have no influence on `edges`.
_CODE = 0.25  # Weight of the code beside the overlap.
_EDGES = 1.0  # Weight of the boxes beside the heat map.
_LOG_BOUNDS = tuple(np.log([SMALLEST / CELL, LARGEST / CELL]).tolist())
# The cells around a middle, as x and y, and their weights, which add up to 1.
_SHIFTS = np.array([(right, down) for down in (-1, 0, 1) for right in (-1, 0, 1)])
_WEIGHTS = np.where((_SHIFTS == 0).all(1), 1, _BESIDE) / (1 + 8 * _BESIDE)


def loss(
  outputs: Mapping[str, jax.Array], boxes: jax.Array, classes: jax.Array, kinds: jax.Array
) -> jax.Array:
  """The loss of a batch of windows, divided by the number of objects in them: a scalar.

  Args:
    outputs: `heat` [batch, rows, columns, classes] and `edges` [batch, rows, columns, kinds, 4].
    boxes: float32 [batch, objects, 4]: left, top, right, bottom in pixels of the window.
    classes: int [batch, objects], -1 where there is no object.
    kinds: int [classes], the kind of each class's box (`inputs.box_kinds`).
  """
  of_windows = jax.vmap(_of_window, (0, 0, 0, 0, None))
  sums, counts = of_windows(outputs['heat'], outputs['edges'], boxes / CELL, classes, kinds)
  return sums.sum() / jnp.maximum(counts.sum(), 1)


def _of_window(
  heat: jax.Array, edges: jax.Array, boxes: jax.Array, classes: jax.Array, kinds: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """The loss of one window, whose boxes are in cells, and its number of objects."""
  extent = jnp.array(heat.shape[1::-1])  # Columns and rows, as x and y.
  size = jnp.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST / CELL)
  middle = (boxes[:, :2] + boxes[:, 2:]) / 2
  cell = jnp.floor(middle).astype(jnp.int32)
  is_object = (classes >= 0) & jnp.all((cell >= 0) & (cell < extent), 1)
  beyond = jnp.maximum(-boxes[:, :2], boxes[:, 2:] - extent).max(1)
  is_whole = is_object & (beyond <= _OUTSIDE / CELL)
  total = _focal(heat, size, cell, classes, is_object)
  total += _EDGES * _boxes(edges, kinds[classes], middle, size, cell, is_whole)
  return total, is_object.sum()


def _focal(
  heat: jax.Array, size: jax.Array, cell: jax.Array, classes: jax.Array, is_object: jax.Array
) -> jax.Array:
  """The penalty-reduced focal loss with the exponents 2 and 4, summed.

  Most of a step's memory is here, so the map is read as the network computes it, four cells side
  by side (`_by_pixel`), and what only objects need is computed for them alone.
  """
  x = _by_pixel(heat)
  small = jnp.exp(-jnp.abs(x))  # Both of what follows need it, and exponentials take time.
  p = jnp.where(x >= 0, 1, small) / (1 + small)
  as_empty = jnp.maximum(x, 0) + jnp.log1p(small)  # -ln(1 - p)
  miss = (1 - _wanted(heat.shape, size, cell, classes, is_object)) ** 4 * p**2 * as_empty
  columns, rows = heat.shape[1], heat.shape[0]
  at = heat[jnp.clip(cell[:, 1], 0, rows - 1), jnp.clip(cell[:, 0], 0, columns - 1), classes]
  hit = jax.nn.sigmoid(-at) ** 2 * jax.nn.softplus(-at)
  return miss.sum() + jnp.where(is_object, hit, 0).sum()


def _by_pixel(heat: jax.Array) -> jax.Array:
  """[rows, columns, classes] to [rows / 2, columns / 2, 2, 2, classes], where the cells of a pixel
  of the network's last features are side by side; XLA then leaves out the network's own reordering.
  """
  rows, columns, classes = heat.shape
  parts = heat.reshape(rows // _PIXEL, _PIXEL, columns // _PIXEL, _PIXEL, classes)
  return parts.transpose(0, 2, 1, 3, 4)


def _wanted(
  shape: tuple[int, ...], size: jax.Array, cell: jax.Array, classes: jax.Array, is_object: jax.Array
) -> jax.Array:
  """The wanted heat map, in the order of `_by_pixel`.

  At each object it has a bump of height 1, which is wider for larger objects.
  """
  rows, columns, count = shape
  spread = jnp.clip(_SPREAD * size, _LEAST, _MOST)
  reach = jnp.arange(-_NEAR, _NEAR + 1)
  # The bump is highest in the cell of the middle, wherever the middle lies in it.
  across, down = (jnp.exp(-((reach / spread[:, i, None]) ** 2) / 2) for i in range(2))
  bump = down[:, :, None] * across[:, None, :]  # [objects, 9, 9]
  row, column = cell[:, 1, None, None] + reach[:, None], cell[:, 0, None, None] + reach
  # An index beyond the map is dropped; a negative one would count from its end.
  row = jnp.where(is_object[:, None, None] & (row >= 0), row, rows)
  column = jnp.where(column >= 0, column, columns)
  pixel, place = zip(*(jnp.divmod(each, _PIXEL) for each in (row, column)), strict=True)
  empty = jnp.zeros((rows // _PIXEL, columns // _PIXEL, _PIXEL, _PIXEL, count), jnp.float32)
  return empty.at[*pixel, *place, classes[:, None, None]].max(bump, mode='drop')


def _boxes(
  edges: jax.Array,
  kind: jax.Array,
  middle: jax.Array,
  size: jax.Array,
  cell: jax.Array,
  is_whole: jax.Array,
) -> jax.Array:
  """The loss of the boxes in the cells around the middles of objects, summed."""
  extent = jnp.array(edges.shape[1::-1])
  at = cell[:, None] + _SHIFTS  # [objects, 9, 2]
  fits = jnp.all((at >= 0) & (at < extent), -1) & is_whole[:, None]
  near = jnp.clip(at, 0, extent - 1)
  code = edges[near[..., 1], near[..., 0], kind[:, None]]  # [objects, 9, 4]
  sizes = jnp.broadcast_to(jnp.log(size)[:, None], at.shape)
  wanted = jnp.concatenate([middle[:, None] - (at + 0.5), sizes], -1)
  code_loss = jnp.abs(code - wanted).mean(-1)
  return jnp.where(fits, (_overlap_loss(code, wanted) + _CODE * code_loss) * _WEIGHTS, 0).sum()


def _overlap_loss(code: jax.Array, wanted: jax.Array) -> jax.Array:
  """1 - IoU of boxes, plus the distance of their middles in units of what both cover.

  As in Zheng et al., "Distance-IoU Loss", 2020, but with a distance along each axis in the unit of
  that axis, since thin boxes must be near in units of their own width.
  """
  (low, high), (true_low, true_high) = _corners(code), _corners(wanted)
  shared = jnp.prod(jnp.maximum(jnp.minimum(high, true_high) - jnp.maximum(low, true_low), 0), -1)
  union = jnp.prod(high - low, -1) + jnp.prod(true_high - true_low, -1) - shared
  both = jnp.maximum(high, true_high) - jnp.minimum(low, true_low)
  apart = jnp.square((code[..., :2] - wanted[..., :2]) / both).mean(-1)
  return 1 - shared / union + apart


def _corners(code: jax.Array) -> tuple[jax.Array, jax.Array]:
  half = jnp.exp(jnp.clip(code[..., 2:], *_LOG_BOUNDS)) / 2
  return code[..., :2] - half, code[..., :2] + half
