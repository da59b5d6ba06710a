import csv
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from html_page import Page
from limits import read_only
from made_runs import CLASSES, FACTS, WRONG, made_run

from omr_jax.errors import UserError
from omr_jax.evaluation import evaluation_file, finished_run
from omr_jax.inputs.strokes import OFFICIAL
from omr_jax.report import __main__ as report
from omr_jax.report import compare, figures, parts, write
from omr_jax.tasks.classifiers import page as pages
from omr_jax.tasks.classifiers import report as classifiers
from omr_jax.tasks.classifiers import run as classified
from omr_jax.tasks.symbols import report as symbol_report


@pytest.fixture(scope='module')
def run(tmp_path_factory):
  return made_run(tmp_path_factory.mktemp('runs') / 'a', shown=True)


def test_summary(run):
  summary = json.loads((run / 'summary.json').read_text())
  assert (summary['accuracy'], summary['correct'], summary['n']) == (9 / 12, 9, 12)
  assert summary['temperature'] == pytest.approx(4 / np.log(16), rel=1e-5)
  low, high = summary['accuracy_wilson_95']
  assert low < 0.75 < high
  assert {key: summary[key] for key in FACTS} == FACTS


def test_predictions_are_calibrated_and_complete(run):
  with (run / 'report/test_predictions.csv').open(newline='') as file:
    rows = list(csv.DictReader(file))
  assert [row['id'] for row in rows] == [f'{w}-{n}' for w in (1, 2) for n in range(1, 7)]
  assert {row['id'] for row in rows if row['true'] != row['predicted']} == set(WRONG)
  # At T = 4 / ln 16 a lead of 4 over two classes is e^ln 16 = 16: confidence 16 / 18.
  assert float(rows[0]['confidence']) == pytest.approx(16 / 18, abs=1e-5)
  # A lead of 1 is 16^(1/4) = 2: 2 / 4.
  assert float(rows[11]['confidence']) == pytest.approx(1 / 2, abs=1e-5)
  assert rows[11]['true'] == 'Sharp & <co>'
  assert rows[11]['predicted'] == 'Dot'


def test_per_class(run):
  # 1-4 and 2-1 are Dots taken for Flats, 2-6 is a Sharp taken for a Dot.
  assert (run / 'report/per_class.csv').read_text().splitlines() == [
    'class,symbols,predicted,correct,precision,recall',
    'Dot,4,3,2,0.666667,0.500000',
    'Flat,4,6,4,0.666667,1.000000',
    'Sharp & <co>,4,3,3,1.000000,0.750000',
  ]


def test_page_is_self_contained_and_names_every_error(run):
  text = (run / 'report/report.html').read_text('utf-8')
  page = Page(text)
  assert [re.search(r'\d-\d', alt).group() for alt in page.alts] == ['2-1', '1-4', '2-6']
  assert page.alts[2] == 'Symbol 2-6, Sharp & <co> taken for Dot'
  assert all(address.startswith(('#', 'data:image/png')) for address in page.addresses)
  assert {address[1:] for address in page.addresses if address[0] == '#'} <= set(page.ids)
  assert set(re.findall(r'url\(#([^)]*)\)', text)) <= set(page.ids)
  assert len(set(page.ids)) == len(page.ids)
  assert not re.search(r'https?:|@import', text) and text.count('<script') == 1
  page.check_scripts()
  assert '75.00 % of 12 test symbols right' in ''.join(page.words)


def test_rebuilding_gives_the_same_files(run):
  names = ['summary.json', 'report/report.html', 'report/per_class.csv']
  before = {name: (run / name).read_bytes() for name in names}
  (run / 'report/report.html').unlink()
  write.rebuild(finished_run.read(run))
  assert before == {name: (run / name).read_bytes() for name in names}
  assert not list(run.rglob('.*'))


def test_pictures_are_kept_for_errors_only_and_in_their_order(run):
  # Symbol k's picture holds k at (2, 2); 1-4, 2-1 and 2-6 are symbols 3, 6 and 11.
  assert finished_run.read(run).pictures[:, 2, 2, 0].tolist() == [3, 6, 11]


