"""What people are told of a model: the shipped cards, and files for `--about`."""

import json
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from small_runs import ROOT

import omr_jax
from omr_jax.errors import UserError
from omr_jax.export import about_file, card
from omr_jax.predict import model_json, models

onnx = pytest.importorskip('onnx', reason='needs the extra [export]')
PRETRAINED = Path(omr_jax.__file__).parent / 'pretrained'
SHIPPED = models.pretrained()


def about(name):
  return json.loads((PRETRAINED / name / 'model.json').read_text())


@pytest.mark.parametrize('name', SHIPPED)
def test_a_shipped_card_says_what_model_json_says(name):
  """And this what the file for --about says, as a new export would."""
  content = about(name)
  assert (PRETRAINED / name / 'README.md').read_text() == card.card(content, name)
  told = tomllib.loads((PRETRAINED / f'{name}.toml').read_text())
  for row in told.pop('training_data', ()):
    (found,) = (each for each in content['training_data'] if each['source'] == row['source'])
    assert found['examples'] > 0 and found == found | row
  assert content == content | told
  train = sum(row['examples'] for row in content['training_data'])
  assert train == content['run']['split_sizes']['train']


@pytest.mark.parametrize('name', SHIPPED)
def test_terms_are_where_the_model_is(name):
  licence = about(name)['licence']
  card_text = (PRETRAINED / name / 'README.md').read_text()
  notice = ' '.join((ROOT / 'NOTICE').read_text().split())
  readme = (ROOT / 'README.md').read_text()
  assert licence in card_text and name in notice
  row = re.search(rf'^\| `{name}`.*$', readme, re.MULTILINE)[0]
  terms = {
    'scores': 'CC BY-NC-SA 4.0',
    'pages': 'Apache-2.0',
    'pages_handwriting': 'CC BY-NC-SA 4.0',
  }
  if name in terms:
    assert terms[name] in licence and licence in notice and terms[name] in row
  else:
    assert licence.startswith('For research') and 'For research, as is HOMUS' in notice
    assert 'for research' in row


@pytest.mark.parametrize('path', sorted(PRETRAINED.glob('*/*.onnx')), ids=lambda p: p.parts[-2:])
def test_a_shipped_network_says_what_it_is(path):
  found = {each.key: each.value for each in onnx.load(path).metadata_props}
  content = about(path.parent.name)
  assert json.loads(found['classes']) == content['classes']
  assert json.loads(found['threshold']) == content['threshold']
  assert found['task'] == content['task'] and found['licence'] == content['licence']
  assert found['version'] == f'omr_jax {content["exported_by"]["omr_jax"]}'


@pytest.mark.parametrize('name', ['homus_scans', 'homus_strokes'])
def test_the_example_of_a_card_runs(name, monkeypatch, tmp_path, capsys):
  """On a ring with a line, in a copy of nothing: the folder itself is where it runs."""
  ring = Image.new('L', (90, 56), 235)
  ImageDraw.Draw(ring).ellipse([12, 8, 72, 48], outline=40, width=4)
  ring.save(tmp_path / 'picture.png')
  for file in (PRETRAINED / name).iterdir():
    os.symlink(file, tmp_path / file.name)
  monkeypatch.chdir(tmp_path)
  (code,) = re.findall(r'```python\n(.*?)```', (tmp_path / 'README.md').read_text(), re.DOTALL)
  exec(code, {})
  label, confidence, *unknown = capsys.readouterr().out.split()
  assert unknown == (['False'] if name == 'homus_strokes' else [])
  assert label == {'homus_scans': 'Whole-Note', 'homus_strokes': 'Barline'}[name]
  assert 0.5 < float(confidence) <= 1


def test_the_page_on_exports_has_every_key_and_a_file_that_is_read(tmp_path):
  page = (ROOT / 'docs/export.md').read_text()
  contents = [about(name) for name in SHIPPED]
  keys = {key for content in contents for key in (*content, *content['preparation'])}
  listed = {
    key
    for row in re.findall(r'^\|((?: ?`\w+`\*?,?)+) \|', page, re.MULTILINE)
    for key in re.findall(r'`(\w+)`', row)
  }
  assert keys <= listed
  (example,) = re.findall(r'```toml\n(.*?)```', page, re.DOTALL)
  assert set(told(tmp_path, example)) == set(about_file.KEYS)


GATE = model_json.read(PRETRAINED / 'scores')
TRAIN = {'source': np.array(['other/x', 'scores/x', 'scores/y', 'scores/x'])}


def told(tmp_path, content):
  (tmp_path / 'about.toml').write_text(content)
  return about_file.read(tmp_path / 'about.toml')


def test_figures_of_a_detector(tmp_path):
  (row,) = told(tmp_path, '[[figures]]\non = "old prints"\nap50 = 0.876\npages = 7\n')['figures']
  content = about('pages') | {'figures': [row]}
  assert '| the model | old prints | AP50 87.6 % on 7 pages |  |  |  |' in card.card(
    content, 'pages'
  )


def test_the_interval_is_of_different_examples(tmp_path):
  """Of 100, by hand: (0.92 + 1.92/100 +- 1.96 sqrt(0.92 * 0.08 / 100 + 0.96/100^2)) / 1.0384."""
  toml = '[[figures]]\non = "crops"\ncorrect = 276\nn = 300\nexamples = 100\n'
  content = about('homus') | told(tmp_path, toml)
  row = '| the model | crops | 276 of 300, 92.00 % | 85.00-95.89 |  |  |'
  assert row in card.card(content, 'homus')


