import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.linen.dtypes import promote_dtype
from networks import drawn_variables, less_deep

from omr_jax import models
from omr_jax.errors import UserError
from omr_jax.models import layers, preact, resnet

# One of each structure: the others differ in widths only.
SMALLEST = {
  'vgg13': 32,  # five pools
  'resnet25': 32,
  'resnet25_preact': 32,
  'resnet26_wide': 63,  # a stride makes 63 to 32, then five pools
  'resnet25_strided': 35,  # 35 -stride- 18 -pool- 9 -strides- 5, 3, 2 -pool- 1
  'resnet21_strided': 67,  # 67 -stride- 34 -pool- 17 -strides- 9, 5, 3, 2 -pool- 1
  'preact_resnet11': 9,  # 9 -strides- 5, 3, 2 -pool- 1
}


@functools.cache
def traced(module, height, width, channels):
  """Logits and variables as shapes, and the program that makes them of a key and a picture."""
  inputs = {
    'image': jax.ShapeDtypeStruct((1, height, width, channels), jnp.uint8),
    'size': jax.ShapeDtypeStruct((1, 2), jnp.float32),
  }
  make = jax.make_jaxpr(functools.partial(module.init_with_output, train=False), return_shape=True)
  program, (logits, variables) = make(jax.random.key(0), inputs)
  return logits, variables, program.jaxpr


def abstract_variables(module, height, width, channels):
  return traced(module, height, width, channels)[1]


def numbers(variables):
  return sum(leaf.size for leaf in jax.tree.leaves(variables))


def made_up_inputs(batch=4, height=24, width=20, channels=1, seed=0):
  rng = np.random.default_rng(seed)
  return {
    'image': rng.integers(0, 256, (batch, height, width, channels), np.uint8),
    'size': rng.uniform(1, 5, (batch, 2)).astype(np.float32),
  }


@functools.partial(jax.jit, static_argnums=0)
def initialize(module, inputs, seed):
  return module.init(jax.random.key(seed), inputs, train=False)


@functools.partial(jax.jit, static_argnums=0)
def evaluate(module, variables, inputs):
  return module.apply(variables, inputs, train=False)


def small():
  """Our network with few channels, and its variables."""
  module = models.create('preact_resnet11', 5, widths=(4, 8), blocks=(1, 1))
  return module, initialize(module, made_up_inputs(), 0)


# The originals' summaries, 3 channels and 32 classes: parameters and moving statistics, as Keras
# counts them.
@pytest.mark.parametrize(
  ('name', 'height', 'count'),
  [
    ('vgg14', 192, 1_811_696),
    ('vgg13', 192, 8_116_160),
    ('vgg13', 96, 7_968_704),
    ('resnet25_strided', 192, 17_512_992),
    ('resnet21_strided', 192, 4_291_968),
    ('resnet25_wide', 192, 19_070_752),
    ('resnet25', 192, 4_849_056),
    ('resnet26_wide', 192, 18_852_288),
    ('resnet25_preact_wide', 192, 19_068_832),
    ('resnet25_preact', 192, 4_848_096),
  ],
)
def test_originals_have_the_numbers_of_the_originals(name, height, count):
  assert numbers(abstract_variables(models.create(name, 32), height, 96, 3)) == count


def test_our_network_has_the_numbers_counted_by_hand():
  def group(into, width):
    first = 2 * into + 9 * into * width + 2 * width + 9 * width**2 + into * width
    return first + 2 * (2 * width + 9 * width**2)

  first_group = 2 * (2 * 24 + 9 * 24**2)
  logits = (4 * 3 * 96 + 32) * 32 + 32
  params = 25 * 24 + first_group + group(24, 48) + group(48, 96) + 2 * 96 + (2 * 32 + 32) + logits
  variables = abstract_variables(models.create('preact_resnet11', 32), 64, 48, 1)
  assert numbers(variables['params']) == params


