"""Runs on pictures of scores with answers made by hand: their files, without a training."""

import json
import math

import numpy as np
import pytest
from made_runs import no_page
from scipy import optimize
from scipy.special import expit

from omr_jax.evaluation import decision, evaluated
from omr_jax.report import write
from omr_jax.tasks.classifiers import evaluation

LN = math.log
# id: source, log-odds. With even odds, at temperature 1: p2 and s2 are wrong, at odds of 3.5 and 2.
FIRST = {
  'p1': ('other/photos', -LN(3)),
  'p2': ('other/photos', LN(3.5)),
  's1': ('scores/x', LN(9)),
  's2': ('scores/x', -LN(2)),
}
# Called 'scores' from 1.25 on: d1 is wrong, 0.25 below that.
SECOND = {'p3': ('other/photos', 1.0), 's3': ('scores/x', 2.0), 'd1': ('scores/desk', 1.0)}
EVEN = (np.array([-30.0, -31.0, 3.0, 5.0]), np.array([0, 0, 1, 1]))
# Five others and two of four scores lie 1.5 below the threshold, which is 1.25, and two scores R
# above it. There is nothing else at these two points, so the fitted odds are there those of the
# classes' shares of errors, 1/7 and 1/6: above 5 to 1, below 47 to 79, as (1/7 + 5/6 / 2) / (3/2) =
# 47/126. The threshold divides the way between their logarithms at 2 to 1.
_R = 1.5 * LN(5 / 2) / LN(2 * 79 / 47)
STRICT = (np.array([-0.25] * 7 + [1.25 + _R] * 2), np.array([0] * 5 + [1] * 4))
# Both classes weigh the same, so the best temperature T solves
# 1.5 s(-1.5 / T) + R / 2 s(-R / T) = 1.5 / 2 s(1.5 / T), with the sigmoid s.
STRICT_T = 1 / optimize.brentq(
  lambda b: 1.5 * expit(-1.5 * b) + _R / 2 * expit(-_R * b) - 0.75 * expit(1.5 * b), 0.05, 20
)


def logits(log_odds):
  return np.stack([np.zeros(len(log_odds)), np.asarray(log_odds)], axis=1).astype(np.float32)


def made_run(workdir, config, tested, validation, threshold, probes=(-1.0, 4.0), digest='abc'):
  """A finished run that has answered `tested`; its pictures are each of one grey, from 10 on.

  Its page is empty.
  """
  workdir.mkdir(parents=True)
  (workdir / 'config.json').write_text(config.to_json())
  row = {'epoch': 1, 'step': 1, 'loss': 0.5, 'validation_loss': 0.5, 'learning_rate': 0.1}
  row |= {'validation_accuracy': 0.9, 'images_per_s': 5.0, 'seconds': 60.0}
  (workdir / 'metrics.jsonl').write_text(json.dumps(row) + '\n')
  sources = [source for source, _ in tested.values()]
  log_odds = np.array([score for _, score in tested.values()])
  labels = np.array([source.startswith('scores/') for source in sources], int)
  greys = np.arange(10, 10 + len(tested), dtype=np.uint8)
  validated = validation[1], logits(validation[0])
  chosen = decision.fit(config, *validated)
  assert chosen.threshold == pytest.approx(threshold)
  found = evaluation.evaluated(
    ['other', 'scores'],
    validated,
    (
      np.array(list(tested)),
      labels,
      logits(log_odds),
      np.broadcast_to(greys[:, None, None, None], (len(tested), 8, 6, 3)),
    ),
    {
      'test_sources': np.array(sources),
      'probe_names': np.array(['table 1', 'music 1']),
      'probe_expected': np.array(['other', 'scores']),
      'probe_logits': logits(probes),
      'test_proportions': np.full(len(tested), 0.75, np.float32),
      'cut_kinds': np.array(['strip', 'strip', 'turned']),
      'cut_labels': np.array([0, 1, 1]),
      'cut_proportions': np.array([4.0, 4.0, 1.2], np.float32),
      'cut_logits': logits([-1.0, 3.0, -1.0]),
    },
    chosen,
  )
  evaluated.save(workdir, found)
  facts = {'config_name': 'scores', 'protocol': f'fold {config.data.fold}', 'data_digest': digest}
  facts |= {
    'origin': 'pictures in folders',
    'seed': 0,
    'epochs': 60,
    'tested_epoch': 60,
    'parameters': 9,
  }
  with no_page():
    write.write(workdir, {**facts, 'seconds': 90.0})
  return workdir
