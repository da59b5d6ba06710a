"""From pages drawn by code to a trained detector, its report and its export; all very small."""

import contextlib
import json
from functools import partial

import jax
import numpy as np
import pytest
from comparing import metrics
from html_page import Page
from small_runs import config_page

import omr_jax
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.export import __main__ as export
from omr_jax.inputs import windows
from omr_jax.predict import classifier, from_run
from omr_jax.recipe import check, config_keys
from omr_jax.synthetic import recorded_pages
from omr_jax.tasks.pages import data, data_sets, sprites
from omr_jax.tasks.pages.inputs import PRINTED
from omr_jax.tasks.pages.tiles import TILE
from omr_jax.training import loop, trained
from tfds_builders import muscima_pp

SIDE = 300  # Of the pages in pixels.


def small_config(**changes):
  """configs/pages.py made small: 2 epochs."""
  config = config_page('pages')
  config.data.source = config.data.protocol = 'made_up'
  config.data.tiles_per_epoch, config.data.made_up, config.data.pasted = 0, 1, 1
  config.epochs, config.batch_size, config.average_decay = 2, 2, 0.0
  config.windows.trained_side = 64
  config.model.widths, config.model.blocks, config.model.up = (4, 4), (1, 1), 4
  for key, value in changes.items():
    section, _, name = key.partition('__')
    config[section][name] = value
  return config_keys.finished(config)