def multiplications(jaxpr):
  """Those of the convolutions and matrix products of a traced function, its calls included."""
  total = 0
  for equation in jaxpr.eqns:
    for name, value in equation.params.items():
      # Of the ways for different platforms the last is the usual one.
      value = value[-1] if name == 'branches' else value
      inner = getattr(value, 'jaxpr', value)
      total += multiplications(inner) if hasattr(inner, 'eqns') else 0
    if equation.primitive.name == 'conv_general_dilated':
      total += equation.outvars[0].aval.size * np.prod(equation.invars[1].aval.shape[:-1])
    elif equation.primitive.name == 'dot_general':
      total += equation.outvars[0].aval.size * equation.invars[0].aval.shape[-1]
  return total


# Parameters don't tell where a network halves its pictures; the originals' arithmetic does (to two
# decimals; additions of biases, which may count there too, are less than half a percent).
@pytest.mark.parametrize(
  ('name', 'billions'),
  [
    ('vgg14', 0.41),
    ('vgg13', 1.72),
    ('resnet25_strided', 1.01),
    ('resnet21_strided', 0.08),
    ('resnet25_wide', 4.09),
    ('resnet25', 1.03),
    ('resnet26_wide', 1.15),
    ('resnet25_preact_wide', 4.09),
    ('resnet25_preact', 1.03),
  ],
)
def test_originals_multiply_as_often_as_the_originals(name, billions):
  logits, _, program = traced(models.create(name, 32), 192, 96, 3)
  assert logits.shape == (1, 32)
  assert multiplications(program) / 1e9 == pytest.approx(billions, abs=0.006)


@pytest.mark.parametrize('name', SMALLEST)
def test_smallest_canvas_passes_and_one_pixel_less_does_not(name):
  side = SMALLEST[name]
  models.check_canvas(name, side, side)
  with pytest.raises(layers.TooSmallError):
    abstract_variables(models.create(name, 5), side - 1, side, 1)


@pytest.mark.parametrize(('height', 'width'), [(9, 8), (0, 48), (64, -1)])
def test_each_side_of_a_canvas_counts(height, width):
  """The smallest canvas is named: 9 is between two powers of two, where it is searched."""
  with pytest.raises(UserError, match=f'{height}x{width} .* needs 9x9'):
    models.check_canvas('preact_resnet11', height, width)


def test_a_picture_of_the_networks_own_that_is_too_small_is_refused(monkeypatch):
  """Its close-up of 16x16 shrinks to 8 in the stem, to 1 in the second to fourth of five groups."""
  monkeypatch.setattr(models, '_LARGEST', 64)  # Fewer canvases to try.
  deep = {'widths': (8,) * 5, 'blocks': (1,) * 5}
  models.check_canvas('preact_resnet13', 192, 96, **deep, close_up=(128, 128))
  with pytest.raises(UserError, match=r'is large enough for preact_resnet13: .* close_up'):
    models.check_canvas('preact_resnet13', 192, 96, **deep, close_up=(16, 16))


@pytest.mark.parametrize(
  ('name', 'dtype'),
  # resnet26_wide and resnet25_strided consist of the layers of resnet25 and resnet21_strided.
  [(name, jnp.bfloat16) for name in SMALLEST if name not in ('resnet26_wide', 'resnet25_strided')]
  + [('preact_resnet11', jnp.float32)],  # In float32 test_step lowers every page for a TPU.
)
def test_shapes_and_types_in_training_and_for_a_tpu(name, dtype):
  module = less_deep(models.create(name, 7, dtype, dropout=0.5))
  variables = abstract_variables(module, 96, 70, 1)
  inputs = {
    'image': jax.ShapeDtypeStruct((2, 96, 70, 1), jnp.uint8),
    'size': jax.ShapeDtypeStruct((2, 2), jnp.float32),
  }
  inputs = {key: inputs[key] for key in module.inputs}

  def step(variables, inputs):
    def loss(params):
      logits, updates = module.apply(
        {**variables, 'params': params},
        inputs,
        train=True,
        mutable=['batch_stats'],
        rngs={'dropout': jax.random.key(0)},
      )
      return jnp.square(logits).mean(), (logits, updates)

    return jax.grad(loss, has_aux=True)(variables['params'])

  exported = jax.export.export(jax.jit(step), platforms=['tpu'])(variables, inputs)
  grads, (logits, updates) = jax.tree.unflatten(exported.out_tree, exported.out_avals)
  assert exported.platforms == ('tpu',)
  assert logits.shape == (2, 7)
  assert {leaf.dtype for leaf in jax.tree.leaves((variables, grads, logits, updates))} == {
    jnp.dtype('float32')
  }
  assert jax.tree.structure(updates['batch_stats']) == jax.tree.structure(variables['batch_stats'])