def test_both_classes_of_a_mistake_have_a_probability_and_a_right_example(run):
  text = (run / 'report/report.html').read_text('utf-8')
  # A lead of 1 at T = 4 / ln 16 is a factor of 2: one half, one fourth, one fourth.
  assert 'Sharp &amp; &lt;co&gt; <i>25&nbsp;%</i>' in text and '<b>Dot</b> <i>50&nbsp;%</i>' in text
  # Of equally clear right answers the first ones: symbols 0, 1 and 2.
  read = finished_run.read(run)
  assert read.example_rows.tolist() == [0, 1, 2]
  assert read.example_pictures[:, 2, 2, 0].tolist() == [0, 1, 2]
  assert (
    text.count('aria-label="A right Dot, symbol 1-1"') == 3
  )  # Each mistake has to do with Dots.
  assert text.count('aria-label="A right Sharp &amp; &lt;co&gt;, symbol 1-3"') == 1


def test_cells_of_the_matrix_lead_to_their_pictures(run):
  text = (run / 'report/report.html').read_text('utf-8')
  # Most confident first: 2-1 and 1-4 are Dots taken for Flats, 2-6 is a Sharp taken for a Dot.
  cells = re.findall(r'<a href="#([\w-]+)" data-true="([^"]*)" data-predicted="(\w+)"', text)
  pairs = [('mistake-0', 'Dot', 'Flat'), ('mistake-2', 'Sharp &amp; &lt;co&gt;', 'Dot')]
  assert cells == 2 * pairs  # In the matrix, and in the table of the most frequent confusions.


def test_runs_of_earlier_versions_have_no_examples(run, tmp_path):
  old = Path(shutil.copytree(run, tmp_path / 'old'))
  arrays = evaluation_file.read(run / 'evaluation.npz', classified.ARRAYS, '')
  evaluation_file.write(
    old, {name: array for name, array in arrays.items() if name not in classified.LATER}
  )
  assert len(finished_run.read(old).example_pictures) == 0
  evaluation_file.write(old, {name: arrays[name] for name in arrays if name != 'example_rows'})
  with pytest.raises(UserError, match=r'evaluation\.npz: damaged \(no example_rows\)'):
    finished_run.read(old)


def test_a_run_without_errors(tmp_path):
  run = made_run(tmp_path / 'a', wrong={}, shown=True)
  assert json.loads((run / 'summary.json').read_text())['accuracy'] == 1
  assert not Page((run / 'report/report.html').read_text('utf-8')).alts


def test_absent_classes_are_dashes_and_empty_fields(tmp_path):
  run = made_run(tmp_path / 'a', wrong={}, classes=[*CLASSES, 'Absent'], shown=True)
  assert (run / 'report/per_class.csv').read_text().splitlines()[-1] == 'Absent,0,0,0,,'
  text = (run / 'report/report.html').read_text('utf-8')
  assert re.search(rf'>Absent</th><td>0</td>(<td[^>]*>{parts.DASH}</td>){{2}}', text)


@pytest.mark.parametrize(
  ('protocol', 'origin', 'other', 'shown'),
  [
    ('original', OFFICIAL, False, True),
    ('writers_0', OFFICIAL, False, True),
    ('original', 'a changed HOMUS', False, False),
    ('made_up', 'made-up symbols', False, False),
    ('original', OFFICIAL, True, False),
  ],
)
def test_the_paper_is_quoted_for_its_own_symbols_only(run, protocol, origin, other, shown):
  table = (Path(symbol_report.__file__).parent / 'paper_table2.tsv').read_text().splitlines()
  names = [line.split('\t')[0] for line in table[1:]]
  assert len(names) == 32
  changed = finished_run.read(run).replace(
    classes=CLASSES if other else names, facts={**FACTS, 'protocol': protocol, 'origin': origin}
  )
  paper = symbol_report.reference(changed)
  assert (paper is not None) == (protocol != 'made_up' and not other)
  if paper:  # Table II: people recall Naturals at 0.74
    assert paper['Natural']['people_recall'] == 0.74
  assert ('98.02' in symbol_report.context(changed)) == shown


@pytest.mark.usefixtures('no_page')
def test_comparing_two_runs(tmp_path, capsys):
  a = made_run(tmp_path / 'a')
  # Right where a is wrong on 1-4 and 2-6, wrong on 1-1: 1 against 2, p = 2 (1 + 3) / 8 = 1.
  b = made_run(tmp_path / 'b', seed=1, wrong={'1-1': 3.0, '2-1': 3.0})
  assert report.main([str(a), str(b)]) == 0
  out = capsys.readouterr().out
  assert 'first is right on 1 symbols, only the second on 2; exact McNemar test p = 1' in out
  # 9/12 and 10/12: mean 0.791667, standard deviation |1/12| / sqrt 2 = 0.058926.
  assert '(0, 1): mean 79.17 %, standard deviation 5.89 %' in out
  assert re.search(r'a +75\.00 % .* 3/12 .* 2 +1\.5\n', out)


