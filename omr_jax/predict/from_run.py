"""Loads the network of a finished run, for `omr_jax.load` and for export."""

import os
from collections.abc import Callable, Mapping
from functools import partial

import jax
import numpy as np

from omr_jax.evaluation import finished_run
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.recipe import recipe as recipes
from omr_jax.tasks.classifiers.outputs import UNKNOWN
from omr_jax.training import backend, trained
from omr_jax.training.trained import Trained

_BATCH = 8  # Examples in a batch.
# The facts of a run that `model.json` repeats, under the key `run`.
_FACTS = (
  *('config_name', 'protocol', 'origin', 'data_digest', 'split_sizes', 'seed', 'network'),
  *('parameters', 'epochs', 'tested_epoch', 'revision', 'versions'),
)


def open_run(workdir: str | os.PathLike[str]) -> tuple[Described, Callable[[Inputs], Inputs]]:
  """The network of a finished run: its description, and a function from inputs to outputs.

  The function takes any number of examples, and computes them in batches of one size. Numbers have
  32 bits in it, as in training, whatever the calling program has chosen for its own.

  Raises:
    UserError: The run is not finished, or damaged.
  """
  backend.start()
  with jax.enable_x64(False):
    network = trained.load(workdir)
    model = describe(network, workdir)
    compiled = by_jax(network, model)

  def call(inputs: Inputs) -> Inputs:
    count, found = len(inputs[model.reads[0]]), []
    for first in range(0, count, _BATCH):
      # JAX compiles anew for every size, so the last example fills up the last batch.
      rows = np.minimum(np.arange(first, first + _BATCH), count - 1)
      with jax.enable_x64(False):
        found.append(compiled({name: inputs[name][rows] for name in model.reads}))
    return {name: np.concatenate([batch[name] for batch in found])[:count] for name in model.gives}

  return model, call


def exact(workdir: str | os.PathLike[str]) -> Trained:
  """A run's network with all arithmetic in float32, even if it was trained in bfloat16."""
  network = trained.load(workdir)
  config = network.config.copy_and_resolve_references()
  config.precision = 'float32'
  return network._replace(config=config, recipe=recipes.create(config))


def by_jax(network: Trained, model: Described) -> Callable[[Inputs], Inputs]:
  """All outputs by name as a compiled function."""
  options = backend.for_networks(jax.default_backend())
  compiled = jax.jit(partial(outputs, network, model), compiler_options=options)
  return lambda inputs: {name: np.asarray(each) for name, each in compiled(dict(inputs)).items()}


def outputs(
  network: Trained, model: Described, inputs: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
  """All outputs of an exported network by name, as its task's `recipe.exported` describes them."""
  compute = model.task.recipe.exported(network.recipe.module, model.facts)
  found: dict[str, jax.Array] = compute(network.variables, inputs)
  return found


def describe(network: Trained, workdir: str | os.PathLike[str]) -> Described:
  """What a program must know of the network of a finished run.

  Args:
    network: The network of the run.
    workdir: The folder of the run.

  Raises:
    UserError: The run is not finished, or damaged.
  """
  run, recipe = finished_run.read(workdir), network.recipe
  threshold, own = recipe.task.evaluation.described(run)
  facts = {
    **own,
    'run': {name: run.facts[name] for name in _FACTS if name in run.facts},
    'config': run.config,
  }
  known = recipe.task.inputs.outputs(recipe.picture, recipe.classes)
  gives = tuple(name for name in known if name != UNKNOWN)
  return Described(
    recipe.task, recipe.classes, recipe.picture, recipe.evaluates, gives, threshold, facts
  )