@pytest.mark.parametrize(
  'name', ['vgg13', 'resnet25', 'resnet25_preact', 'resnet21_strided', 'preact_resnet11']
)
def test_forward_at_the_smallest_canvas_is_finite_and_tells_pictures_apart(name):
  module = models.create(name, 5)
  side = SMALLEST[name]
  rng = np.random.default_rng(0)
  # Random numbers for all variables (a variance needs them positive) save compiling the init.
  variables = jax.tree.map(
    lambda leaf: rng.uniform(0, 0.1, leaf.shape).astype(leaf.dtype) + (leaf.ndim == 1),
    abstract_variables(module, side, side, 1),
  )
  logits = evaluate(module, variables, made_up_inputs(2, side, side))
  assert logits.shape == (2, 5)
  assert np.isfinite(logits).all()
  assert np.abs(logits[0] - logits[1]).max() > 1e-3


def test_bfloat16_logits_are_near_those_of_float32():
  module, variables = small()
  inputs = made_up_inputs()
  exact = evaluate(module, variables, inputs)
  rough = evaluate(module.clone(dtype=jnp.bfloat16), variables, inputs)
  assert rough.dtype == jnp.float32
  # bfloat16 keeps 8 bits; a dozen roundings stay within a few hundredths of the largest logit.
  difference = np.abs(exact - rough).max() / np.abs(exact).max()
  assert 0 < difference < 0.1


def test_networks_name_their_inputs():
  assert models.create('resnet25', 32).inputs == ('image',)
  assert models.create('preact_resnet11', 32).inputs == ('image', 'size')
  without = models.create('preact_resnet11', 32, use_size=False)
  assert without.inputs == ('image',)
  image = {'image': jax.ShapeDtypeStruct((1, 64, 48, 1), jnp.uint8)}
  variables = jax.eval_shape(functools.partial(without.init, train=False), jax.random.key(0), image)
  assert 'Dense_1' not in variables['params']


def test_size_matters_where_it_is_used():
  module, variables = small()
  inputs = made_up_inputs()
  larger = inputs | {'size': inputs['size'] + 1}
  assert not np.array_equal(
    evaluate(module, variables, inputs), evaluate(module, variables, larger)
  )


def test_dropout_changes_training_only():
  plain, variables = small()
  dropping = plain.clone(dropout=0.5)
  inputs = made_up_inputs()

  @functools.partial(jax.jit, static_argnums=0)
  def train(module, seed):
    rngs = {'dropout': jax.random.key(seed)}
    return module.apply(variables, inputs, train=True, mutable=['batch_stats'], rngs=rngs)[0]

  assert np.array_equal(evaluate(plain, variables, inputs), evaluate(dropping, variables, inputs))
  assert np.array_equal(train(plain, 0), train(plain, 1))
  assert np.array_equal(train(dropping, 0), train(dropping, 0))
  assert not np.array_equal(train(dropping, 0), train(dropping, 1))


def test_equal_keys_initialize_equally():
  module, variables = small()
  again = initialize(module, made_up_inputs(seed=1), 0)
  other = initialize(module, made_up_inputs(), 1)
  assert jax.tree.all(jax.tree.map(np.array_equal, variables, again))
  assert not jax.tree.all(jax.tree.map(np.array_equal, variables, other))


def test_kernels_are_glorot_uniform():
  kernel = small()[1]['params']['Block_1']['Conv_1']['kernel']
  limit = np.sqrt(6 / (9 * 4 + 9 * 8))  # Glorot and Bengio (2010), 3x3 from 4 to 8 channels
  assert 0.9 * limit < np.abs(kernel).max() <= limit


def test_stacked_variables_are_a_population():
  module, _ = small()
  inputs = made_up_inputs()
  members = [initialize(module, inputs, seed) for seed in range(3)]
  population = jax.tree.map(lambda *leaves: np.stack(leaves), *members)

  @jax.jit
  def train(variables):
    return module.apply(variables, inputs, train=True, mutable=['batch_stats'])

  together, _ = jax.vmap(train)(population)
  for logits, variables in zip(together, members, strict=True):
    np.testing.assert_allclose(logits, train(variables)[0], rtol=1e-4, atol=1e-5)


