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
EVEN = (np.array([-3.0, -4.0, 3.0, 5.0]), np.array([0, 0, 1, 1]))
# Of five others the highest exceeds the next, at -1, by 2.25 / ln 10. A tenth of one picture may
# reach the threshold, a tenth of those above -1, so it is 2.25 above that, at 1.25.
_HIGHEST = -1 + 2.25 / LN(10)
STRICT = (np.array([_HIGHEST] + [-1.0] * 4 + [0.75] * 4), np.array([0] * 5 + [1] * 4))
# One of the others is right by r, four are by 2.25, and all scores are wrong by 0.5. Both classes
# weigh the same, so the best T solves 0.2 r s(-r / T) + 0.8 * 2.25 s(-2.25 / T) = 0.5 s(0.5 / T),
# with the sigmoid s.
_R = 1.25 - _HIGHEST
STRICT_T = 1 / optimize.brentq(
  lambda b: 0.2 * _R * expit(-_R * b) + 1.8 * expit(-2.25 * b) - 0.5 * expit(0.5 * b), 0.05, 20
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
