"""Odd names and numbers in the files of a run: a report that shows them, or a refusal."""

import io
import json
import math
import os
import zipfile
from unittest import mock

import made_score_runs
import numpy as np
import pytest
from html_page import Page
from made_runs import CLASSES, made_run

from omr_jax.configs import scores
from omr_jax.errors import UserError
from omr_jax.evaluation import evaluation_file, finished_run
from omr_jax.recipe import config_keys
from omr_jax.report import __main__ as report
from omr_jax.report import figures, write
from omr_jax.tasks.classifiers import run as classified
from omr_jax.tasks.scores import folds

# A formula, half of a pair of surrogates, an escape, a broken row, the end of a table's cell.
NAMES = '$\\frac{$', '\ud800', '\x1b[31m', 'b\n|', '$a$', '\u202e日本', 'a\\$b'
OTHERS = (
  *(None, True, 'x', *NAMES[:4], 10**399, -1, 0, 1e308, math.nan, math.inf),
  *([], [5], {}, {'a': 1}, {'\ud800': {'$': [1]}}),
)


@pytest.fixture
def folder(tmp_path):
  return made_run(tmp_path / 'run')


def change_arrays(workdir, **changes):
  """Replaces arrays of evaluation.npz by what a function makes of them."""
  path = workdir / evaluation_file.FILE
  with np.load(path) as file:
    arrays = dict(file)
  for name, change in changes.items():
    arrays[name] = change(arrays[name])
  np.savez_compressed(path, **arrays)


def test_names_of_classes_are_drawn_as_they_are():
  text = figures.curves({name: ([1, 2], [1, 2]) for name in NAMES}, 'loss')
  for shown in ('$\\frac{$', '\\ud800', '\\x1b[31m', 'b\\n|', '$a$', 'a\\$b'):
    assert f'>{shown}<' in text
  text.encode()


def test_a_run_with_odd_names_is_reported(folder):
  names = *NAMES[:2], '<script>"\'{{ 1 }}'
  change_arrays(folder, classes=lambda _: np.array(names))
  change_arrays(folder, test_ids=lambda ids: np.array(['\ud800', '=1\r\n', *ids[2:]]))
  assert report.main([str(folder)]) == 0
  page = (folder / 'report' / 'report.html').read_text('utf-8')
  assert '$\\frac{$' in page and '\\ud800' in page
  assert page.count('<script') == 1 and '&lt;script&gt;&#34;&#39;{{ 1 }}' in page
  Page(page).check_scripts()
  assert '\\ud800' in (folder / 'report' / 'test_predictions.csv').read_text('utf-8')


def lines(workdir, key, value):
  path = workdir / 'metrics.jsonl'
  rows = [json.loads(line) for line in path.read_text().splitlines()]
  rows[0][key] = value
  path.write_text(''.join(json.dumps(row) + '\n' for row in rows))


def facts(file):
  def change(workdir, key, value):
    content = json.loads((workdir / file).read_text())
    (workdir / file).write_text(json.dumps(content | {key: value}))

  return change


FILES = {
  'summary.json': (
    facts('summary.json'),
    (*finished_run.FACTS, 'versions', 'runs', 'accuracy', 'devices', 'ex|tra\n'),
  ),
  'config.json': (facts('config.json'), ('seed', 'data', 'name', '\ud800')),
  'decision.json': (facts('decision.json'), ('threshold', 'temperature')),
  'metrics.jsonl': (lines, ('epoch', 'step', 'loss', 'validation_accuracy', 'seconds')),
}


@pytest.mark.parametrize('file', FILES)
def test_odd_values_are_reported_or_refused_with_the_file(folder, tmp_path, file, capsys):
  """Everything but the drawing of figures, which takes a second each."""
  change, keys = FILES[file]
  other = made_run(tmp_path / 'other', seed=1)
  whole = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
  codes = set()
  none = dict.fromkeys(('curve', 'reliability'), lambda *arguments, **more: '')
  with mock.patch.multiple(figures, **none):
    for key in keys:
      for value in OTHERS:
        change(folder, key, value)
        codes.add(code := report.main([str(folder), str(other)]))
        error = capsys.readouterr().err
        assert (str(folder) in error) == (code == 2), (key, value)
        for path, content in whole.items():
          path.write_bytes(content)
  assert codes <= {0, 2}


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    (
      {'validation_labels': lambda v: v[:0], 'validation_logits': lambda v: v[:0]},
      'no validation examples',
    ),
    ({'classes': lambda _: np.array([*CLASSES[:2], CLASSES[0]])}, 'a class that is there twice'),
    ({'pictures': lambda v: v[:, :0]}, 'pictures without pixels'),
  ],
)
def test_what_no_evaluation_holds_is_refused(folder, changes, words):
  change_arrays(folder, **changes)
  with pytest.raises(UserError, match=rf'evaluation\.npz: damaged \({words}'):
    finished_run.read(folder)