def test_ink_is_one_and_paper_is_zero():
  image = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1)
  np.testing.assert_allclose(layers.darkness(image, jnp.float32).ravel(), [1, 0.8, 0], atol=1e-6)
  assert layers.darkness(image, jnp.bfloat16).dtype == jnp.bfloat16


@pytest.mark.parametrize('preactivation', [False, True])
def test_only_biases_that_a_batch_norm_undoes_are_not_trained(monkeypatch, preactivation):
  """All other gradients are those of the network whose biases all have theirs."""
  module = resnet.ResNet(3, ((4, 3, 1),), (4, 6), (1, 1), (1, 2), preactivation=preactivation)
  image = np.random.default_rng(0).integers(0, 256, (5, 12, 8, 1), np.uint8)
  variables = drawn_variables(module, {'image': image})

  def gradients():
    def loss(params):
      logits, _ = module.apply(
        variables | {'params': params}, {'image': image}, train=True, mutable=['batch_stats']
      )
      return jnp.square(logits - np.arange(15).reshape(5, 3)).mean()

    found = jax.tree_util.tree_leaves_with_path(jax.jit(jax.grad(loss))(variables['params']))
    return {jax.tree_util.keystr(path, simple=True, separator='/'): leaf for path, leaf in found}

  ours = gradients()
  monkeypatch.setattr(layers, 'idle_bias', promote_dtype)
  usual = gradients()
  idle = {name for name, gradient in ours.items() if not gradient.any()}
  normed = {'Conv_0/bias'}
  if preactivation:
    # The second convolution's result, and the shortcut's, go into a sum.
    normed |= {f'PreactivationBlock_{i}/Conv_0/bias' for i in range(2)}
  else:
    normed |= {f'Block_{i}/Conv_{j}/bias' for i in range(2) for j in range(2)}
  assert idle == normed
  for name, gradient in ours.items():
    np.testing.assert_allclose(gradient, usual[name], rtol=1e-4, atol=1e-5)


def test_batch_norm_by_hand():
  # Channel 0: 1, 3, 5, 7: mean 4, variance 5. Channel 1: constant.
  x = np.array([[1, 2], [3, 2], [5, 2], [7, 2]], np.float32)
  norm = layers.BatchNorm(True, 0.9, 4.0, jnp.float32)
  variables = jax.jit(norm.init)(jax.random.key(0), x)
  np.testing.assert_array_equal(variables['batch_stats']['mean'], [0, 0])
  y, updates = jax.jit(functools.partial(norm.apply, mutable=['batch_stats']))(variables, x)
  np.testing.assert_allclose(y, [[-1, 0], [-1 / 3, 0], [1 / 3, 0], [1, 0]], atol=1e-6)
  np.testing.assert_allclose(updates['batch_stats']['mean'], [0.4, 0.2], rtol=1e-6)
  np.testing.assert_allclose(updates['batch_stats']['var'], [0.9 + 0.5, 0.9], rtol=1e-6)
  # With the moving statistics (mean 0, variance 1): x / sqrt(1 + 4) * scale + bias.
  params = {'scale': np.array([5**0.5, 0], np.float32), 'bias': np.array([1, -1], np.float32)}
  y = jax.jit(norm.clone(train=False).apply)(variables | {'params': params}, x)
  np.testing.assert_allclose(y, [[2, -1], [4, -1], [6, -1], [8, -1]], rtol=1e-6)


def test_batch_norm_agrees_with_flax():
  rng = np.random.default_rng(0)
  x = rng.normal(2, 3, (4, 5, 6, 3)).astype(np.float32)
  weights = rng.normal(size=x.shape).astype(np.float32)
  params = {'scale': np.array([1, 2, -1.0], np.float32), 'bias': np.array([0, 1, 2.0], np.float32)}
  ours = layers.BatchNorm(True, 0.9, 1e-3, jnp.float32)
  theirs = nn.BatchNorm(use_running_average=False, momentum=0.9, epsilon=1e-3)
  stats = jax.jit(ours.init)(jax.random.key(0), x)['batch_stats']

  def loss(module, params, x):
    y, updates = module.apply({'params': params, 'batch_stats': stats}, x, mutable=['batch_stats'])
    return (y * weights).sum(), (y, updates)

  grad = jax.grad(loss, argnums=(1, 2), has_aux=True)
  jax.tree.map(
    functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5),
    *(jax.jit(functools.partial(grad, module))(params, x) for module in (ours, theirs)),
  )


