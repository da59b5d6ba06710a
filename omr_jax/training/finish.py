"""The end of training: the chosen variables are tested, and each run gets its results."""

import contextlib
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version

import jax
import numpy as np

from omr_jax.evaluation import evaluated
from omr_jax.report import write
from omr_jax.training import checkpoint, processes, starts, trained
from omr_jax.training import state as states
from omr_jax.training.population import Member, Population
from omr_jax.training.state import TrainState, Variables, count_parameters
from omr_jax.training.workdir import remove_shared_checkpoints

_VERSIONS = ('jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint', 'tensorflow-datasets', 'numpy')


def finish(
  population: Population, state: TrainState, best: Variables, paces: Sequence[float]
) -> dict[str, dict]:
  """Tests the members, writes their results and reports, and returns their summaries by name.

  Members whose loss was not finite get no results and no summary. With several processes the first
  one writes and the others return {}.

  Args:
    population: Its training has ended.
    state: The last state.
    best: Variables of each member's best epoch.
    paces: Images per second of each member, the median over its epochs.

  Raises:
    UserError: The disk is full.
  """
  variables, epochs = trained.tested(population.config, state, best)
  predict = population.predict(variables)
  configs = [member.config for member in population.members]
  found = population.recipe.task.evaluation.evaluate(configs, population.dataset, predict)
  if not processes.is_first():
    return {}
  trained_epochs, bad_steps, summaries = np.asarray(state.epoch), np.asarray(state.bad_step), {}
  for number in np.flatnonzero(bad_steps < 0).tolist():
    member = population.members[number]
    if member.name:  # From here on its folder is that of a run alone.
      _save_alone(population, state, best, number)
    evaluated.save(member.workdir, found[number])
    facts = {
      **_facts(population, member),
      'parameters': count_parameters(state),
      'epochs': int(trained_epochs[number]),
      'tested_epoch': int(epochs[number]),
      'images_per_s': round(float(paces[number]), 1),
    }
    summaries[member.name] = write.write(member.workdir, facts)
  if len(summaries) == len(population.members) > 1:
    population.checkpoints.close()
    remove_shared_checkpoints(population.workdir)
  return summaries


def _save_alone(population: Population, state: TrainState, best: Variables, number: int) -> None:
  folder = population.members[number].workdir
  with contextlib.closing(checkpoint.open_folder(folder)) as manager:
    own, own_best = states.member(state, number), states.member(best, number)
    checkpoint.save(
      manager, int(own.step[0]), own, own_best, population.seconds(), population.starts
    )


def _facts(population: Population, member: Member) -> dict:
  """The part of the summary that does not come from the evaluation."""
  dataset = population.dataset
  return {
    'config_name': population.config_name,
    'protocol': population.recipe.task.recipe.split_name(member.config),
    'data_digest': dataset.digest,
    'origin': dataset.origin,
    'split_sizes': dataset.sizes,
    'seed': member.config.seed,
    'network': member.config.model.name,
    'trained_together': len(population.members),
    'seconds': round(population.seconds(), 1),
    'peak_memory_gib': round(_peak_memory() / 2**30, 2),
    'devices': [str(device.device_kind) for device in jax.devices()],
    'processes': jax.process_count(),
    **starts.facts(population.starts),
    'versions': {'python': platform.python_version()} | {name: version(name) for name in _VERSIONS},
  }


def _peak_memory() -> int:
  """The most memory that this process has used, in bytes; 0 on Windows."""
  try:
    import resource
  except ImportError:
    return 0
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else peak * 1024  # Linux counts in KiB, macOS in bytes.