@pytest.fixture(scope='module')
def few():
  """Small pages, two to train on and one each to validate and to test; each is drawn once."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(data_sets, '_MADE_UP', {'train': 2, 'validation': 1, 'test': 1})
    example, drawn = recorded_pages.example, {}

    def once(number, classes, seed=0):
      key = number, seed, tuple(classes)
      if key not in drawn:
        drawn[key] = example(number, classes, seed, SIDE, SIDE)
      return dict(drawn[key])

    patch.setattr(recorded_pages, 'example', once)
    yield


@pytest.fixture(scope='module')
def workdir(few, tmp_path_factory):
  """A finished run that was stopped after its first step and resumed."""
  folder = tmp_path_factory.mktemp('runs') / 'pages'
  train = partial(loop.train_and_evaluate, small_config(), 'pages', folder, folder.parent, None)
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(loop, 'signals', lambda: contextlib.nullcontext(lambda: True))
    with pytest.raises(loop.Interrupted):
      train()
  assert not (folder / 'summary.json').exists()
  train()
  return folder


def test_data(few, tmp_path):
  """Every symbol is in a tile, in its place, and every pixel of a page in the core of a window."""
  splits = data.load('made_up', 'made_up', tmp_path, None).splits
  train, test = splits['train'], splits['test']
  assert train['tile'].shape[1:] == (TILE, TILE) and len(train['id']) == len(train['tile'])
  assert train['boxes'].shape == (*train['classes'].shape, 4)
  page = recorded_pages.example(0, muscima_pp.CLASSES, seed=0)
  names = {muscima_pp.CLASSES[label] for label in page['labels']}
  first = [name.startswith(f'{page["id"]}-') for name in train['id']]
  present = np.asarray(train['classes'])[first]
  assert {PRINTED[label] for label in present[present >= 0]} == names.intersection(PRINTED)
  # Ink is in the boxes of heads.
  head = np.argwhere(np.asarray(train['classes']) == PRINTED.index('noteheadFull'))
  for tile, place in head[:5]:
    left, top, right, bottom = np.rint(train['boxes'][tile, place]).astype(int)
    assert train['tile'][tile][max(top, 0) : bottom, max(left, 0) : right].mean() < 200
  assert len(test['id']) == 1 and len(test['box']) == len(test['box_label']) > 5
  assert test['window'].shape[1:] == (windows.SIDE, windows.SIDE, 1)
  assert set(test['window_page'].tolist()) == {0}
  assert 'sprite' not in train
  more = data.load('made_up', 'made_up', tmp_path, None, made_up=1).splits['train']
  pages = {name.rpartition('-')[0] for name in more['id']}
  assert pages == {'made_up_0_0', 'made_up_0_1', 'made_up_0_2'}
  with_sprites = data.load('made_up', 'made_up', tmp_path, None, pasted=2).splits['train']
  assert with_sprites['sprite'].shape == (len(train['id']), 2, sprites.SIDE, sprites.SIDE)
  assert 'noteheadFull' in {PRINTED[label] for label in np.unique(with_sprites['sprite_class'])}


def test_a_run_that_was_stopped_ends_with_results(workdir):
  lines = metrics(workdir)
  keys = ['epoch', 'step', 'loss', 'validation_ap50', 'learning_rate']  # And the times.
  assert [list(line) for line in lines] == [keys] * 2
  assert all(np.isfinite(value) for line in lines for value in line.values())
  run = finished_run.read(workdir)
  summary = json.loads((workdir / 'summary.json').read_text())
  assert len(run.pages) == summary['pages'] == 1 and summary['n'] == len(run.pages[0].true)
  assert 0 <= summary['ap50'] <= 1 and summary['protocol'] == 'made_up'
  assert summary['split_sizes'] == {
    'train': summary['split_sizes']['train'],
    'validation': 1,
    'test': 1,
  }
  page = Page((workdir / 'report/report.html').read_text())
  assert {'learning-curves', 'pages', 'classes', 'run'} <= set(page.ids)


def test_the_exported_network_is_that_of_jax(workdir, tmp_path):
  pytest.importorskip('onnx', reason='needs the extra [export]')
  content = export.export(str(workdir), tmp_path / 'out', None)
  assert set(content['files']) == {'model.onnx', 'model_int8.onnx', 'weights.safetensors'}
  assert content['classes'] == list(PRINTED) and content['inputs'].keys() == {'window'}
  assert content['picture'] == {'space': windows.SPACE, 'side': windows.SIDE}
  assert 0 < content['threshold'] < 1 and content['measured']['n'] > 0
  assert 'AP50' in (tmp_path / 'out/README.md').read_text()
  # The heat map of the file is calibrated, and both maps are those of the trained network.
  pages = omr_jax.load(tmp_path / 'out')
  rng = np.random.default_rng(0)
  window = rng.integers(0, 256, (2, windows.SIDE, windows.SIDE, 1)).astype(np.uint8)
  found = pages._run({'window': window})
  network = trained.load(workdir)
  maps = jax.jit(network.recipe.predicted)(network.variables, {'window': window})
  expected = (np.asarray(maps['heat']) - content['bias']) / content['temperature']
  np.testing.assert_allclose(found['heat'], expected, rtol=1e-3, atol=1e-3)
  np.testing.assert_allclose(found['edges'], maps['edges'], rtol=1e-3, atol=1e-3)
  page = recorded_pages.page(np.random.default_rng(1), SIDE, SIDE).picture
  assert all(symbol.confidence >= content['threshold'] for symbol in pages(page).symbols)


def test_a_run_is_described_without_an_export(workdir):
  model = from_run.describe(trained.load(workdir), workdir)
  assert model.gives == ('heat', 'edges') and model.reads == ('window',)
  assert model.facts['measured']['pages'] == 1


def test_forms_that_pages_do_not_have_are_refused(workdir, tmp_path, capsys):
  pytest.importorskip('onnx', reason='needs the extra [export]')
  arguments = ['--model', str(workdir), '--out', str(tmp_path / 'out'), '--without_data']
  assert export.main([*arguments, '--forms', 'model.jax']) != 0
  assert 'model.jax: networks for pages are not exported' in capsys.readouterr().err
  assert not (tmp_path / 'out').exists()


def test_a_classifier_is_not_made_of_it(workdir):
  with pytest.raises(UserError, match='omr detect'):
    classifier.load(workdir)


@pytest.mark.parametrize(
  ('key', 'value', 'words'),
  [
    ('windows__trained_side', 100, r'windows\.trained_side is 100; it must be a multiple of 32'),
    ('data__source', 'homus', r'data\.source is .homus.; it must be one of muscima_pp, typeset'),
    ('distortion__paper', 1.5, r'distortion\.paper is 1\.5; it must be from 0 to 1'),
  ],
)
def test_values_that_no_run_can_have(key, value, words):
  with pytest.raises(UserError, match=words):
    small_config(**{key: value})


def test_networks_fit_their_tasks():
  from omr_jax.recipe import recipe

  config = config_page('pages')
  config_keys.extend(config)
  config.model.name = 'vgg14'
  config.model.dropout = 0.5
  with pytest.raises(UserError, match=r'vgg14 gives one class to a whole picture.*detector'):
    recipe.create(config_keys.finished(config))
  for page in ('homus', 'scores'):
    config = config_page(page)
    config_keys.extend(config)
    config.model.name = 'detector'
    with pytest.raises(UserError, match='detector finds symbols on pages'):
      recipe.create(config_keys.finished(config))


def test_without_augmentation_nothing_is_distorted():
  config = config_page('pages')
  config.augment.space = 'none'
  finished = config_keys.finished(config)
  assert 'distortion' not in finished and not check.unread_keys(finished)