def test_runs_are_joined_by_id(tmp_path):
  a = finished_run.read(made_run(tmp_path / 'a'))
  order = np.random.default_rng(0).permutation(12)
  shuffled = a.replace(
    test_ids=a.test_ids[order],
    test_labels=a.test_labels[order],
    test_logits=a.test_logits[order],
    test_predicted=a.test_predicted[order],
  )
  assert 'on 0 symbols, only the second on 0' in compare._compare_pair(a, shuffled)


@pytest.mark.parametrize(
  ('changes', 'word'),
  [
    ({'prefix': '9'}, 'not comparable, different test symbols'),
    ({'digest': 'other'}, 'not comparable, different data'),
    ({'width': 3}, 'exact McNemar test'),
  ],
)
@pytest.mark.usefixtures('no_page')
def test_different_runs_have_no_mean(tmp_path, capsys, changes, word):
  runs = [made_run(tmp_path / 'a'), made_run(tmp_path / 'b', seed=1, **changes)]
  assert report.main([str(run) for run in runs]) == 0
  out = capsys.readouterr().out
  assert word in out
  assert 'standard deviation' not in out


@pytest.mark.usefixtures('no_page')
def test_the_same_seed_twice_has_no_mean(tmp_path, capsys):
  runs = [made_run(tmp_path / 'a'), made_run(tmp_path / 'b')]
  assert report.main([str(run) for run in runs]) == 0
  assert 'standard deviation' not in capsys.readouterr().out


def spoil(path, old, new):
  path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
  ('damage', 'said'),
  [
    (lambda run: (run / 'config.json').unlink(), 'holds no run'),
    (lambda run: (run / 'summary.json').unlink(), 'no finished evaluation'),
    (lambda run: (run / 'evaluation.npz').unlink(), 'no finished evaluation'),
    (lambda run: (run / 'evaluation.npz').write_bytes(b'PK\x03\x04'), 'evaluation.npz'),
    (lambda run: (run / 'evaluation.npz').write_bytes(b''), 'evaluation.npz'),
    (lambda run: (run / 'metrics.jsonl').unlink(), 'metrics.jsonl'),
    (lambda run: (run / 'metrics.jsonl').write_text(''), 'holds no epoch'),
    (lambda run: spoil(run / 'metrics.jsonl', '"loss": 0.5', '"loss": '), 'line 2'),
    (lambda run: spoil(run / 'metrics.jsonl', '"loss": 0.5', '"loss": "x"'), 'line 2'),
    (lambda run: (run / 'config.json').write_text('[]'), 'config.json'),
    (lambda run: (run / 'config.json').write_bytes(b'\xff\xfe'), 'config.json'),
    (lambda run: spoil(run / 'summary.json', '"seconds": 90.0', '"seconds": "x"'), 'seconds'),
  ],
)
def test_a_damaged_run_is_one_message(tmp_path, capsys, damage, said):
  good, bad = made_run(tmp_path / 'good'), made_run(tmp_path / 'bad')
  damage(bad)
  (good / 'report/report.html').unlink()
  assert report.main([str(good), str(bad)]) == 2
  message = capsys.readouterr().err
  assert said in message
  assert 'bad' in message
  assert not (good / 'report/report.html').exists()  # nothing is written before all is read


def compressed_bytes(content):
  """Where the arrays are in an archive, each without the last byte, whose end may be unused."""
  places = set()
  with zipfile.ZipFile(io.BytesIO(content)) as archive:
    for member in archive.infolist():
      header = content[member.header_offset : member.header_offset + 30]
      names = sum(struct.unpack('<2H', header[-4:]))
      start = member.header_offset + 30 + names
      places.update(range(start, start + member.compress_size - 1))
  return places


