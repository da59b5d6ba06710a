"""Finished runs on pages with boxes made by hand: their files, without a training."""

import contextlib
import json
from unittest import mock

import numpy as np

from omr_jax.evaluation import confidence, evaluated
from omr_jax.evaluation.evaluated import Evaluated
from omr_jax.report import write
from omr_jax.tasks.pages import page
from omr_jax.tasks.pages.run import Decision

CLASSES = ['noteheadFull', 'stem', 'beam']
FACTS = {
  'config_name': 'pages',
  'protocol': 'writers_0 of muscima_pp',
  'data_digest': 'abc',
  'origin': 'MUSCIMA++',
  'seed': 0,
  'epochs': 1,
  'tested_epoch': 1,
  'seconds': 60.0,
  'parameters': 9,
}
CONFIG = {'seed': 0, 'data': {'name': 'pages', 'source': 'muscima_pp', 'protocol': 'writers_0'}}
LINE = {'epoch': 1, 'step': 1, 'loss': 0.5, 'learning_rate': 0.1, 'images_per_s': 5.0}


def boxes(*corners):
  """Boxes of 10x10 pixels from their left and top edges."""
  return np.array([(x, y, x + 10, y + 10) for x, y in corners], np.float32).reshape(-1, 4)


def arrays(prefix=''):
  """Two pages. On the first two heads are found, and one is called a stem; on the second a stem is
  found, a beam missed, and a head made up.
  """
  true, found = boxes((0, 0), (20, 0), (40, 0)), boxes((0, 0), (20, 0), (40, 0))
  return {
    'classes': np.array(CLASSES),
    'validation_ap50': np.array(0.6),
    'test_ids': np.array([f'{prefix}a', f'{prefix}b']),
    'test_groups': np.array(['writer 1', 'writer <2>']),
    'true_boxes': np.concatenate([true, boxes((0, 0), (20, 0))]),
    'true_labels': np.array(['noteheadFull'] * 3 + ['stem', 'beam']),
    'true_pages': np.array([0, 0, 0, 1, 1]),
    'found_boxes': np.concatenate([found, boxes((0, 0), (0, 50))]),
    'found_labels': np.array([0, 0, 1, 1, 0]),
    'found_log_odds': confidence.log_odds(np.array([0.9, 0.8, 0.7, 0.9, 0.6])).astype(np.float32),
    'found_pages': np.array([0, 0, 0, 1, 1]),
    'pictures': np.full(80 * 100 * 2, 255, np.uint8),
    'picture_sizes': np.array([[80, 100]] * 2),
    'scales': np.ones((2, 2)),
  }


def no_page():
  """A context in which reports have an empty page: its figures take seconds to draw."""
  return mock.patch.object(page, 'page', lambda *run: '')


def make_run(workdir, prefix='', protocol='writers_0', shown=False, **facts):
  """A finished run with these arrays; its page is empty without `shown`."""
  workdir.mkdir(parents=True)
  config = CONFIG | {'data': CONFIG['data'] | {'protocol': protocol}}
  (workdir / 'config.json').write_text(json.dumps(config))
  line = LINE | {'validation_ap50': 0.6, 'seconds': 60.0}
  (workdir / 'metrics.jsonl').write_text(json.dumps(line) + '\n')
  evaluated.save(workdir, Evaluated(arrays(prefix), Decision(0.5, 1.0, 0.0)))
  with contextlib.nullcontext() if shown else no_page():
    write.write(workdir, FACTS | facts)
  return workdir
