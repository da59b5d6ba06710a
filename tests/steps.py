"""The training step alone, on as many of this process's devices as wanted."""

import json

import jax
import numpy as np
import optax
from small_runs import config_page

from omr_jax.data import dataset as data
from omr_jax.recipe import recipe
from omr_jax.tasks.symbols import data as symbol_data
from omr_jax.training import feed
from omr_jax.training import step as train
from omr_jax.training.devices import BATCH_AXIS, MEMBER_AXIS


def mesh(devices=1, of_members=1):
  kinds = (jax.sharding.AxisType.Auto,) * 2
  return jax.make_mesh(
    (of_members, devices // of_members),
    (MEMBER_AXIS, BATCH_AXIS),
    axis_types=kinds,
    devices=jax.devices()[:devices],
  )


def create(parts, devices=1, whole_epochs=False, **arguments):
  """The functions of a run alone."""
  defaults = {
    'strengths': {},
    'seed': 0,
    'batch_size': 8,
    'steps_per_epoch': 38,
    'tx': optax.sgd(0.1),
    'average_decay': 0.9,
    'label_smoothing': 0.05,
    'class_weights': None,
  }
  training = train.Training(parts, **(defaults | arguments))
  return train.create(lambda numbers: training, {}, mesh(devices), whole_epochs)


def alone(trainer, state, arrays, order, stop):
  """Trains the only member of a population."""
  return trainer.run(state, np.array([True]), arrays, order[None], np.int32(stop))


def first_losses(devices, folders, config_json):
  """The losses of five steps of the small config, each on `devices` devices."""
  config = config_page('homus')
  config.unlock()
  config.update(_tuples(json.loads(config_json)))
  parts = recipe.create(config)
  arrays = symbol_data.load(config.data.protocol, parts.drawing, *folders, allow_changed=True)
  tx, _ = parts.create_tx(38 * config.epochs)
  trainer = create(parts, devices, tx=tx, label_smoothing=config.loss.label_smoothing)
  on_devices = feed.on_devices(arrays.splits['train'], parts.reads, mesh(devices))
  state, order, losses = trainer.init(), data.epoch_order(0, 1, 304), []
  for step in range(5):
    state = alone(trainer, state, on_devices, order, step + 1)
    assert len(state.loss_sum.sharding.device_set) == devices
    losses.append(float(state.loss_sum[0]))
  return np.diff(losses, prepend=0).tolist()


def _tuples(tree):
  if isinstance(tree, dict):
    return {key: _tuples(value) for key, value in tree.items()}
  return tuple(tree) if isinstance(tree, list) else tree
