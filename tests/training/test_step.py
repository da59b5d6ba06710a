"""The training step: alone, as an epoch, on several devices, for other platforms."""

import json
import os
import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import export
from small_runs import ROOT, config_page, load_page
from steps import alone, create, mesh

from omr_jax.data import dataset as data
from omr_jax.inputs import views
from omr_jax.recipe import recipe
from omr_jax.training import feed
from omr_jax.training import step as train

TRAINING_SYMBOLS = 12170  # of the split original
FOUR_DEVICES = """
import json
import jax
import numpy as np
jax.config.update('jax_num_cpu_devices', 4)
import steps
print(json.dumps([steps.first_losses(n, {folders!r}, {config!r}) for n in (1, 4)]))
"""


@pytest.fixture
def plain(parts):
  """Without augmentation and dropout: the loss of a step follows from its symbols alone."""
  return parts._replace(
    reads=('image', 'size', 'label'),
    inputs=lambda strengths, rng, batch: batch,
    module=parts.module.clone(dropout=0.0),
  )


def placed(dataset, parts):
  return feed.on_devices(dataset.splits['train'], parts.reads, mesh())


def test_four_devices_have_the_losses_of_one(config, dataset, folders):
  script = FOUR_DEVICES.format(folders=[str(f) for f in folders], config=config.to_json())
  done = subprocess.run(
    [sys.executable, '-c', script],
    cwd=ROOT / 'tests',
    env=os.environ | {'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  one, four = json.loads(done.stdout)
  assert len(set(one)) == 5  # It trains.
  np.testing.assert_allclose(four, one, rtol=0, atol=1e-5)


def test_whole_epoch_equals_its_steps(dataset, parts):
  arrays, order = placed(dataset, parts), data.epoch_order(0, 1, 304)
  by_steps, whole = create(parts), create(parts, whole_epochs=True)
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
  trainer = create(plain, whole_epochs=whole_epochs, tx=optax.sgd(jnp.inf))
  arrays, order = placed(dataset, plain), data.epoch_order(0, 1, 304)
  state = trainer.init()
  for _ in range(1 if whole_epochs else 2):
    state = alone(trainer, state, arrays, order, 7)
  assert int(state.bad_step[0]) == 1
  assert int(state.step[0]) == 2


def test_steps_take_the_epoch_in_its_order(dataset, plain):
  """Two symbols a step: the loss of step 3 is that of a run whose order begins with its symbols."""
  arrays = placed(dataset, plain)
  trainer = create(plain, batch_size=2, steps_per_epoch=152, tx=optax.set_to_zero())
  order = data.epoch_order(0, 1, 304)
  state = trainer.init()
  sums = []
  for _ in range(4):
    state = alone(trainer, state, arrays, order, 0)
    sums.append(float(state.loss_sum[0]))
  turned = alone(trainer, trainer.init(), arrays, np.roll(order, -6), 0)
  np.testing.assert_allclose(float(turned.loss_sum[0]), sums[3] - sums[2], rtol=1e-5)
  assert abs(sums[0] - (sums[3] - sums[2])) > 1e-4
  # Epoch 2 begins at the front of its own order again.
  late = trainer.init().replace(step=jnp.array([152], jnp.int32))
  again = alone(trainer, late, arrays, order, 0)
  np.testing.assert_allclose(float(again.loss_sum[0]), sums[0], rtol=1e-5)


def test_class_weights_are_factors_of_the_losses(dataset, plain):
  arrays, order = placed(dataset, plain), data.epoch_order(0, 1, 304)
  losses = {}
  for factor in (None, 1.0, 3.0):
    weights = None if factor is None else np.full(32, factor)
    trainer = create(plain, class_weights=weights)
    losses[factor] = float(alone(trainer, trainer.init(), arrays, order, 1).loss_sum[0])
  np.testing.assert_allclose(losses[1.0], losses[None], rtol=1e-6)
  np.testing.assert_allclose(losses[3.0], 3 * losses[None], rtol=1e-6)


def test_average_of_the_first_step(dataset, plain):
  """keep = (1 + 0) / (10 + 0), so that the average is 0.1 of the old and 0.9 of the new."""
  trainer = create(plain, average_decay=0.995)
  state = trainer.init()
  old = jax.tree.map(np.array, state.variables)
  state = alone(trainer, state, placed(dataset, plain), data.epoch_order(0, 1, 304), 1)
  expected = jax.tree.map(lambda a, b: 0.1 * a + 0.9 * np.asarray(b), old, state.variables)
  jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), state.average, expected)
  assert state.evaluated() is state.average


