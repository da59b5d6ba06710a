"""Convolutions as a platform likes them: the sums of the usual way, and where they are taken."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from omr_jax.models import convolution, winograd
from omr_jax.models.convolution import convolve

LAYOUT = {'dimension_numbers': ('NHWC', 'HWIO', 'NHWC')}
# Height and width, channels in and out, size of the kernel, step.
BLOCKS = [((24, 16), 1, 4, (8, 8), 4), ((12, 15), 1, 4, (6, 6), 3), ((8, 6), 1, 4, (2, 2), 1)]
COLUMNS = [
  *[((6, 8), 16, 16, (3, 3), 1), ((5, 4), 4, 16, (3, 3), 1), ((5, 4), 20, 7, (5, 3), 1)],
  *[((7, 8), 1, 16, (3, 3), 1), ((12, 8), 1, 16, (5, 5), 2), ((11, 12), 1, 32, (7, 7), 2)],
  *[((6, 4), 1, 9, (2, 3), 4), ((5, 4), 1, 3, (3, 2), 1), ((9, 12), 1, 5, (12, 11), 2)],
]
USUAL = [
  *[((1, 12), 3, 20, (1, 3), 1), ((24, 16), 3, 4, (8, 8), 4)],
  *[((13, 12), 3, 4, (6, 6), 3), ((12, 12), 3, 4, (5, 5), 2), ((6, 7), 16, 16, (3, 3), 1)],
  *[((6, 8), 16, 17, (3, 3), 1), ((6, 8), 16, 16, (1, 1), 1), ((6, 8), 2, 3, (4, 4), 1)],
  *[((9, 6), 1, 16, (5, 5), 2), ((7, 6), 12, 20, (3, 3), 2), ((9, 7), 8, 17, (4, 3), 2)],
  *[((11, 12), 1, 9, (7, 7), 3), ((7, 6), 1, 16, (3, 3), 1), ((7, 8), 1, 33, (3, 3), 1)],
  ((7, 6), 12, 20, (1, 1), 2),
]
# Many channels, at least 256 pixels, and tiles of 4x4 that are nearly filled.
TILED = [((12, 12), 24, 24, (3, 3), 1), ((16, 8), 17, 31, (3, 3), 1), ((15, 11), 40, 8, (3, 3), 1)]
# Nearly so: fewer channels, fewer pixels, tiles that are half empty, another kernel.
UNTILED = [
  *[((12, 12), 20, 27, (3, 3), 1), ((15, 8), 24, 24, (3, 3), 1), ((13, 13), 24, 24, (3, 3), 1)],
  *[((12, 12), 24, 24, (5, 5), 1), ((24, 24), 24, 24, (3, 3), 2)],
]
# More than 8 channels out for each pixel.
SMALL = [((3, 4), 5, 97, (3, 3), 1), ((1, 5), 3, 41, (5, 3), 1), ((2, 3), 4, 50, (4, 2), 1)]


def usual(x, kernel, stride):
  return jax.lax.conv_general_dilated(x, kernel, (stride, stride), 'SAME', **LAYOUT)


def drawn(shape, channels, out, size):
  rng = np.random.default_rng(0)
  x = jnp.asarray(rng.normal(size=(2, *shape, channels)), jnp.float32)
  return x, jnp.asarray(rng.normal(size=(*size, channels, out)), jnp.float32)


@pytest.mark.parametrize(
  ('shape', 'channels', 'out', 'size', 'stride'), BLOCKS + COLUMNS + USUAL + SMALL + TILED + UNTILED
)
def test_sums_and_gradients_are_those_of_the_usual_way(shape, channels, out, size, stride):
  x, kernel = drawn(shape, channels, out, size)
  expected_shape = jax.eval_shape(lambda *a: usual(*a, stride), x, kernel).shape
  weights = jnp.asarray(np.random.default_rng(1).normal(size=expected_shape), jnp.float32)

  @jax.jit
  def both(x, kernel, weights):
    """Sums and gradients of either way."""
    ways = (
      lambda *a: usual(*a, stride),
      lambda *a: convolve(*a, (stride, stride), 'SAME', **LAYOUT),
    )
    sums, backs = zip(*(jax.vjp(way, x, kernel) for way in ways), strict=True)
    return sums, [back(weights) for back in backs]

  (expected, found), (wanted, ours) = both(x, kernel, weights)
  rounding = 1e-3 if (shape, channels, out, size, stride) in TILED else 1e-4
  np.testing.assert_allclose(found, expected, atol=rounding)
  for gradient, other in zip(ours, wanted, strict=True):
    np.testing.assert_allclose(gradient, other, atol=2 * rounding)


@pytest.mark.parametrize(
  ('case', 'is_other'),
  [(c, True) for c in BLOCKS[:2] + COLUMNS] + [(c, False) for c in USUAL + SMALL + UNTILED],
)
def test_only_a_cpu_takes_another_way(case, is_other):
  """The kernel of the compiled convolution is another one there, and nowhere else."""
  *sizes, stride = case
  shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in drawn(*sizes)]

  def lowered(function, platform):
    exported = export.export(jax.jit(function), platforms=[platform])(*shapes)
    text = exported.mlir_module()
    return [line for line in text.splitlines() if 'stablehlo.convolution' in line]

  ours = lambda *a: convolve(*a, (stride, stride), 'SAME', **LAYOUT)  # noqa: E731
  kernel = 'x'.join(map(str, shapes[1].shape))
  for platform in ('cpu', 'tpu', 'cuda'):
    (line,) = lowered(ours, platform)
    assert (f'tensor<{kernel}xf32>' not in line) == (is_other and platform == 'cpu')


@pytest.mark.parametrize(
  ('case', 'dtype', 'is_tiled'),
  [*((case, 'float32', True) for case in TILED), (TILED[0], 'bfloat16', False)],
)
def test_products_of_tiles_replace_a_convolution_on_a_cpu(case, dtype, is_tiled):
  *sizes, _ = case
  x, kernel = (array.astype(dtype) for array in drawn(*sizes))
  ours = jax.jit(lambda *a: convolve(*a, (1, 1), 'SAME', **LAYOUT))
  for platform in ('cpu', 'tpu', 'cuda'):
    text = export.export(ours, platforms=[platform])(x, kernel).mlir_module()
    assert ('stablehlo.convolution' not in text) == (is_tiled and platform == 'cpu')


def test_numbers_that_are_kept():
  """Of 2 pictures of 12x12 pixels: 36 numbers of each of 9 tiles and 24 channels, 4 bytes each."""
  x = jax.ShapeDtypeStruct((2, 12, 12, 24), jnp.float32)
  assert convolution.kept(x, (3, 3, 24, 24), (1, 1)) == 2 * 9 * 36 * 24 * 4
  assert convolution.kept(x, (3, 3, 24, 24), (2, 2)) == 0
  assert convolution.kept(x, (3, 3, 24, 16), (1, 1)) == 0  # Two columns at once, no tiles.
  wide = jax.ShapeDtypeStruct((2, 12, 12, 40), jnp.float32)
  assert winograd.gains_wholly(wide, (3, 3, 40, 16), (1, 1))
  assert convolution.kept(wide, (3, 3, 40, 16), (1, 1)) == 0  # The same.


def test_a_batch_of_any_size_is_computed_in_the_usual_way():
  (batch,) = export.symbolic_shape('batch')
  shapes = [jax.ShapeDtypeStruct(s, jnp.float32) for s in ((batch, 12, 12, 24), (3, 3, 24, 24))]
  ours = jax.jit(lambda *a: convolve(*a, (1, 1), 'SAME', **LAYOUT))
  text = export.export(ours, platforms=['cpu'])(*shapes).mlir_module()
  assert text.count('stablehlo.convolution') == 1


@pytest.mark.parametrize(('case', 'products'), [(SMALL[0], 1), (USUAL[5], 0)])
def test_the_gradient_of_a_small_picture_is_a_product_on_a_cpu(case, products):
  *sizes, stride = case
  x, kernel = drawn(*sizes)

  def to_x(x, kernel):
    found, back = jax.vjp(lambda x: convolve(x, kernel, (stride, stride), 'SAME', **LAYOUT), x)
    return back(found)

  for platform, count in (('cpu', products), ('cuda', 0)):
    text = export.export(jax.jit(to_x), platforms=[platform])(x, kernel).mlir_module()
    assert text.count('stablehlo.dot_general') == count


@pytest.mark.parametrize('shared', [None, 'x', 'kernel'])
def test_members_of_a_population_have_their_own_sums(shared):
  """As many convolutions as members, each and its gradients as done alone."""
  x, kernel = drawn((6, 8), 4, 16, (3, 3))
  axes = [None if shared == name else 0 for name in ('x', 'kernel')]
  arguments = [
    value if axis is None else jnp.stack([value, 2 * value, value[::-1]])
    for value, axis in zip((x, kernel), axes, strict=True)
  ]

  def both(x, kernel):
    found, back = jax.vjp(lambda *a: convolve(*a, (1, 1), 'SAME', **LAYOUT), x, kernel)
    return found, *back(jnp.sin(found))

  together = jax.jit(jax.vmap(both, axes))(*arguments)
  both = jax.jit(both)
  for member in range(3):
    own = [a if axis is None else a[member] for a, axis in zip(arguments, axes, strict=True)]
    for value, alone in zip(together, both(*own), strict=True):
      np.testing.assert_allclose(value[member], alone, rtol=1e-5, atol=1e-4)