def apply_with(block, x, path, value):
  """A block in evaluation, its kernels and biases 0 but for the one at `path`, its scales 1."""
  shapes = jax.eval_shape(block.init, jax.random.key(0), x)
  variables = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
  ones = {
    layer: {key: np.float32(key == 'scale') + leaf for key, leaf in leaves.items()}
    for layer, leaves in variables['params'].items()
  }
  layer, key = path
  ones[layer][key] = np.full_like(ones[layer][key], value)
  stats = jax.tree_util.tree_map_with_path(
    lambda path, leaf: leaf + (path[-1].key == 'var'), variables['batch_stats']
  )
  return jax.jit(block.apply)({'params': ones, 'batch_stats': stats}, x)


def test_sums_and_activations_of_blocks_by_hand():
  x = np.array([-3, -1, 2, 5], np.float32).reshape(1, 2, 2, 1)
  conv = functools.partial(layers.Conv, dtype=jnp.float32)
  norm = functools.partial(layers.BatchNorm, False, 0.9, 0.0, jnp.float32)
  # The last norm gives -1 everywhere. A ReLU before the sum leaves the input as it was.
  last = ('BatchNorm_1', 'bias')
  before = apply_with(resnet.Block(1, 1, 0, True, conv, norm), x, last, -1.0)
  after = apply_with(resnet.Block(1, 1, 0, False, conv, norm), x, last, -1.0)
  np.testing.assert_allclose(before.ravel(), [-3, -1, 2, 5])
  np.testing.assert_allclose(after.ravel(), [0, 0, 1, 4])
  # Only the projection to two channels is not 0. It reads the raw input in the original (its
  # convolution is the last), the activated one in ours (the first).
  original = apply_with(
    resnet.PreactivationBlock(2, 1, 1, conv, norm), x, ('Conv_2', 'kernel'), 2.0
  )
  ours = apply_with(preact.Block(2, (3, 3), (1, 1), conv, norm), x, ('Conv_0', 'kernel'), 2.0)
  np.testing.assert_allclose(original[..., 1].ravel(), [-6, -2, 4, 10])
  np.testing.assert_allclose(ours[..., 1].ravel(), [0, 0, 4, 10])


def test_lists_of_a_page_are_as_good_as_tuples():
  lists = {'widths': [8, 16], 'blocks': [1, 1], 'close_up': [32, 24]}
  models.check_canvas('preact_resnet13', 64, 48, **lists)
  tuples = {key: tuple(value) for key, value in lists.items()}
  one, other = (models.create('preact_resnet13', 3, **each) for each in (lists, tuples))
  assert one == other


def test_pools_by_hand():
  # An odd last row and column are dropped, as Keras's 'valid' pooling does.
  x = np.array([[1, 2, 5, 6, 99], [3, 4, 8, 7, 99], [99, 99, 99, 99, 99]], np.float32)
  x = x.reshape(1, 3, 5, 1)
  np.testing.assert_array_equal(jax.jit(layers.max_pool)(x), np.reshape([4, 8], (1, 1, 2, 1)))
  average = jax.jit(layers.average_pool)(x)
  np.testing.assert_array_equal(average, np.reshape([2.5, 6.5], (1, 1, 2, 1)))
  weights = np.array([[10], [20]], np.float32)
  grad = jax.jit(jax.grad(lambda x: (layers.max_pool(x) * weights).sum()))(x)
  np.testing.assert_array_equal(grad[0, :, :, 0], [[0] * 5, [0, 10, 20, 0, 0], [0] * 5])