def test_variables_that_were_fetched_outlive_the_donated_state(dataset, plain):
  trainer = create(plain)
  state = trainer.init()
  fetched = jax.device_get(state.variables)
  copy = jax.tree.map(np.array, fetched)
  state = alone(trainer, state, placed(dataset, plain), data.epoch_order(0, 1, 304), 1)
  jax.tree.map(np.testing.assert_array_equal, fetched, copy)
  kernels = (state.variables['params'], copy['params'])
  assert any(jax.tree.leaves(jax.tree.map(lambda a, b: (a != b).any(), *kernels)))


def test_prediction_pads_the_last_batch_without_a_trace(monkeypatch):
  """Logits made by hand: the sum of the picture, and the size."""

  def logits(variables, batch):
    assert batch['image'].shape == (4, 2, 3, 1) and batch['size'].shape == (4, 2)
    sums = batch['image'].astype(np.float32).sum((1, 2, 3)) * variables
    return np.concatenate([sums[:, None], batch['size']], axis=1)

  monkeypatch.setattr(train, 'EVALUATION_BATCH', 3)
  monkeypatch.setattr(jax, 'device_count', lambda: 2)  # Which share batches of 4.
  for examples in (1, 4, 10):
    number = np.arange(examples)
    arrays = {
      'image': np.tile(number.astype(np.uint8)[:, None, None, None], (1, 2, 3, 1)),
      'size': np.stack([number, -number], 1).astype(np.float32),
      'label': number,
    }
    expected = np.stack([2 * 6 * number, number, -number], 1)
    np.testing.assert_array_equal(train.predict(logits, 2, arrays, ('image', 'size')), expected)


def pages():
  for path in sorted((ROOT / 'configs').glob('[!_]*.py')):
    variants = getattr(load_page(path.stem), 'VARIANTS', None)
    for variant in [()] if variants is None else [(name,) for name in variants]:
      yield pytest.param(path.stem, variant, id=':'.join((path.stem, *variant)))


@pytest.mark.parametrize(('page', 'variant'), pages())
def test_training_lowers_for_tpu_and_cuda(page, variant, dataset):
  config = config_page(page, *variant)
  parts = recipe.create(config)
  steps_per_epoch = TRAINING_SYMBOLS // config.batch_size
  trainer = create(
    parts,
    batch_size=config.batch_size,
    steps_per_epoch=steps_per_epoch,
    tx=parts.create_tx(steps_per_epoch * config.epochs)[0],
    average_decay=config.average_decay,
    label_smoothing=config.loss.label_smoothing,
    class_weights=parts.class_weights(np.ones(len(parts.classes))) if parts.class_weights else None,
    whole_epochs=True,
  )
  shapes = {
    name: jax.ShapeDtypeStruct((TRAINING_SYMBOLS, *value.shape[1:]), value.dtype)
    for name, value in dataset.splits['train'].items()
    if name in parts.reads
  }
  if 'image' in parts.reads:
    shapes['image'] = jax.ShapeDtypeStruct((TRAINING_SYMBOLS, *parts.shape), np.uint8)
  if 'views' in parts.reads:
    shape = (TRAINING_SYMBOLS, views.count(config.picture.tiles), *parts.shape)
    shapes['views'] = jax.ShapeDtypeStruct(shape, np.uint8)
  state = jax.eval_shape(trainer.init)
  order = jax.ShapeDtypeStruct((1, TRAINING_SYMBOLS), np.int32)
  running = jax.ShapeDtypeStruct((1,), bool)
  stop = jax.ShapeDtypeStruct((), np.int32)
  lowered = export.export(jax.jit(trainer.run), platforms=['tpu', 'cuda'])(
    state, running, shapes, order, stop
  )
  assert lowered.platforms == ('tpu', 'cuda')
  assert jax.tree.structure(jax.tree.unflatten(lowered.out_tree, lowered.out_avals)) == (
    jax.tree.structure(state)
  )
