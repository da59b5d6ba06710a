"""Of sweeps.py: the trial that returns at once, apart from what takes long to load."""

import json

from omr_jax.sweeps.folder import Pack


def train(pack: Pack, data_dir: str, raw_dir: str | None) -> None:
  """A trial that writes down what a real one does, and has trained nothing."""
  pack.workdir.mkdir(parents=True, exist_ok=True)
  summary = {
    **{'accuracy': 0.5, 'validation_accuracy': 0.5, 'accuracy_wilson_95': [0.4, 0.6]},
    **{'correct': 50, 'n': 100, 'epochs': 1, 'tested_epoch': 1, 'parameters': 1, 'seconds': 0.1},
    **{'trained_together': 1, 'images_per_s': 1.0, 'peak_memory_gib': 0.1, 'devices': ['cpu']},
  }
  (pack.workdir / 'summary.json').write_text(json.dumps(summary))
