"""Loads the network of a finished run, for `omr_jax.load` and for export."""

import os
from collections.abc import Callable, Mapping
from functools import partial

import jax
import numpy as np
import scipy

from omr_jax.evaluation import finished_run, metrics
from omr_jax.evaluation.confidence import SURE
from omr_jax.predict.model_json import PROBABILITIES, Described
from omr_jax.predict.prepare import Inputs
from omr_jax.recipe import recipe as recipes
from omr_jax.training import backend, trained
from omr_jax.training.trained import Trained

# Examples in a batch.
_TOGETHER = 8
# The facts of a run that `model.json` repeats, under the key `run`.
_FACTS = (
  *('config_name', 'protocol', 'origin', 'data_digest', 'split_sizes', 'seed', 'network'),
  *('parameters', 'epochs', 'tested_epoch', 'revision', 'versions'),
)


def open_run(workdir: str | os.PathLike[str]) -> tuple[Described, Callable[[Inputs], Inputs]]:
  """The network of a finished run: its description, and a function from inputs to outputs.

  The function takes any number of examples, and computes them in batches of one size.

  Raises:
    UserError: The run is not finished, or damaged.
  """
  backend.start()
  network = trained.load(workdir)
  model = describe(network, workdir)
  compiled = jax.jit(partial(outputs, network, model.facts['temperature']))

  def call(inputs: Inputs) -> Inputs:
    count, found = len(inputs[model.reads[0]]), []
    for first in range(0, count, _TOGETHER):
      # JAX compiles anew for every size, so the last example fills up the last batch.
      rows = np.minimum(np.arange(first, first + _TOGETHER), count - 1)
      found.append(compiled({name: inputs[name][rows] for name in model.reads}))
    return {name: np.concatenate([batch[name] for batch in found])[:count] for name in model.gives}

  return model, call


def exact(workdir: str | os.PathLike[str]) -> Trained:
  """A run's network with all arithmetic in float32, even if it was trained in bfloat16."""
  network = trained.load(workdir)
  config = network.config.copy_and_resolve_references()
  config.precision = 'float32'
  return network._replace(config=config, recipe=recipes.create(config))


def by_jax(network: Trained, temperature: float) -> Callable[[Inputs], jax.Array]:
  """Calibrated probabilities of the classes, float32 [batch, classes], as a compiled function."""
  return jax.jit(partial(probabilities, network, temperature))


def probabilities(
  network: Trained, temperature: float, inputs: Mapping[str, jax.Array]
) -> jax.Array:
  """Calibrated probabilities, as `by_jax` compiles them."""
  return outputs(network, temperature, inputs)[PROBABILITIES]


def outputs(
  network: Trained, temperature: float, inputs: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
  """All outputs of an exported network by name: probabilities, and calibrated log-odds."""
  logits, more = network.recipe.outputs(network.variables, inputs)
  return {PROBABILITIES: jax.nn.softmax(logits / temperature)} | {
    name: log_odds / temperature for name, log_odds in more.items()
  }


def describe(network: Trained, workdir: str | os.PathLike[str]) -> Described:
  """What a program must know of the network of a finished run.

  Args:
    network: The network of the run.
    workdir: The folder of the run.

  Raises:
    UserError: The run is not finished, or damaged.
  """
  run, recipe = finished_run.read(workdir), network.recipe
  threshold, temperature = run.decision
  correct, n = int((run.test_predicted == run.test_labels).sum()), len(run.test_labels)
  facts = {
    'temperature': temperature,
    'test': {'correct': correct, 'n': n, 'interval': metrics.wilson_interval(correct, n)},
    'run': {name: run.facts[name] for name in _FACTS if name in run.facts},
    'config': run.config,
  }
  if threshold is not None:
    facts['sure'] = SURE
  return Described(
    recipe.task,
    recipe.classes,
    recipe.picture,
    recipe.evaluates,
    (PROBABILITIES, *recipe.task.inputs.outputs(recipe.picture)),
    None if threshold is None else float(scipy.special.expit(threshold / temperature)),
    facts,
  )
