"""The training step: alone, as an epoch, on several devices, for other platforms."""

import json
from functools import partial
from types import SimpleNamespace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from commands import answer
from networks import less_deep
from small_runs import ROOT, config_page, load_page, small_config
from steps import alone, create, first_losses, mesh, shapes

from omr_jax import models
from omr_jax.data import dataset as data
from omr_jax.inputs import views
from omr_jax.recipe import hyperparameters, recipe
from omr_jax.recipe.hyperparameters import Hyperparameters
from omr_jax.tasks.classifiers.training import cross_entropy
from omr_jax.tasks.pages import sprites
from omr_jax.tasks.pages.tiles import TILE
from omr_jax.training import backend, feed, inference, trainer
from omr_jax.training import state as states
from omr_jax.training.step import Training, train_step

TRAINING_SYMBOLS = 12170  # of the split original


def as_they_are(strengths, rng, batch):
  """Inputs without augmentation, and labels."""
  del strengths, rng
  return batch, batch['label']


@pytest.fixture
def config():
  """With a network that compiles faster: what is tested here is around it."""
  config = small_config()
  config.model.widths, config.model.blocks = (4,), (1,)
  return config


@pytest.fixture
def still(parts):
  """Without augmentation."""
  return parts._replace(reads=('image', 'size', 'label'), augmented=as_they_are)


@pytest.fixture
def plain(still):
  """Without augmentation and dropout: the loss of a step follows from its symbols alone."""
  return still._replace(module=still.module.clone(dropout=0.0))


def placed(dataset, parts):
  return feed.on_devices(dataset.splits['train'], parts.reads, mesh())


def test_the_loss_is_the_mean_over_examples_and_heads():
  """Logits (0, log 3) are the probabilities 1/4 and 3/4, equal logits are 1/2 each."""
  labels, sure = np.array([0, 1]), np.array([[0, np.log(3)]] * 2, np.float32)
  alone, heads = sure, np.stack([sure, np.zeros((2, 2), np.float32)])
  loss = jax.jit(cross_entropy)
  np.testing.assert_allclose(loss(alone, labels, 0.0), np.log([4, 4 / 3]).mean(), rtol=1e-6)
  by_hand = np.log([4, 4 / 3, 2, 2])
  np.testing.assert_allclose(loss(heads, labels, 0.0), by_hand.mean(), rtol=1e-6)
  # Weights are the examples', in every head.
  weighted = (by_hand * [1, 5, 1, 5]).mean()
  np.testing.assert_allclose(loss(heads, labels, 0.0, np.array([1, 5])), weighted, rtol=1e-6)
  # A smoothing of 0.2 is a target of 0.9 and 0.1.
  smooth = np.log([4, 4 / 3]) @ [0.9, 0.1]
  np.testing.assert_allclose(loss(alone[:1], labels[:1], 0.2), smooth, rtol=1e-6)


def test_a_step_of_plain_descent_by_hand(dataset, plain):
  """Without augmentation and dropout: params - 0.1 * gradient of the loss."""
  plain = plain._replace(create_tx=lambda numbers, steps: optax.sgd(0.1))
  numbers = Hyperparameters(0, 0.0, {'label_smoothing': 0.05}, strengths={}, optimizer={})
  state = jax.jit(lambda: states.init(plain, numbers, 38))()
  batch = {name: jnp.asarray(dataset.splits['train'][name][:8]) for name in plain.reads}

  def loss_of(params):
    variables = {**state.variables, 'params': params}
    logits, _ = plain.module.apply(variables, batch, train=True, mutable=['batch_stats'])
    return cross_entropy(logits, batch['label'], 0.05)

  value, grads = jax.jit(jax.value_and_grad(loss_of))(state.variables['params'])
  training = Training(plain, 8, 38, 1, cross_entropy)
  after = jax.jit(lambda state: train_step(training, numbers, state, batch))(state)
  assert int(after.step) == 1 and float(after.loss_sum) == pytest.approx(float(value), rel=1e-5)
  expected = jax.tree.map(lambda p, g: p - 0.1 * g, state.variables['params'], grads)
  close = partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6)
  jax.tree.map(close, after.variables['params'], expected)


class Softmax(nn.Module):
  """A network without batch norm."""

  @nn.compact
  def __call__(self, inputs, train):
    del train
    x = inputs['size']
    return nn.Dense(32, kernel_init=nn.initializers.zeros)(x)


def test_a_network_without_batch_norm_trains(dataset, plain):
  """All logits are 0 at first, so the gradient of a logit is 1/32 less its target.

  With a smoothing of 0.05 the target is 0.05/32, and 0.95 more for the true class.
  """
  compiled = create(plain._replace(module=Softmax()))
  state = compiled.init()
  order = data.epoch_order(0, 1, 304)
  labels = np.asarray(dataset.splits['train']['label'])[order[:8]]
  state = alone(compiled, state, placed(dataset, plain), order, 1)
  targets = 0.05 / 32 + 0.95 * np.bincount(labels, minlength=32) / 8
  bias = np.asarray(state.variables['params']['Dense_0']['bias'][0])
  np.testing.assert_allclose(bias, -0.1 * (1 / 32 - targets), rtol=1e-5)
  assert state.variables['batch_stats'] == {} == state.average['batch_stats']


