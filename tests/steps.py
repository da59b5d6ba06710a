"""The training step alone, on as many of this process's devices as wanted.

As a program it prints `first_losses` of four devices; its arguments are the folders of prepared and
of raw data and the config, as JSON.
"""

import json
import sys

import jax
import numpy as np
import optax
from small_runs import config_page

from omr_jax.data import dataset as data
from omr_jax.recipe import hyperparameters
from omr_jax.recipe import recipe as recipes
from omr_jax.recipe.hyperparameters import Hyperparameters
from omr_jax.tasks.classifiers.training import cross_entropy
from omr_jax.tasks.symbols import data as symbol_data
from omr_jax.training import feed, trainer
from omr_jax.training.devices import BATCH_AXIS, MEMBER_AXIS
from omr_jax.training.step import Training


def mesh(devices=1, of_members=1):
  kinds = (jax.sharding.AxisType.Auto,) * 2
  return jax.make_mesh(
    (of_members, devices // of_members),
    (MEMBER_AXIS, BATCH_AXIS),
    axis_types=kinds,
    devices=jax.devices()[:devices],
  )


def descent(numbers, steps):
  """Plain descent, for `Recipe.create_tx`."""
  del numbers, steps
  return optax.sgd(0.1)


def create(recipe, devices=1, whole_epochs=False, tx=None, **changes):
  """The functions of a run alone; `changes` are of its hyperparameters and of what is constant."""
  create_tx = descent if tx is None else lambda numbers, steps: tx
  training = Training(recipe._replace(create_tx=create_tx), 8, 38, 3, cross_entropy)
  numbers = Hyperparameters(0, 0.9, {'label_smoothing': 0.05}, strengths={}, optimizer={})
  own = {name: value for name, value in changes.items() if name in Hyperparameters._fields}
  others = {name: value for name, value in changes.items() if name not in own}
  numbers, training = numbers._replace(**own), training._replace(**others)
  return trainer.create(training, [numbers], mesh(devices), whole_epochs)


def shapes(compiled):
  """The state of a run before its first step, as shapes."""
  init = compiled.init  # JAX takes the options of its compiler at the outermost function only.
  return init.func.eval_shape(*init.args)


def alone(compiled, state, arrays, order, stop):
  """Trains the only member of a population."""
  return compiled.run(state, np.array([True]), arrays, order[None], np.int32(stop))


def first_losses(devices, folders, config_json):
  """The losses of the first five steps of a run, each on `devices` devices."""
  config = config_page('homus')
  config.unlock()
  config.update(_tuples(json.loads(config_json)))
  parts = recipes.create(config)
  arrays = symbol_data.load(config.data.protocol, parts.picture, *folders, allow_changed=True)
  loss = parts.loss(arrays.splits['train'])
  training = Training(parts, config.batch_size, 38, config.epochs, loss)
  numbers = hyperparameters.of_config(config)
  compiled = trainer.create(training, [numbers], mesh(devices), whole_epochs=False)
  on_devices = feed.on_devices(arrays.splits['train'], parts.reads, mesh(devices))
  state, order, losses = compiled.init(), data.epoch_order(0, 1, 304), []
  for step in range(5):
    state = alone(compiled, state, on_devices, order, step + 1)
    assert len(state.loss_sum.sharding.device_set) == devices
    losses.append(float(state.loss_sum[0]))
  return np.diff(losses, prepend=0).tolist()


def _tuples(tree):
  if isinstance(tree, dict):
    return {key: _tuples(value) for key, value in tree.items()}
  return tuple(tree) if isinstance(tree, list) else tree


if __name__ == '__main__':
  jax.config.update('jax_num_cpu_devices', 4)
  print(json.dumps(first_losses(4, sys.argv[1:3], sys.argv[3])))
