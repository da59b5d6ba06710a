"""The page of a sweep, from a folder with summaries made by hand."""

import json
from unittest import mock

import pytest
from html_page import Page

from omr_jax.evaluation import metrics
from omr_jax.report import figures
from omr_jax.report.parts import DASH
from omr_jax.sweeps import report

# By run the share of 100 validation symbols that are right, and that of 100 test symbols.
RIGHT = {'net=a,seed=0': (84, 90), 'net=a,seed=1': (86, 94), 'net=b,seed=0': (80, 96)}
BAD = 'net=c,seed=0'


def summary(validation, test):
  return {
    'validation_accuracy': validation / 100,
    'accuracy': test / 100,
    'accuracy_wilson_95': list(metrics.wilson_interval(test, 100)),
    'correct': test,
    'n': 100,
    'epochs': 2,
    'tested_epoch': 2,
    'parameters': 9,
    'seconds': 60.0,
    'trained_together': 1,
    'images_per_s': 5.0,
    'peak_memory_gib': 0.5,
    'devices': ['cpu'],
  }


def made(out, finished):
  """The folder of a sweep in which these runs are finished; one other run can not be."""
  for name in (*finished, BAD):
    (out / 'packs').mkdir(parents=True, exist_ok=True)
    config = {'data': {'name': 'homus'}}
    (out / 'packs' / f'{name}.json').write_text(json.dumps({name: config}))
  for name in finished:
    workdir = out / 'runs' / name
    workdir.mkdir(parents=True)
    (workdir / 'summary.json').write_text(json.dumps(summary(*RIGHT[name])))
    lines = [{'epoch': n, 'loss': 1 / n, 'validation_accuracy': 0.5} for n in (1, 2)]
    (workdir / 'metrics.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    (out / 'starts').mkdir(exist_ok=True)
    (out / 'starts' / f'{name}.jsonl').write_text('{"time": 0}\n')
  (out / 'errors').mkdir()
  (out / 'errors' / f'{BAD}.json').write_text('{"error": "the loss is not <finite>"}')
  content = {'name': 'made', 'config': 'homus', 'runs': {name: {} for name in (*finished, BAD)}}
  content['packs'] = {name: [name] for name in (*finished, BAD)}
  (out / 'sweep.json').write_text(json.dumps(content))
  with mock.patch.object(figures, 'curves', lambda *arguments, **more: ''):
    report.write(out)
  return (out / 'sweep.html').read_text('utf-8')


@pytest.fixture(scope='module')
def text(tmp_path_factory):
  return made(tmp_path_factory.mktemp('sweep'), list(RIGHT))


def test_the_best_setting_on_validation_is_the_headline(text):
  # Means of 84 and 86, and of 90 and 94; net=b is better in the test, which does not decide.
  assert '<h1>Best is net=a: 85.00 % in validation, 92.00 % in the test</h1>' in text
  assert '3 of 4 runs finished. Settings are ranked by validation accuracy' in text


def test_bars_have_intervals(text):
  # 92 % and 96 % of bars from 80 to 100 %: 0.6 and 0.8. The first is of 92 of 100 answers.
  low, high = metrics.wilson_interval(92, 100)
  bar = f'--at:0.600;--low:{(low - 0.8) / 0.2:.3f};--high:{(high - 0.8) / 0.2:.3f}'
  assert low > 0.8 and bar in text and '--at:0.800;' in text
  assert 'test, 80 to 100 %' in text and f'{100 * low:.2f}{DASH}{100 * high:.2f} %' in text


def test_finished_runs_lead_to_their_reports(text):
  page = Page(text)
  page.check_scripts()
  reports = [f'runs/{name}/report/report.html' for name in RIGHT]
  found = [address.replace('%3D', '=').replace('%2C', ',') for address in page.addresses]
  # Those of the best setting are also beside the ranking.
  assert [each for each in found if each.startswith('runs')] == reports[:2] + reports
  assert [each for each in found if each.startswith('logs')] == [f'logs/{n}.log' for n in RIGHT]
  assert 'the loss is not &lt;finite&gt;' in text


def test_a_sweep_without_a_finished_run_has_a_page(tmp_path):
  assert '<h1>0 of 1 runs finished</h1>' in made(tmp_path, [])