def test_four_devices_have_the_losses_of_one(config, dataset, folders):
  given = [str(folder) for folder in folders], config.to_json()
  done = answer('steps', *given[0], given[1], cwd=ROOT / 'tests')
  assert done.returncode == 0, done.stderr
  one, four = first_losses(1, *given), json.loads(done.stdout)
  assert len(set(one)) == 5  # It trains.
  np.testing.assert_allclose(four, one, rtol=0, atol=1e-5)


def test_whole_epoch_equals_its_steps(dataset, still):
  """With dropout, whose random numbers are others in each step."""
  assert still.module.dropout > 0
  arrays, order = placed(dataset, still), data.epoch_order(0, 1, 304)
  by_steps, whole = (create(still, whole_epochs=w) for w in (False, True))
  state = by_steps.init()
  for step in range(6):
    state = alone(by_steps, state, arrays, order, step + 1)
  other = alone(whole, whole.init(), arrays, order, 4)
  assert int(other.step[0]) == 4
  other = alone(whole, other, arrays, order, 6)
  assert int(state.step[0]) == int(other.step[0]) == 6
  jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-5), state, other)


@pytest.mark.parametrize('whole_epochs', [False, True])
def test_first_loss_that_is_not_finite_is_noted(dataset, plain, whole_epochs):
  """An endless rate spoils the params in step 0, so that the loss of step 1 is not finite."""
  compiled = create(plain, whole_epochs=whole_epochs, tx=optax.sgd(jnp.inf))
  arrays, order = placed(dataset, plain), data.epoch_order(0, 1, 304)
  state = compiled.init()
  for _ in range(1 if whole_epochs else 2):
    state = alone(compiled, state, arrays, order, 7)
  assert int(state.bad_step[0]) == 1
  assert int(state.step[0]) == 2


def test_steps_take_the_epoch_in_its_order(dataset, plain):
  """Two symbols a step: the loss of step 3 is that of a run whose order begins with its symbols."""
  arrays = placed(dataset, plain)
  compiled = create(plain, batch_size=2, steps_per_epoch=152, tx=optax.set_to_zero())
  order = data.epoch_order(0, 1, 304)
  state = compiled.init()
  sums = []
  for _ in range(4):
    state = alone(compiled, state, arrays, order, 0)
    sums.append(float(state.loss_sum[0]))
  turned = alone(compiled, compiled.init(), arrays, np.roll(order, -6), 0)
  np.testing.assert_allclose(float(turned.loss_sum[0]), sums[3] - sums[2], rtol=1e-5)
  assert abs(sums[0] - (sums[3] - sums[2])) > 1e-4
  # Epoch 2 begins at the front of its own order again.
  late = compiled.init().replace(step=jnp.array([152], jnp.int32))
  again = alone(compiled, late, arrays, order, 0)
  np.testing.assert_allclose(float(again.loss_sum[0]), sums[0], rtol=1e-5)


def test_class_weights_are_factors_of_the_losses(dataset, plain):
  arrays, order = placed(dataset, plain), data.epoch_order(0, 1, 304)
  losses = {}
  for factor in (None, 3.0):
    weights = None if factor is None else np.full(32, factor)
    compiled = create(plain, loss=partial(cross_entropy, class_weights=weights))
    losses[factor] = float(alone(compiled, compiled.init(), arrays, order, 1).loss_sum[0])
  np.testing.assert_allclose(losses[3.0], 3 * losses[None], rtol=1e-6)


def test_average_of_the_first_step(dataset, plain):
  """keep = (1 + 0) / (10 + 0), so that the average is 0.1 of the old and 0.9 of the new."""
  compiled = create(plain, average_decay=0.995)
  state = compiled.init()
  old = jax.tree.map(np.array, state.variables)
  state = alone(compiled, state, placed(dataset, plain), data.epoch_order(0, 1, 304), 1)
  expected = jax.tree.map(lambda a, b: 0.1 * a + 0.9 * np.asarray(b), old, state.variables)
  jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), state.average, expected)
  assert state.evaluated() is state.average


def test_variables_that_were_fetched_outlive_the_donated_state(dataset, plain):
  compiled = create(plain)
  state = compiled.init()
  fetched = jax.device_get(state.variables)
  copy = jax.tree.map(np.array, fetched)
  state = alone(compiled, state, placed(dataset, plain), data.epoch_order(0, 1, 304), 1)
  jax.tree.map(np.testing.assert_array_equal, fetched, copy)
  kernels = (state.variables['params'], copy['params'])
  assert any(jax.tree.leaves(jax.tree.map(lambda a, b: (a != b).any(), *kernels)))