def zipped(**files):
  content = io.BytesIO()
  with zipfile.ZipFile(content, 'w') as archive:
    for name, each in files.items():
      archive.writestr(name, each)
  return content.getvalue()


def one_array():
  content = io.BytesIO()
  np.save(content, np.zeros(3))
  return content.getvalue()


def test_arrays_that_unpack_to_too_much_are_refused(folder, monkeypatch):
  """The limit is lowered to what is just too little for the arrays of this run."""
  path = folder / evaluation_file.FILE
  with zipfile.ZipFile(path) as archive:
    size = sum(member.file_size for member in archive.infolist())
  monkeypatch.setattr(evaluation_file, '_MOST', size)
  finished_run.read(folder)
  monkeypatch.setattr(evaluation_file, '_MOST', size - 1)
  with pytest.raises(UserError, match=f'cannot be read .{size} bytes, and all arrays together may'):
    finished_run.read(folder)


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    (one_array(), 'no archive of arrays'),
    (b'', 'no archive of arrays'),
    (zipped(**dict.fromkeys(classified.ARRAYS, 'text')), 'classes is no array'),
  ],
)
def test_another_file_in_the_place_of_the_arrays_is_refused(folder, content, words):
  (folder / evaluation_file.FILE).write_bytes(content)
  with pytest.raises(UserError, match=rf'evaluation\.npz: cannot be read \({words}\); train again'):
    finished_run.read(folder)


@pytest.mark.parametrize('name', ['config.json', 'summary.json', 'metrics.jsonl', 'evaluation.npz'])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(folder, name):
  (folder / name).unlink()
  os.mkfifo(folder / name)
  with pytest.raises(UserError, match=rf'{name}: .*no regular file'):
    finished_run.read(folder)


@pytest.fixture
def of_scores(tmp_path):
  config = config_keys.finished(scores.get_config())
  return made_score_runs.made_run(
    tmp_path / 'scores', config, made_score_runs.FIRST, made_score_runs.EVEN, 0.0
  )


def test_a_run_on_pictures_with_odd_names_is_reported(of_scores):
  change_arrays(of_scores, classes=lambda _: np.array(NAMES[:2]))
  change_arrays(of_scores, test_sources=lambda _: np.array(NAMES[:4]))
  change_arrays(of_scores, probe_names=lambda _: np.array(NAMES[:2]))
  assert report.main([str(of_scores)]) == 0
  folds.write(of_scores.parent, 'folds', {'fold_0': finished_run.read(of_scores)})
  page = (of_scores.parent / 'pooled.html').read_text('utf-8')
  assert '$\\frac{$' in page and '\\ud800' in page


def test_a_decision_that_does_not_fit_the_task_is_refused(folder, of_scores):
  facts('decision.json')(folder, 'threshold', 0.5)
  with pytest.raises(UserError, match=r'decision\.json: threshold is 0\.5, which does not fit'):
    finished_run.read(folder)
  facts('decision.json')(of_scores, 'threshold', None)
  with pytest.raises(UserError, match=r'decision\.json: threshold is None, which does not fit'):
    finished_run.read(of_scores)


def test_an_odd_cost_in_the_config_is_refused(of_scores):
  whole = (of_scores / 'config.json').read_bytes()
  values = [value for value in OTHERS if value not in (0, True)]
  inner = [{'decision': {'false_positive_cost': value}} for value in values]
  # An object without the key is that of a run of an earlier version.
  sections = [{'decision': value} for value in values if not isinstance(value, dict)]
  for change in [*sections, *inner]:
    (of_scores / 'config.json').write_text(json.dumps(json.loads(whole) | change))
    with pytest.raises(UserError, match=r'config\.json: config\.decision.* it must be'):
      finished_run.read(of_scores)


def test_a_threshold_between_three_classes_is_refused(of_scores):
  def wider(logits):
    return np.pad(logits, ((0, 0), (0, 1)))

  change_arrays(of_scores, classes=lambda _: np.array(CLASSES))
  change_arrays(of_scores, validation_logits=wider, test_logits=wider)
  with pytest.raises(UserError, match=r'evaluation\.npz: damaged \(3 classes'):
    finished_run.read(of_scores)


def test_a_config_that_is_nested_without_end_is_refused(folder):
  (folder / 'config.json').write_text(
    '{"data": {"name": "homus"}, "a": ' + 300 * '[' + 300 * ']' + '}'
  )
  with pytest.raises(UserError, match=r'config\.json: damaged \(nested too deeply\)'):
    write.rebuild(finished_run.read(folder))
