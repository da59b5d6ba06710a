"""The numbers and the report of a run on pages with boxes made by hand."""

import csv
import json

import numpy as np
import pytest
from html_page import Page
from made_page_runs import CLASSES, arrays, make_run, no_page

from omr_jax import ensemble, label_errors
from omr_jax.errors import UserError
from omr_jax.evaluation import evaluation_file, finished_run
from omr_jax.report import compare, figures, parts, templates
from omr_jax.tasks.pages import folds, mistakes, overlays, page, report, run
from omr_jax.tasks.pages.matching import match
from omr_jax.tasks.task import named


@pytest.fixture(scope='module')
def workdir(tmp_path_factory):
  return make_run(tmp_path_factory.mktemp('runs') / 'a', shown=True)


# Heads by score: right 0.9, right 0.8, made up 0.6; of 3. Precision is 1 up to a recall of 2/3,
# which 67 of the 101 recalls do not exceed: 0 to 0.66. Stems: right 0.9, wrong 0.7; of 1.
HEADS = 67 / 101


def test_numbers(workdir):
  summary = json.loads((workdir / 'summary.json').read_text())
  assert summary['classes']['noteheadFull']['ap50'] == pytest.approx(HEADS)
  assert [summary['classes'][name]['ap50'] for name in ('stem', 'beam')] == [1, 0]
  assert summary['ap50'] == pytest.approx((3 * HEADS + 1 + 0) / 5)
  assert summary['ap50'] == pytest.approx(summary['ap75']) == pytest.approx(summary['ap'])
  assert summary['macro_ap50'] is None  # No class has 10.
  assert summary['frequent_ap50'] == pytest.approx((HEADS + 1 + 0) / 3)
  # 3 of 5 found ones are right, and 3 of 5 true ones are found.
  assert (summary['precision'], summary['recall'], summary['f']) == (0.6, 0.6, 0.6)
  assert (summary['pages'], summary['n'], summary['validation_ap50']) == (2, 5, 0.6)
  one, two = summary['groups']
  assert (one['group'], one['n'], one['recall']) == ('writer 1', 3, pytest.approx(2 / 3))
  assert two['group'] == 'writer <2>' and two['precision'] == two['recall'] == 0.5


def test_page(workdir):
  text = (workdir / 'report/report.html').read_text()
  html = Page(text)
  ids = set(html.ids)
  assert {'pages', 'mistakes', 'confusions', 'classes', 'groups', 'confidence'} <= ids
  for words in (
    'a, writer 1: 2 found, 1 missed, 1 made up',
    'made up: stem, which is noteheadFull',
  ):
    assert words in text
  assert 'missed: beam' in text and 'writer &lt;2&gt;' in text and '<2>' not in text
  html.check_scripts()


def test_mistakes_have_probabilities_and_right_examples(workdir):
  text = (workdir / 'report/report.html').read_text()
  # Most confident first: a head called a stem with 0.7, and a head with 0.6 where nothing is.
  assert Page(text).alts == [
    'On page a, noteheadFull taken for stem',
    'On page b, nothing taken for noteheadFull',
  ]
  # No head was found in the place of the stem.
  assert 'noteheadFull <i>0&nbsp;%</i>' in text and '<b>stem</b> <i>70&nbsp;%</i>' in text
  # The most confident right boxes: a head on page a, a stem on page b.
  assert text.count('aria-label="A right noteheadFull, on page a"') == 2
  assert text.count('aria-label="A right stem, on page b"') == 1
  assert 'href="#mistake-0" data-true="noteheadFull" data-predicted="stem" data-count="1"' in text


def test_a_less_confident_box_of_the_true_class_is_its_probability(workdir):
  read = finished_run.read(workdir)
  page = read.pages[0]
  more = page._replace(
    found=np.concatenate([page.found, page.found[[2]] + 1]),  # IoU 81 / 119 with the stem.
    found_labels=[*page.found_labels, 'noteheadFull'],
    scores=np.append(page.scores, 0.25),
  )
  changed = read.replace(pages=[more, read.pages[1]])
  matched = [match(each, 0.5) for each in changed.pages]
  [first, second] = mistakes.sections(changed, matched)['Mistakes'].values['shown']
  assert first.mistake.true_confidence == 0.25 and second.mistake.true_confidence is None


def test_pages_that_do_not_fit_are_left_out(workdir, monkeypatch):
  read = finished_run.read(workdir)
  matched = [match(each, 0.5) for each in read.pages]
  monkeypatch.setattr(overlays, 'MOST', len(figures.picture(read.pictures[0][..., None])))
  section = overlays.section(read, matched)
  assert [page['id'] for page in section.values['pages']] == ['a']
  assert 'The last 1 page is left out' in templates.html(section)