def test_the_first_of_the_largest_pixels_gets_the_gradient():
  x = np.array([[[1, 3], [3, 2]], [[0, 0], [0, 4]]], np.float32)[..., None]
  weight = np.array([[5], [7]], np.float32)
  both = jax.jit(jax.value_and_grad(lambda x: (weight * layers.largest(x)).sum()))
  values, gradient = both(x)
  assert values == 5 * 3 + 7 * 4
  np.testing.assert_array_equal(gradient[..., 0], [[[0, 5], [0, 0]], [[0, 0], [0, 7]]])


@pytest.mark.parametrize('shape', [(2, 6, 4, 3), (2, 7, 5, 3), (1, 2, 2, 1)])
def test_max_pool_agrees_with_flax_where_no_two_pixels_are_equal(shape):
  rng = np.random.default_rng(0)
  x = rng.permutation(np.prod(shape)).reshape(shape).astype(np.float32)

  def stock(x):
    return nn.max_pool(x, (2, 2), strides=(2, 2))

  weights = rng.normal(size=jax.eval_shape(stock, x).shape).astype(np.float32)

  @functools.partial(jax.jit, static_argnums=0)
  def both(pool, x):
    """The pooled pixels and the gradient."""
    pooled, back = jax.vjp(pool, x)
    return pooled, back(weights)

  for ours, theirs in zip(both(layers.max_pool, x), both(stock, x), strict=True):
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
  ('name', 'arguments', 'message'),
  [
    ('resnet52', {}, "'resnet52': did you mean 'resnet25'"),
    ('transformer', {}, 'there are vgg13, '),
    ('vgg13', {'dropuot': 0.1}, "'dropuot': did you mean 'dropout'"),
    ('vgg13', {'widths': (1, 2)}, "no argument 'widths'"),
    ('vgg13', {'num_classes_': 3}, "no argument 'num_classes_'"),
    ('vgg13', {'dropout': 1.0}, 'dropout is 1.0'),
    ('vgg13', {'dropout': 'half'}, "dropout is 'half'"),
    ('vgg13', {'momentum': -0.1}, 'momentum is -0.1'),
    ('vgg13', {'epsilon': 0}, 'epsilon is 0'),
    ('preact_resnet11', {'widths': ()}, 'widths is'),
    ('preact_resnet11', {'widths': (8, 0, 8)}, 'widths is'),
    ('preact_resnet11', {'widths': 8}, 'widths is 8'),
    ('preact_resnet11', {'blocks': (1, 1.5, 1)}, 'blocks is'),
    ('preact_resnet11', {'blocks': (1, 1)}, 'equally long'),
    ('preact_resnet11', {'stem_stride': 0}, 'stem_stride is 0'),
    ('preact_resnet11', {'use_size': 1}, 'use_size is 1'),
  ],
)
def test_what_no_network_can_have_is_refused(name, arguments, message):
  with pytest.raises(UserError, match=message):
    models.create(name, 32, **arguments)
  with pytest.raises(UserError, match=message):
    models.check_canvas(name, 96, 96, **arguments)


def test_evened_pictures_have_neither_colour_nor_light_of_their_own():
  """Half black, half white: 1/2 about the mean over a deviation of 1/2 and a twentieth more."""
  picture = np.zeros((2, 4, 4, 3), np.uint8)
  picture[:, :2] = 255
  picture[1] = picture[1] // 5 + 50  # From 50 to 101: a fifth of the contrast, 1/10.
  found = np.asarray(jax.jit(layers.evened, static_argnums=1)(picture, jnp.float32))
  np.testing.assert_allclose(found[0, :2], -0.5 / 0.55, rtol=1e-5)
  np.testing.assert_allclose(found[0, 2:], 0.5 / 0.55, rtol=1e-5)
  np.testing.assert_allclose(found[1, 2:], 0.1 / 0.15, rtol=1e-5)


def test_brightness():
  """Of 200 in each colour by itself, and of one channel that is brightness already."""
  colours = jnp.asarray(np.eye(3, dtype=np.uint8)[None] * 200)
  np.testing.assert_allclose(layers.brightness(colours)[..., 0], [[59.8, 117.4, 22.8]], rtol=1e-5)
  grey = jnp.array([[[7], [250]]], jnp.uint8)
  np.testing.assert_array_equal(layers.brightness(grey), [[[7], [250]]])
