"""Trained networks on data other than their own, from the command line to the counts."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from PIL import Image

import omr_jax
from omr_jax import evaluate
from omr_jax.errors import UserError
from omr_jax.inputs import render, strokes
from omr_jax.predict.classifier import Classifier
from omr_jax.predict.detector import Symbol
from omr_jax.predict.model_json import Described
from omr_jax.synthetic import recorded_pages
from omr_jax.tasks import task as tasks
from omr_jax.tasks.pages import data_sets
from omr_jax.tasks.pages import other_data as page_data
from omr_jax.tasks.pages.other_data import AnnotatedPage
from omr_jax.tasks.symbols import data as symbol_data
from omr_jax.tasks.symbols import other_data, page_symbols
from omr_jax.tasks.symbols.page_symbols import PageSymbol
from omr_jax.training import trained
from tfds_builders import homus, muscima_pp

DRAWING = render.Drawing(64, 48, 'resized', (3.0,), (), 1, 2.0, float('inf'), True, False)


def always_the_first(inputs):
  found = np.eye(1, len(strokes.CLASSES), dtype=np.float32).repeat(len(inputs['image']), 0)
  return {'probabilities': found}


def test_answers_are_counted_by_kind():
  task = tasks.named('symbols')
  about = Described(task, strokes.CLASSES, DRAWING, ('image',), ('probabilities',), None, {})
  inputs = {'image': np.full((64, 48, 1), 255, np.uint8)}
  first = strokes.CLASSES[0]
  examples = [
    ('plain', first, inputs),
    ('plain', 'Dot', inputs),
    ('both', first, None),  # Nothing could be read, so it is wrong.
    ('plain', first, inputs),
  ]
  counts = evaluate.measure(Classifier(about, always_the_first), iter(examples))
  assert counts == {'plain': (2, 3), 'both': (0, 1)}


def test_a_table_of_one_kind_and_of_several():
  # The Wilson interval of 2 of 4: (0.5 + z^2/8 -+ z sqrt(1/16 + z^2/64)) / (1 + z^2/4), z = 1.96.
  assert evaluate.table({'plain': (2, 4)}) == 'plain      2 of     4   50.00 %  15.00-85.00'
  lines = evaluate.table({'plain': (2, 3), 'staff lines': (0, 1)}).splitlines()
  assert [line.split()[:-1] for line in lines] == [
    ['plain', '2', 'of', '3', '66.67', '%'],
    ['staff', 'lines', '0', 'of', '1', '0.00', '%'],
    ['all', '2', 'of', '4', '50.00', '%'],
  ]


def test_test_symbols_of_another_protocol(few, tmp_path, capsys):
  """Counted as if each was given to the model as strokes."""
  command = ['--model', 'homus', '--on', 'homus', '--protocol', 'made_up']
  assert evaluate.main([*command, '--data_dir', str(tmp_path)]) == 0
  said = capsys.readouterr().out
  builder = homus.prepare('made_up', tmp_path)
  test = list(builder.as_data_source(split='test'))
  model = omr_jax.load('homus')
  answers = model(
    [
      {'strokes': [each['points'][each['stroke'] == n] for n in np.unique(each['stroke'])]}
      for each in test
    ]
  )
  names = builder.info.features['label'].names
  right = sum(a.label == names[each['label']] for a, each in zip(answers, test, strict=True))
  assert right > len(test) / 2 > 0
  assert said.startswith(f'test symbols of made_up  {right:5} of {len(test):5}  ')
  assert len(said.splitlines()) == 1


def test_a_run_is_measured_like_an_exported_model(few, symbol_run, tmp_path, capsys):
  """It is right where its largest logit is the label's."""
  capsys.readouterr()
  command = ['--model', str(symbol_run), '--on', 'homus', '--protocol', 'made_up']
  assert evaluate.main([*command, '--data_dir', str(tmp_path)]) == 0
  network = trained.load(symbol_run)
  drawing = network.recipe.picture
  test = symbol_data.load('made_up', drawing, tmp_path, None, False).splits['test']
  apply = jax.jit(network.recipe.module.apply, static_argnames='train')
  inputs = {name: test[name] for name in network.recipe.module.inputs}
  logits = apply(network.variables, inputs, train=False)
  right = int((logits.argmax(1) == test['label']).sum())
  words = f'test symbols of made_up  {right:5} of {len(test["label"]):5}  '
  assert capsys.readouterr().out.startswith(words)


@pytest.mark.parametrize(
  ('more', 'words'),
  [
    (
      ['--protocol', 'writers_3'],
      'on the split original of the same symbols; give --protocol orig',
    ),
    (['--split', 'train'], '--protocol original with --split validation or test'),
    (['--protocol', 'orignal'], "did you mean 'original'?"),
  ],
)
def test_scans_of_symbols_of_the_training_are_refused(more, words, tmp_path, capsys):
  command = ['--model', 'homus_scans', '--on', 'scans', '--data_dir', str(tmp_path)]
  assert evaluate.main([*command, *more]) == 2
  assert words in capsys.readouterr().err


