"""The end of a run: the chosen variables tested, and what the run tells about itself."""

import platform
import resource
import sys
from importlib.metadata import version

import jax

from omr_jax import data, report, train, trained
from omr_jax.runs import Run
from omr_jax.state import TrainState, Variables, count_parameters

_VERSIONS = ('jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint', 'tensorflow-datasets', 'numpy')


def finish(run: Run, state: TrainState, best: Variables, images_per_s: float) -> dict:
  """Evaluates what is to be tested, writes everything down, and returns the summary.

  Args:
    run: Whose training has ended.
    state: Its last.
    best: Variables of the best epoch.
    images_per_s: The median over the epochs.

  Raises:
    UserError: A full disk.
  """
  variables, epoch = trained.tested(run.config, state, best)
  splits = run.dataset.splits
  logits = {
    split: train.predict(run.trainer.logits, variables, splits[split])
    for split in ('validation', 'test')
  }
  test = splits['test']
  report.save_evaluation(
    run.workdir,
    list(run.dataset.classes),
    (splits['validation']['label'], logits['validation']),
    (test['id'], test['label'], logits['test']),
    test['image'],
  )
  facts = {
    'config_name': run.config_name,
    'protocol': run.config.data.protocol,
    'data_digest': run.dataset.digest,
    'origin': run.dataset.origin,
    'split_sizes': {split: len(splits[split]['label']) for split in data.SPLITS},
    'seed': run.config.seed,
    'network': run.config.model.name,
    'parameters': count_parameters(state),
    'epochs': int(state.epoch),
    'tested_epoch': epoch,
    'seconds': round(run.seconds(), 1),
    'images_per_s': round(images_per_s, 1),
    'peak_memory_gib': round(_peak_memory() / 2**30, 2),
    'devices': [str(device.device_kind) for device in jax.local_devices()],
    'versions': {'python': platform.python_version()} | {name: version(name) for name in _VERSIONS},
  }
  return report.write(run.workdir, facts)


def _peak_memory() -> int:
  """Bytes; Linux counts in KiB, macOS in bytes."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else peak * 1024
