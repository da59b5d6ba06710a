"""The end of runs: the chosen variables tested, and what each run tells about itself."""

import contextlib
import platform
import resource
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import jax
import numpy as np

from omr_jax.data import dataset as data
from omr_jax.evaluation import decision, finished_run
from omr_jax.report import write
from omr_jax.training import checkpoint, processes, trained
from omr_jax.training import state as states
from omr_jax.training.runs import Member, Runs
from omr_jax.training.state import TrainState, Variables, count_parameters
from omr_jax.utils.revision import revision

_VERSIONS = ('jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint', 'tensorflow-datasets', 'numpy')


def finish(
  together: Runs, state: TrainState, best: Variables, paces: Sequence[float]
) -> dict[str, dict]:
  """Evaluates what is to be tested, writes everything down, and returns the summaries by name.

  Of members whose loss is not finite there is none; of several processes only the first writes
  and returns any.

  Args:
    together: Whose training has ended.
    state: Their last.
    best: Variables of each one's best epoch.
    paces: Images per second of each, the median over the epochs.

  Raises:
    UserError: A full disk.
  """
  variables, epochs = trained.tested(together.config, state, best)
  splits = together.dataset.splits
  validation, test = (together.predict(variables, splits[name]) for name in data.SPLITS[1:])
  further = together.parts.task.evaluation.arrays(
    together.config, together.dataset, lambda arrays: together.predict(variables, arrays)
  )
  if not processes.is_first():
    return {}
  trained_epochs, bad_steps, summaries = np.asarray(state.epoch), np.asarray(state.bad_step), {}
  for number in np.flatnonzero(bad_steps < 0):
    member = together.members[number]
    if member.name:  # From here on it is a run alone.
      _save_apart(together, state, best, number)
    _save_evaluation(
      together, member, validation[number], test[number], further[number] if further else {}
    )
    facts = {
      **_facts(together, member),
      'parameters': count_parameters(state),
      'epochs': int(trained_epochs[number]),
      'tested_epoch': int(epochs[number]),
      'images_per_s': round(float(paces[number]), 1),
    }
    summaries[member.name] = write.write(member.workdir, facts)
  if len(summaries) == len(together.members) > 1:
    together.manager.close()
    shutil.rmtree(together.workdir / checkpoint.FOLDER)  # Each run has its own now.
  return summaries


def _save_apart(together: Runs, state: TrainState, best: Variables, number: int) -> None:
  folder = together.members[number].workdir
  with contextlib.closing(checkpoint.open_folder(folder)) as manager:
    own = states.member(state, number)
    checkpoint.save(manager, int(own.step[0]), own, states.member(best, number), together.seconds())


def _save_evaluation(
  together: Runs,
  member: Member,
  validation_logits: np.ndarray,
  logits: np.ndarray,
  further: Mapping[str, np.ndarray],
) -> None:
  splits = together.dataset.splits
  validated, test = (splits['validation']['label'], validation_logits), splits['test']
  chosen = decision.fit(member.config, *validated)
  predicted = decision.decide(logits, chosen.threshold)
  finished_run.save_evaluation(
    member.workdir,
    together.parts.classes,
    validated,
    finished_run.Tested(test['id'], test['label'], logits, predicted, test['image']),
    further,
    chosen,
  )


def _facts(together: Runs, member: Member) -> dict:
  """What is known before the evaluation."""
  dataset = together.dataset
  return {
    'config_name': together.config_name,
    'protocol': together.parts.task.recipe.split_name(member.config),
    'data_digest': dataset.digest,
    'origin': dataset.origin,
    'split_sizes': {split: len(dataset.splits[split]['label']) for split in data.SPLITS},
    'seed': member.config.seed,
    'network': member.config.model.name,
    'trained_together': len(together.members),
    'seconds': round(together.seconds(), 1),
    'peak_memory_gib': round(_peak_memory() / 2**30, 2),
    'devices': [str(device.device_kind) for device in jax.devices()],
    'processes': jax.process_count(),
    'revision': revision(),
    'versions': {'python': platform.python_version()} | {name: version(name) for name in _VERSIONS},
  }


def _peak_memory() -> int:
  """Bytes; Linux counts in KiB, macOS in bytes."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else peak * 1024