@pytest.mark.parametrize(
  ('own', 'protocol', 'split', 'learned'),
  [
    ('original', 'original', 'train', True),
    ('original', 'original', 'test', False),
    ('original', 'writers_0', 'test', True),
    # Inner folds are of the original training and validation symbols; none of the test is in them.
    *[('inner_3', 'original', split, split != 'test') for split in ('train', 'validation', 'test')],
    ('inner_3', 'inner_4', 'test', True),
    ('original', 'made_up', 'train', False),
    ('made_up', 'original', 'test', False),
  ],
)
def test_which_symbols_a_model_may_have_learned_from(own, protocol, split, learned):
  assert other_data._has_learned_from(own, protocol, split) == learned


def test_scans_of_a_split(few, tmp_path, capsys):
  command = ['--model', 'homus_scans', '--on', 'scans', '--protocol', 'made_up']
  said = []
  for seed in ('0', '1'):  # That the same seed gives the same crops is in test_scans.
    assert evaluate.main([*command, '--data_dir', str(tmp_path), '--seed', seed]) == 0
    said.append(capsys.readouterr().out)
  assert said[0] != said[1]
  rows = [line.rsplit(' of', 1) for line in said[0].splitlines()]
  right = [int(row[0].split()[-1]) for row in rows]
  symbols = [int(row[1].split()[0]) for row in rows]
  assert sum(right[:-1]) == right[-1] and sum(symbols[:-1]) == symbols[-1]
  assert symbols[-1] % 38 == 0 and right[-1] > symbols[-1] / 2  # Of 32 classes.


@pytest.fixture
def pages(tmp_path, monkeypatch):
  """One page with a bar line, which is in the list twice."""
  page = np.full((200, 200), 255, np.uint8)
  page[50:150, 98:103] = 0
  Image.fromarray(page).save(tmp_path / 'a.png')
  bar = (98, 50, 103, 150)
  listed = [PageSymbol('a.png', bar, 'Dot', 'class'), PageSymbol('a.png', bar, 'Barline', 'random')]
  monkeypatch.setattr(page_symbols, 'listed', lambda: listed)
  return tmp_path


def test_symbols_of_pages_by_choice_and_margin(pages, capsys):
  command = ['--model', 'homus_scans', '--on', 'pages', '--pages', str(pages)]
  assert evaluate.main(command) == 0
  lines = capsys.readouterr().out.splitlines()
  assert [line[:17].strip() for line in lines] == [
    *('random, 0 pixels', 'random, 4 pixels', 'random, 12 pixels'),
    *('class, 0 pixels', 'class, 4 pixels', 'class, 12 pixels', 'all'),
  ]
  # All together are three crops of each symbol, and have no interval.
  assert [len(line[17:].split()) for line in lines] == [6] * 6 + [5]
  right = [int(line[17:].split()[0]) for line in lines]
  # Cut out without a margin it is all ink, and nothing can be seen.
  assert right == [0, 1, 1, 0, 0, 0, 2]


def test_what_is_found_on_pages_by_class_and_group():
  """The numbers are by hand."""

  def detector(picture, threshold):
    assert threshold == 0.01  # So that the curve has all that is found.
    symbols = [Symbol(name, None, share, box, None, None) for name, share, box in found[picture]]
    return SimpleNamespace(symbols=symbols)

  rest, stem = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 22.0, 30.0)
  # On b the stem is half as long, which is an IoU of 0.5; the rest is missed.
  half = (20.0, 0.0, 22.0, 15.0)
  found = {b'a': [('rest', 0.9, rest), ('stem', 0.2, stem)], b'b': [('stem', 0.8, half)]}
  pages = [
    AnnotatedPage(group, picture, np.array([rest, stem]), ['rest', 'stem'])
    for group, picture in (('writer 1', b'a'), ('writer 2', b'b'))
  ]
  lines = evaluate.page_tables(evaluate.found_on(detector, pages), 0.5).splitlines()
  cells = {line[2:-2].split(' | ')[0]: line[2:-2].split(' | ')[1:] for line in lines if line}
  # Half of the rests, which is AP 51 of the 101 recalls. At 0.5 one of two stems counts.
  assert cells['rest'] == ['2', '1', '50.5', '50.5', '50.5', '100.0', '50.0', '66.7']
  # At IoU 0.75 the surer stem is wrong: precision 1/2 at recalls to 1/2, 51 of 101.
  assert cells['stem'][:4] == ['2', '1', '100.0', '25.2']
  assert cells['stem'][5:] == ['100.0', '50.0', '66.7']
  assert cells['all, by frequency'][:3] == ['4', '2', '75.2']
  assert cells['writer 1'] == ['1', '2', '100.0', '100.0', '100.0']
  # Of two classes one is found, at the first of the ten thresholds.
  assert cells['writer 2'] == ['1', '2', '50.0', '0.0', '5.0']
  assert lines[-1] == '2 pages'