def rows_of(workdir, name):
  return list(csv.DictReader((workdir / 'report' / name).read_text().splitlines()))


def test_files(workdir):
  found = rows_of(workdir, 'test_found.csv')
  assert [row['class'] for row in found] == ['noteheadFull'] * 2 + ['stem'] * 2 + ['noteheadFull']
  assert found[0]['page'] == 'a' and found[0]['confidence'] == '0.9000'
  rows = {row['class']: row for row in rows_of(workdir, 'per_class.csv')}
  assert set(rows) == set(CLASSES)
  assert [rows['stem'][name] for name in ('right', 'found', 'true')] == ['1', '2', '1']


def test_runs_are_compared(workdir):
  read = finished_run.read(workdir)
  summary = json.loads((workdir / 'summary.json').read_text())
  text = compare.compare([read, read], [summary, summary])
  assert 'AP50' in text.splitlines()[0] and '59.80 %' in text  # (3 * 67 / 101 + 1) / 5
  assert 'the first has the higher AP50 on 0 pages, the second on 0' in text


@pytest.mark.parametrize(
  ('name', 'value'),
  [
    ('test_ids', np.array(['a', 'a'])),
    ('validation_ap50', np.array(1.5)),
    ('found_labels', np.array([0, 0, 1, 1, 3])),
    ('found_log_odds', np.full(5, np.nan, np.float32)),
    ('true_pages', np.array([0, 0, 0, 1, 2])),
    ('true_boxes', np.zeros((4, 4), np.float32)),
    ('pictures', np.zeros(3, np.uint8)),
    ('scales', np.zeros((2, 2))),
    ('classes', np.array(['stem'] * 3)),
    ('test_groups', np.array(['x'])),
    ('picture_sizes', np.full((2, 2), 2**33)),  # 2^66 pixels are 0 as numbers of 64 bits.
    ('scales', np.full((2, 2), np.inf)),
    ('scales', np.full((2, 2), 1e-300)),
  ],
)
def test_an_evaluation_that_does_not_fit_together(name, value):
  assert run.problem(arrays()) is None
  assert evaluation_file.wrong_kind(arrays(), run.ARRAYS) is None
  assert run.problem({**arrays(), name: value})


def test_a_group_without_symbols_has_no_average(workdir):
  read = finished_run.read(workdir)
  pages = [read.pages[0], read.pages[1]._replace(true=np.empty((0, 4)), true_labels=[])]
  one, two = report.numbers(read.replace(pages=pages))['groups']
  assert one['ap50'] == pytest.approx(HEADS) and (two['ap50'], two['ap']) == (None, None)
  shown = templates.html(parts.tables([page._groups({'groups': [one, two]})]))
  assert shown.count(parts.DASH) == 3  # Nor has it a recall.


@pytest.mark.parametrize(
  'content', ['{}', '{"threshold": 1, "temperature": 1, "bias": 0}', '{"threshold": 0.5}', '[']
)
def test_a_damaged_decision_is_refused(tmp_path, workdir, content):
  make_run(tmp_path / 'b')
  (tmp_path / 'b' / 'decision.json').write_text(content)
  with pytest.raises(UserError, match=r'decision\.json'):
    finished_run.read(tmp_path / 'b')


@pytest.mark.parametrize(
  ('command', 'arguments'),
  [(ensemble, ['{run}', '{run}']), (label_errors, ['{run}', '--list', '3'])],
)
def test_commands_for_single_answers_refuse_runs_on_pages(workdir, capsys, command, arguments):
  code = command.main([argument.format(run=workdir) for argument in arguments])
  assert code != 0
  assert 'a run on pages, on which a network finds many things' in capsys.readouterr().err


def test_folds_are_joined(tmp_path):
  made = {
    f'writers_{n}': finished_run.read(
      make_run(tmp_path / f'writers_{n}', prefix=str(n), protocol=f'writers_{n}')
    )
    for n in range(2)
  }
  with no_page():
    table, report = folds.write(tmp_path / 'all', 'writers', made)
  assert report.exists() and table.splitlines()[0] == 'writers_0    59.80 %'
  again = finished_run.read(tmp_path / 'all')
  assert again.test_ids.tolist() == ['0a', '0b', '1a', '1b'] and not again.history
  np.testing.assert_allclose(again.pages[2].scores, [0.9, 0.8, 0.7], rtol=1e-5)
  assert again.decision == (0.5, 1.0, 0.0)
  with pytest.raises(UserError, match='a page was tested twice'):
    folds.joined(dict.fromkeys(('writers_0', 'writers_1'), made['writers_0']))


def test_what_is_joined_has_writers(workdir):
  read = finished_run.read(workdir)
  assert named('pages').folds.members is folds.members and read.task.over == ('writers',)
