"""The end of a run: the chosen variables tested, and what the run tells about itself."""

import platform
import resource
import sys
from importlib.metadata import version

import jax
import numpy as np

from omr_jax import data, decision, probes, report, trained, views
from omr_jax.announce import split_name
from omr_jax.runs import Run
from omr_jax.state import TrainState, Variables, count_parameters

_VERSIONS = ('jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint', 'tensorflow-datasets', 'numpy')
_PROBES = 4  # of each kind


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
  validation, test = splits['validation'], splits['test']
  validated = validation['label'], run.predict(variables, validation)
  logits = run.predict(variables, test)
  threshold = decision.threshold(run.config, *validated)
  predicted = decision.decide(logits, threshold)
  report.save_evaluation(
    run.workdir,
    run.parts.classes,
    validated,
    report.Tested(test['id'], test['label'], logits, predicted, test['image']),
    _gate(run, variables) if run.dataset.sources is not None else {},
  )
  facts = {
    'config_name': run.config_name,
    'protocol': split_name(run.config),
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


def _gate(run: Run, variables: Variables) -> dict[str, np.ndarray]:
  """Where the test pictures are from, and the answers to pictures with a known answer."""
  shown = probes.probes(instances=_PROBES)
  chosen = run.config.picture
  size = chosen.height, chosen.width, chosen.tiles
  seen = np.stack([views.views(probe.picture, *size) for probe in shown])
  return {
    'test_sources': run.dataset.sources,
    'probe_names': np.array([probe.name for probe in shown]),
    'probe_expected': np.array([probe.expected or '' for probe in shown]),
    'probe_logits': run.predict(variables, {'views': seen}),
  }


def _peak_memory() -> int:
  """Bytes; Linux counts in KiB, macOS in bytes."""
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else peak * 1024