def test_sources_are_counted_and_described(tmp_path):
  found = told(tmp_path, '[[training_data]]\nsource = "scores/x"\nwhat = "pages"\n')
  assert about_file.facts(GATE, found, TRAIN)['training_data'] == [
    {'source': 'other/x', 'examples': 1},
    {'source': 'scores/x', 'examples': 2, 'what': 'pages'},
    {'source': 'scores/y', 'examples': 1},
  ]
  # Without the data they can't be counted, and what is told stands alone.
  assert about_file.facts(GATE, found, None)['training_data'] == [
    {'source': 'scores/x', 'what': 'pages'}
  ]
  with pytest.raises(UserError, match=r"no training example is from 'scores/x'"):
    about_file.facts(GATE, found, {'source': np.array(['scores/y'])})


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    ('licence = " "', 'licence is empty; write it'),
    (
      '[[training_data]]\nsource = "a"\nlicense = "b"',
      "'license': did you mean 'licence'",
    ),
    ('[[training_data]]\nsource = "a"\nsince = 2020-01-01', "training_data has no key 'since'"),
    ('[[figures]]\non = "a"\ncorrect = 1\nn = 2\nshare = nan', "figures has no key 'share'"),
    ('[[training_data]]\nsource = "a"\n' * 2, "training_data: 'a' is there twice"),
    ('[[figures]]\non = "a"\ncorrect = 1\nn = 2\nexamples = 3', 'it must be a list of objects'),
    ('[[figures]]\non = "a"\nap50 = 1.2\npages = 3', 'it must be a list of objects with a'),
    ('[[figures]]\non = "a"\nap50 = 0.2', 'it must be a list of objects with a'),
    ('[[figures]]\non = "a"\nap50 = 0.2\ncorrect = 1\nn = 2', 'must be a list of objects with a'),
    ('[[figures]]\non = "a"\nap50 = "x"\npages = 2', 'it must be a list of objects with a'),
    ('[[figures]]\non = "a"\nap50 = true\npages = 2', 'it must be a list of objects with a'),
    ('[[figures]]\non = "a"\ncorrect = 1\nn = 2\npages = 2', 'must be a list of objects with a'),
    ('[[figures]]\non = "a"\nap50 = 0.2\npages = 3\nn = 2', 'must be a list of objects with a'),
    (f'[[figures]]\non = "a"\ncorrect = 1\nn = {10**30}', 'it must be a list of objects with a'),
    ('use = 2020-01-01', 'use is datetime.date(2020, 1, 1); it must be a text'),
  ],
)
def test_odd_files_are_refused(tmp_path, content, words):
  with pytest.raises(UserError, match=re.escape(words)):
    told(tmp_path, content)


def test_cuts_count_as_their_pictures_and_drawn_kinds_together():
  names = ['scores/x (cut)', 'scores/x', 'drawn chant', 'drawn logo', 'drawn papers']
  assert about_file.facts(GATE, {}, {'source': np.array(names)})['training_data'] == [
    {'source': 'drawn kinds', 'examples': 2},
    {'source': 'drawn papers', 'examples': 1},
    {'source': 'scores/x', 'examples': 2},
  ]


def test_what_is_told_replaces_what_all_models_of_a_task_have(tmp_path):
  given = told(tmp_path, 'licence = "Mine."\nlimits = ["None."]\n')
  found = about_file.facts(GATE, given, TRAIN)
  default = about_file.facts(GATE, {}, TRAIN)
  assert found == default | {'licence': 'Mine.', 'limits': ['None.']}
  assert 'ask whoever trained it' in default['licence']


def test_made_up_symbols_are_not_those_of_homus():
  model = model_json.read(PRETRAINED / 'homus')
  run = {**model.facts['run'], 'origin': 'made-up symbols', 'protocol': 'made_up'}
  found = about_file.facts(model._replace(facts={'run': run}), {}, None)
  assert 'HOMUS' not in json.dumps(found)
  assert found['training_data'][0]['licence'] == 'Apache-2.0'


@pytest.mark.parametrize(
  ('content', 'words'),
  [
    ('licence = ', 'cannot be read as TOML'),
    ('license = "x"', "no key 'license': did you mean 'licence'"),
    ('classes = ["x"]', "no key 'classes'"),
    ('licence = 5', 'licence is 5; it must be a text'),
    ('limits = "x"', 'limits is'),
    ('figures = [{ on = "x", correct = 3, n = 2 }]', 'figures is'),
    ('[[training_data]]\nwhat = "x"', 'training_data is'),
    ('[[training_data]]\nsource = "x"\nexamples = -1', 'training_data is'),
  ],
)
def test_other_files_are_refused(content, words, tmp_path):
  with pytest.raises(UserError) as error:
    told(tmp_path, content)
  assert str(error.value).startswith(f'{tmp_path / "about.toml"}: ') and words in str(error.value)
  with pytest.raises(
    UserError, match=r'missing\.toml: cannot be read \(No such file or directory\)'
  ):
    about_file.read(tmp_path / 'missing.toml')


def test_lists_without_end_are_refused(tmp_path):
  with pytest.raises(UserError, match=r'about\.toml: cannot be read as TOML'):
    told(tmp_path, 'limits = ' + '[' * 100_000)