def test_prediction_pads_the_last_batch_without_a_trace(monkeypatch):
  """Logits made by hand: the sum of the picture, and the size. Two devices share batches of 4."""

  def placed(arrays, names, chosen, mesh):
    return {name: arrays[name][chosen] for name in names}

  def logits(variables, batch):
    assert batch['image'].shape == (4, 2, 3, 1) and batch['size'].shape == (4, 2)
    sums = batch['image'].astype(np.float32).sum((1, 2, 3)) * variables
    return np.concatenate([sums[:, None], batch['size']], axis=1)[None]

  monkeypatch.setattr(inference, 'EVALUATION_BATCH', 3)
  monkeypatch.setattr(inference, 'place_examples', placed)
  for examples in (1, 4, 10):
    number = np.arange(examples)
    arrays = {
      'image': np.tile(number.astype(np.uint8)[:, None, None, None], (1, 2, 3, 1)),
      'size': np.stack([number, -number], 1).astype(np.float32),
      'label': number,
    }
    expected = np.stack([2 * 6 * number, number, -number], 1)
    found = inference.in_batches(logits, 2, arrays, ('image', 'size'), SimpleNamespace(size=2))
    np.testing.assert_array_equal(np.concatenate([*found], 1), expected[None])


def kind(config):
  """A config without its numbers: whether they are 0 is all that its program depends on."""
  if isinstance(config, dict):
    return {key: kind(value) for key, value in config.items()}
  if isinstance(config, list | tuple):
    return [kind(each) for each in config]
  return bool(config) if isinstance(config, int | float) else config


def less_deep_page(page, variant):
  """The config of a page, whose networks are as those of `networks.less_deep`."""
  config = config_page(page, *variant)
  for key in {'widths', 'pen_widths'}.intersection(config.model):
    config.model[key] = config.model[key][:2]
  for key in {'blocks', 'pen_blocks'}.intersection(config.model):
    config.model[key] = (1, 2)
  return config


def pages():
  """All pages, but those that differ from one before in numbers only."""
  kinds = []
  for path in sorted((ROOT / 'omr_jax' / 'configs').glob('[!_]*.py')):
    variants = getattr(load_page(path.stem), 'VARIANTS', None)
    for variant in [()] if variants is None else [(name,) for name in variants]:
      of_page = kind(less_deep_page(path.stem, variant).to_dict())
      if of_page not in kinds:
        kinds.append(of_page)
        yield pytest.param(path.stem, variant, id=':'.join((path.stem, *variant)))


@pytest.mark.parametrize(('page', 'variant'), pages())
def test_training_lowers_for_tpu_and_cuda(page, variant, dataset, monkeypatch):
  monkeypatch.setattr(models, 'check_canvas', lambda *_, **__: None)  # In test_recipe, for all.
  monkeypatch.setattr(backend, 'for_networks', lambda _: {})  # As on a TPU or GPU.
  config = less_deep_page(page, variant)
  parts = recipe.create(config)
  if 'blocks' not in config.model:  # Networks of the paper, which have no such option.
    parts = parts._replace(module=less_deep(parts.module))
  training = Training(
    recipe=parts,
    batch_size=config.batch_size,
    steps_per_epoch=TRAINING_SYMBOLS // config.batch_size,
    epochs=config.epochs,
    loss=parts.loss({'label': np.arange(len(parts.classes))}),
  )
  numbers = hyperparameters.of_config(config)
  compiled = trainer.create(training, [numbers], mesh(), whole_epochs=True)
  read = {
    name: jax.ShapeDtypeStruct((TRAINING_SYMBOLS, *value.shape[1:]), value.dtype)
    for name, value in dataset.splits['train'].items()
    if name in parts.reads
  }
  if 'image' in parts.reads:
    read['image'] = jax.ShapeDtypeStruct((TRAINING_SYMBOLS, *parts.shape), np.uint8)
  if 'views' in parts.reads:
    shape = (TRAINING_SYMBOLS, views.count(config.picture.tiles), *parts.shape)
    read['views'] = jax.ShapeDtypeStruct(shape, np.uint8)
  if 'tile' in parts.reads:
    objects = (TRAINING_SYMBOLS, 60)  # Some 60 in a tile.
    read |= {
      'tile': jax.ShapeDtypeStruct((TRAINING_SYMBOLS, TILE, TILE), np.uint8),
      'boxes': jax.ShapeDtypeStruct((*objects, 4), np.float32),
      'classes': jax.ShapeDtypeStruct(objects, np.int32),
    }
  if 'sprite' in parts.reads:
    pasted = (TRAINING_SYMBOLS, config.data.pasted)
    read |= {
      'sprite': jax.ShapeDtypeStruct((*pasted, sprites.SIDE, sprites.SIDE), np.uint8),
      'sprite_box': jax.ShapeDtypeStruct((*pasted, 4), np.float32),
      'sprite_class': jax.ShapeDtypeStruct(pasted, np.int32),
    }
  state = shapes(compiled)
  order = jax.ShapeDtypeStruct((1, TRAINING_SYMBOLS), np.int32)
  running = jax.ShapeDtypeStruct((1,), bool)
  stop = jax.ShapeDtypeStruct((), np.int32)
  traced = jax.jit(compiled.run).trace(state, running, read, order, stop)
  lowered = traced.lower(lowering_platforms=('tpu', 'cuda'))
  assert lowered.out_tree == jax.tree.structure(state)
