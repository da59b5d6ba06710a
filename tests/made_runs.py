"""Runs with numbers made by hand: their files, without a training."""

import contextlib
import json
from unittest import mock

import numpy as np

from omr_jax.evaluation import decision, evaluated
from omr_jax.report import write
from omr_jax.tasks.classifiers import evaluation, page

CLASSES = ['Dot', 'Flat', 'Sharp & <co>']
FACTS = {
  'config_name': 'configs/made.py',
  'protocol': 'made_up',
  'data_digest': 'abc',
  'origin': 'made-up symbols',
  'seed': 0,
  'epochs': 2,
  'tested_epoch': 2,
  'seconds': 90.0,
  'parameters': 100,
  'versions': {'jax': '0.10.2'},
}
WRONG = {'1-4': 5.0, '2-1': 9.0, '2-6': 1.0}  # id: by how much the wrong logit leads


def no_page():
  """A context in which reports have an empty page: its figures take seconds to draw."""
  return mock.patch.object(page, 'page', lambda *run: '')


MADE = {}  # Files of the runs made so far, by what they were made of.


def made_run(workdir, **changes):
  """A run of `make_run`; one like another is copied."""
  key = repr(sorted(changes.items()))
  if key not in MADE:
    make_run(workdir, **changes)
    paths = [path for path in workdir.rglob('*') if path.is_file()]
    MADE[key] = {path.relative_to(workdir): path.read_bytes() for path in paths}
  for path, content in MADE[key].items():
    (workdir / path).parent.mkdir(parents=True, exist_ok=True)
    (workdir / path).write_bytes(content)
  return workdir


def make_run(
  workdir, seed=0, wrong=WRONG, prefix='', classes=CLASSES, digest='abc', shown=False, **config
):
  """Twelve test symbols 1-1 ... 2-6, of classes 0 1 2 0 1 2 ...; those in `wrong` are mistaken.

  Its page, whose figures take a second to draw, is empty without `shown`.
  """
  workdir.mkdir(parents=True)
  ids = np.array([f'{prefix}{w}-{n}' for w in (1, 2) for n in range(1, 7)])
  labels = np.arange(12) % 3
  logits = 4.0 * np.eye(len(classes))[labels]
  for i, name in enumerate(ids):
    if name.removeprefix(prefix) in wrong:
      logits[i] = 0
      logits[i, (labels[i] + 1) % 3] = wrong[name.removeprefix(prefix)]
  # Validation: 8 of 9 right by 4: T = 4 / ln(2 x 8).
  validation_labels = np.arange(9) % 3
  predictions = validation_labels.copy()
  predictions[0] = 1
  pictures = np.full((12, 8, 6, 1), 255, np.uint8)
  pictures[:, 2, 2, 0] = np.arange(12)
  config = {'seed': seed, 'name': 'tiny', 'data': {'name': 'homus'}, **config}
  (workdir / 'config.json').write_text(json.dumps(config))
  rows = [
    {'epoch': e, 'step': e, 'loss': 1 / e, 'validation_loss': 2 / e, 'learning_rate': 0.1}
    | {'validation_accuracy': 0.4 * e, 'images_per_s': 5.0, 'seconds': 45.0 * e}
    for e in (1, 2)
  ]
  (workdir / 'metrics.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in rows))
  validated = validation_labels, 4.0 * np.eye(len(classes))[predictions]
  tested, chosen = (ids, labels, logits, pictures), decision.fit(config, *validated)
  evaluated.save(workdir, evaluation.evaluated(classes, validated, tested, {}, chosen))
  with contextlib.nullcontext() if shown else no_page():
    write.write(workdir, {**FACTS, 'seed': seed, 'data_digest': digest})