def test_flipped_bytes_never_end_in_a_traceback(tmp_path):
  """In the arrays each is noticed; elsewhere there are dates and the like."""
  run = made_run(tmp_path / 'a')
  content = (run / 'evaluation.npz').read_bytes()
  rng, checked = np.random.default_rng(0), compressed_bytes(content)
  for _ in range(300):
    flipped, place = bytearray(content), int(rng.integers(len(content)))
    flipped[place] ^= int(rng.integers(1, 256))
    (run / 'evaluation.npz').write_bytes(flipped)
    try:
      finished_run.read(run)
    except UserError:
      continue
    assert place not in checked


@pytest.mark.parametrize(
  ('name', 'array'),
  [
    ('test_logits', np.full((12, 3), np.nan, np.float32)),
    ('test_logits', np.zeros((11, 3), np.float32)),
    ('test_labels', np.full(12, 3, np.int32)),
    ('test_ids', np.array(['1-1'] * 12)),
    ('pictures', np.zeros((2, 8, 6, 1), np.uint8)),
    ('classes', np.array(3)),
    ('example_rows', np.array([0, 1, 3], np.int32)),  # The last one is misclassified.
    ('example_pictures', np.zeros((2, 8, 6, 1), np.uint8)),
  ],
)
def test_an_evaluation_that_does_not_fit_together(run, tmp_path, name, array):
  kinds = classified.ARRAYS
  arrays = evaluation_file.read(run / 'evaluation.npz', kinds, '')

  def problem(arrays):
    return evaluation_file.wrong_kind(arrays, kinds) or classified.problem(arrays)

  assert problem(arrays) is None
  assert problem({**arrays, name: array})


@pytest.mark.parametrize('loss', [float('nan'), float('inf'), 0.0, 1e30])
def test_a_run_of_one_strange_epoch_has_a_page(run, loss):
  """Only its curves are drawn."""
  strange = finished_run.read(run)
  row = {**strange.history[0], 'loss': loss, 'validation_loss': loss, 'learning_rate': 0.0}
  with mock.patch.object(figures, 'reliability', lambda *arguments: ''):
    page = Page(pages.page(strange.replace(history=[row]), classifiers.numbers(strange)))
  assert 'learning-curves' in page.ids


def test_missing_folder(tmp_path, capsys):
  assert report.main([str(tmp_path / 'none')]) == 2
  assert 'no such folder' in capsys.readouterr().err


def test_unwritable_run(tmp_path, capsys):
  run = made_run(tmp_path / 'a')
  (run / 'report/report.html').unlink()
  (run / 'report/report.html').mkdir()  # in the file's place: fails for root too
  assert report.main([str(run)]) == 2
  assert 'report.html: cannot be written' in capsys.readouterr().err
  assert not list(run.rglob('.*'))


def test_a_process_of_its_own(tmp_path):
  """It needs no JAX, Matplotlib for pages only, and a folder's name may be no UTF-8."""
  run = made_run(tmp_path / 'caf\udce9')
  code = """
import sys
from omr_jax.report import __main__ as report
assert 'matplotlib' not in sys.modules
code = report.main(sys.argv[1:])
assert 'matplotlib' in sys.modules
assert not {'jax', 'matplotlib.pyplot'} & set(sys.modules)
sys.exit(code)
"""
  done = subprocess.run(
    [sys.executable, '-c', code, str(run)],
    env=os.environ | {'PYTHONIOENCODING': 'utf-8:strict'},  # As in most locales.
    capture_output=True,
    text=True,
    check=False,
  )
  assert (done.returncode, done.stderr) == (0, '')
  assert done.stdout.startswith(f'{tmp_path}/caf\\udce9/report/report.html\n')


@pytest.mark.usefixtures('no_page')
def test_runs_in_read_only_folders_are_compared(capsys):
  with tempfile.TemporaryDirectory() as folder:
    runs = [made_run(Path(folder, name)) for name in 'ab']
    assert report.main([*map(str, runs)]) == 0
    expected = capsys.readouterr().out
    before = contents(Path(folder))
    with read_only(Path(folder)):
      assert report.main([*map(str, runs)]) == 0
    said = capsys.readouterr()
    assert said.out == expected
    assert said.err.splitlines() == [
      f'{run}: Permission denied, so its report is not written.' for run in runs
    ]
    assert contents(Path(folder)) == before


def contents(folder):
  return {
    path: (path.stat().st_mtime_ns, path.read_bytes())
    for path in folder.rglob('*')
    if path.is_file()
  }
