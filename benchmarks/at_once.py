"""For sweeps.py: a trial that returns at once, in a module of its own that loads quickly."""

import json

from omr_jax.sweeps.folder import Pack


def train(pack: Pack, data_dir: str, raw_dir: str | None) -> None:
  """Writes a summary as a real trial does, without training."""
  pack.workdir.mkdir(parents=True, exist_ok=True)
  summary = {
    **{'accuracy': 0.5, 'validation_accuracy': 0.5, 'accuracy_wilson_95': [0.4, 0.6]},
    **{'correct': 50, 'n': 100, 'epochs': 1, 'tested_epoch': 1, 'parameters': 1, 'seconds': 0.1},
    **{'trained_together': 1, 'images_per_s': 1.0, 'peak_memory_gib': 0.1, 'devices': ['cpu']},
  }
  (pack.workdir / 'summary.json').write_text(json.dumps(summary))