def test_a_detector_of_the_package_on_a_page_drawn_by_code(monkeypatch, capsys):
  monkeypatch.setattr(data_sets, '_MADE_UP', {'train': 2, 'validation': 1, 'test': 1})
  assert evaluate.main(['--model', 'pages', '--on', 'made_up']) == 0
  out = capsys.readouterr().out
  (whole,) = (line.split(' | ') for line in out.splitlines() if line.startswith('| all, '))
  example = recorded_pages.example(0, muscima_pp.CLASSES, seed=2)
  assert int(whole[1]) == len(example['labels']) and float(whole[3]) > 80
  assert out.endswith('\n\n1 page\n') and 'group' not in out


def examples_of(source, protocol, digest):
  """The pages drawn by code, for a detector that was trained on these data."""
  config = {'data': {'source': source, 'protocol': protocol}}
  facts = {'config': config, 'run': {'data_digest': digest}}
  return page_data.examples('made_up', None, facts, None, (), (None, None))


def test_a_detector_is_measured_on_its_own_split():
  """Or on that of the models of the package, if it was trained on other data."""
  for source, protocol in (('typeset', 'composers'), ('made_up', 'made_up')):
    page = next(examples_of(source, protocol, 'drawn by code'))
    assert page.picture[1:4] == b'PNG' and len(page.boxes) == len(page.labels)
  with pytest.raises(UserError, match="'composers': no such split of made-up pages"):
    next(examples_of('made_up', 'composers', 'drawn by code'))


def test_a_detector_is_not_measured_on_another_set_of_its_own_data():
  """There other pages are in the test, such as those that it was trained on."""
  assert next(examples_of('typeset', 'composers', 'of other songs'))
  with pytest.raises(UserError, match='it may have seen these pages'):
    next(examples_of('made_up', 'made_up', 'drawn by earlier code'))


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    ('--model homus --on made_up', 'homus: a model of symbols, and --on made_up is for pages'),
    (
      '--model pages --on pages --pages .',
      'is for symbols; give a model of these, or --on typeset or --on muscima_pp or --on made_up.',
    ),
    ('--model pages --on made_up --seed 1', '--seed is for --on scans; leave it out with'),
    (
      '--model scores --on homus',
      'is for symbols; give a model of these, or --on folders.',
    ),
    ('--model homus_strokes --on scans', 'a picture has no strokes, which this model reads'),
    ('--model homus_strokes --on pages --pages .', 'a picture has no strokes'),
    ('--model nothing --on scans', 'nothing: no such file'),
    ('--model homus --on homus --seed 1', '--seed is for --on scans; leave it out with --on homus'),
    ('--model homus --on pages', '--on pages needs --pages'),
    ('--model homus --on pages --pages no', "can't be read (No such file"),
    ('--model homus --on homus --protocol made-up', "did you mean 'made_up'?"),
    ('--model homus --on homus --protocol writers_0', 'its own test is in its report'),
  ],
)
def test_what_can_not_be_measured_is_refused(arguments, words, capsys):
  assert evaluate.main(arguments.split()) == 2
  out, err = capsys.readouterr()
  assert words in err and not out


def test_an_unknown_place_is_refused(capsys):
  with pytest.raises(SystemExit, match='2'):
    evaluate.main(['--model', 'homus', '--on', 'desk'])
  assert "'desk'" in capsys.readouterr().err


def test_pictures_in_a_folder_for_each_class(tmp_path, capsys):
  """Lines and blank paper are no scores. What can't be read is wrong, and named."""
  page = recorded_pages.page(np.random.default_rng(0)).picture
  for name, picture in (('scores/a.png', page), ('other/b.png', page), ('other/c/d.png', page[:9])):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(tmp_path / name)
  (tmp_path / 'other/broken.jpg').write_bytes(b'nothing')
  (tmp_path / '.hidden').mkdir()
  (tmp_path / 'scores/drawing.svg').write_text('<svg/>')
  command = ['--model', 'scores', '--on', 'folders', '--pictures', str(tmp_path)]
  assert evaluate.main(command) == 0
  said, errors = capsys.readouterr()
  assert [line.split()[:4] for line in said.splitlines()] == [
    *(['other', '1', 'of', '3'], ['scores', '1', 'of', '1'], ['all', '2', 'of', '4']),
  ]
  assert 'broken.jpg: ' in errors
  assert 'left out of the folders, as they are of other kinds: .svg (1).' in errors


@pytest.mark.parametrize(
  ('model', 'folders', 'options', 'words'),
  [
    ('scores', ('scors',), ('folders',), "the model has no class 'scors': did you mean 'scores'?"),
    ('scores', ('other',), ('folders',), 'no pictures in the folders of the classes'),
    ('scores', None, ('folders',), 'cannot be listed'),
    ('pages', (), ('folders',), 'is for symbols and scores; give a model of these, or --on types'),
    ('scores', (), ('homus', '--protocol', 'made_up'), '--on folders needs --pictures'),
  ],
)
def test_folders_that_do_not_fit(model, folders, options, words, tmp_path, capsys):
  root = tmp_path / 'mine'
  for name in ('', *folders) if folders is not None else ():
    (root / name).mkdir(exist_ok=True)
  command = ['--model', model, '--on', *options, '--pictures', str(root)]
  assert evaluate.main(command) == 2
  assert words in capsys.readouterr().err
