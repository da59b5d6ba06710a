"""Pages in configs/: their values, the keys that they hold, and the config that a run gets."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from ml_collections import ConfigDict, config_dict
from small_runs import ROOT, config_page, load_page

from omr_jax import models
from omr_jax.errors import UserError
from omr_jax.recipe import check, config_keys
from omr_jax.tasks import task as tasks

INF = float('inf')
ADAMW = {
  'optimizer.name': 'adamw',
  'optimizer.learning_rate': 4e-3,
  'optimizer.weight_decay': 0.02,
  'optimizer.b2': 0.999,
  'schedule.name': 'one_cycle',
  'schedule.warm_up': 0.2,
  'average_decay': 0.995,
  'tested': 'last',
  'seed': 0,
}
HOMUS = ADAMW | {
  'data.protocol': 'original',
  'epochs': 20,
  'batch_size': 64,
  'drawing.height': 64,
  'drawing.width': 48,
  'drawing.layout': 'scaled',
  'drawing.thickness': (2.0,),
  'drawing.staff_lines': (),
  'augment.space': 'strokes',
  'augment.stroke_zoom': 0.05,
  'augment.bend': 0.0,
  'model.dropout': 0.2,
  'loss.label_smoothing': 0.05,
}
STRONGER = {
  'augment.rotation': 15.0,
  'augment.zoom': (0.7, 1.35),
  'augment.shear': 0.25,
  'augment.stroke_zoom': 0.1,
  'augment.stroke_shift': 2.5,
  'augment.bend': 0.04,
}
PRINTED = ADAMW | {
  'data.source': 'typeset',
  'data.protocol': 'composers',
  'data.tiles_per_epoch': 4608,
  'data.made_up': 40,
  'data.pasted': 0,
  'epochs': 7,
  'batch_size': 16,
  'average_decay': 0.998,
  'windows.trained_side': 192,
  'augment.space': 'windows',
  'distortion.lean': 0.25,
  'distortion.bend': 0.75,
  'distortion.noise': 6.0,
  'distortion.blur': 1.0,
  'distortion.shadow': 0.3,
  'model.name': 'detector',
  'model.widths': (48, 80, 128, 160),
  'model.up': 48,
  'optimizer.learning_rate': 3e-3,
}
PEN = {'model.pen_blocks': (2, 2, 2, 2), 'model.hidden': 128, 'model.dropout': 0.3}
PAPER = {
  'data.protocol': 'original',
  'epochs': 200,
  'batch_size': 16,
  'average_decay': 0.0,
  'stop_after': 20,
  'tested': 'best',
  'drawing.width': 96,
  'drawing.thickness': (3.0,),
  'drawing.antialias': False,
  'augment.space': 'pictures',
  'augment.flip': False,
  'augment.zoom': (0.8, 1.2),
  'optimizer.name': 'adadelta',
  'optimizer.learning_rate': 1.0,
  'optimizer.l2': 1e-4,
  'optimizer.rho': 0.95,
  'schedule.name': 'plateau',
  'schedule.factor': 0.5,
  'schedule.patience': 8,
  'schedule.floor': 1e-5,
}
SCORES_PAPER = {
  'data.protocol': 'paper',
  'data.balance': 1.0,
  'epochs': 200,
  'batch_size': 16,
  'stop_after': 10,
  'picture.tiles': 0,
  'decision.false_positive_cost': 0.0,
  'augment.space': 'pictures',
  'augment.flip': True,
  'augment.shift': 24.0,
  'model.name': 'vgg14',
  'model.dropout': 0.5,
  'optimizer.name': 'sgd',
  'optimizer.learning_rate': 1e-3,
  'optimizer.momentum': 0.9,
  'schedule.patience': 5,
}
# Of the pages at e22f0a9.
VALUES = {
  'homus': HOMUS
  | {
    'augment.rotation': 10.0,
    'augment.zoom': (0.8, 1.2),
    'augment.thickness': (1.5, 3.0),
    'model.name': 'preact_resnet11',
    'model.widths': (16, 48, 96),
    'model.blocks': (1, 2, 2),
    'model.use_size': True,
  },
  'homus_best': HOMUS
  | STRONGER
  | {
    'epochs': 30,
    'drawing.height': 112,
    'drawing.width': 80,
    'augment.shift': 1.0,
    'model.name': 'preact_resnet13',
    'model.widths': (24, 48, 96, 160),
    'model.blocks': (1, 1, 2, 2),
    'model.use_size': True,
  },
  'homus_strokes': HOMUS
  | STRONGER
  | PEN
  | {
    'model.name': 'stroke_resnet28',
    'model.widths': (16, 48, 96),
    'model.blocks': (1, 2, 2),
    'model.stem_stride': 2,
    'model.pen_widths': (64, 96, 144, 192),
  },
  'homus_fused': HOMUS
  | STRONGER
  | PEN
  | {
    'drawing.height': 112,
    'drawing.width': 80,
    'augment.thickness': (1.5, 3.0),
    'model.name': 'fused_resnet30',
    'model.widths': (16, 32, 64, 128),
    'model.blocks': (1, 1, 2, 2),
    'model.pen_widths': (64, 96, 144, 168),
  },
  'homus_scans': HOMUS
  | {
    'epochs': 48,
    'drawing.layout': 'resized',
    'drawing.thickness': (3.0,),
    'drawing.margin': 1,
    'drawing.max_stretch': 2.0,
    'drawing.max_zoom': INF,
    'drawing.thinned': False,
    'augment.space': 'crops',
    'augment.thickness': (1.5, 5.0),
    'augment.bend': 0.04,
    'augment.around': 0.5,
    'augment.staff': 0.35,
    'augment.worn': 1.0,
    'model.name': 'preact_resnet11',
    'model.use_size': False,
  },
  'homus_staff': HOMUS
  | STRONGER
  | {
    'epochs': 24,
    'drawing.height': 192,
    'drawing.width': 96,
    'drawing.layout': 'centered',
    'drawing.thickness': (3.0,),
    'drawing.staff_lines': (74,),
    'augment.zoom': (0.75, 1.25),
    'augment.thickness': (2.0, 4.0),
    'model.name': 'preact_resnet13',
    'model.widths': (16, 32, 64, 128),
    'model.close_up': (112, 80),
    'model.use_size': True,
  },
  'homus_paper:resnet': PAPER
  | {'drawing.height': 192, 'drawing.layout': 'centered', 'model.name': 'resnet25'},
  'homus_paper:vgg': PAPER
  | {
    'drawing.height': 96,
    'drawing.layout': 'resized',
    'drawing.margin': 2,
    'drawing.max_stretch': INF,
    'model.name': 'vgg13',
  },
  'homus_paper:staff': PAPER
  | {
    'batch_size': 64,
    'drawing.height': 192,
    'drawing.layout': 'centered',
    'drawing.staff_lines': (74,),
    'model.name': 'vgg13',
  },
  'scores': ADAMW
  | {
    'data.protocol': 'folders',
    'data.balance': 0.5,
    'epochs': 40,
    'batch_size': 32,
    'picture.height': 128,
    'picture.tiles': 3,
    'picture.whole': 0.35,
    'picture.cuts': 2,
    'picture.papers': 24,
    'picture.scenes': 480,
    'picture.drawn': 48,
    'decision.false_positive_cost': 2.0,
    'decision.lower_weight': 0.25,
    'augment.space': 'camera',
    'camera.clean': 0.4,
    'camera.jpeg': 50.0,
    'model.name': 'preact_resnet9',
    'model.stem_size': 8,
    'model.even': True,
    'model.dropout': 0.1,
    'optimizer.learning_rate': 6e-3,
  },
  'pages': PRINTED,
  'pages_handwriting': PRINTED
  | {
    'data.source': 'muscima_pp',
    'data.protocol': 'most_writers',
    'data.tiles_per_epoch': 0,
    'data.made_up': 0,
    'data.pasted': 2,
    'distortion.lean': 0.4,
    'distortion.bend': 1.5,
    'model.widths': (64, 96, 128, 160),
    'model.up': 64,
    'epochs': 6,
  },
  'scores_paper:128': SCORES_PAPER | {'picture.height': 128, 'picture.width': 128},
  'scores_paper:256': SCORES_PAPER | {'picture.height': 256, 'picture.width': 256},
}


def page_names():
  for path in sorted((ROOT / 'omr_jax' / 'configs').glob('[!_]*.py')):
    for variant in getattr(load_page(path.stem), 'VARIANTS', (None,)):
      yield f'{path.stem}:{variant}' if variant else path.stem


def extended(name='homus', changes=()):
  """The config of a page as a command line with these changes leaves it."""
  config = config_page(*name.split(':'))
  config_keys.extend(config)
  config.update_from_flattened_dict(dict(changes))
  return config


def test_every_page_is_tested_here():
  assert sorted(page_names()) == sorted(VALUES)


@pytest.mark.parametrize('name', VALUES)
def test_a_page_has_its_values_and_exactly_the_keys_that_its_choices_read(name):
  config = config_page(*name.split(':'))
  found = check.flat(config)
  chosen = {key: found[key] for key in VALUES[name]}
  assert chosen == VALUES[name]
  assert all(type(chosen[key]) is type(value) for key, value in VALUES[name].items())
  assert all(part.is_locked for part in (config, *config.values()) if isinstance(part, ConfigDict))
  assert check.unread_keys(config) == set()
  missing = check.read_keys(config).keys() - found.keys()
  assert all(key.startswith('model.') for key in missing)  # Networks have defaults.
  finished = config_keys.finished(extended(name))
  assert finished.to_dict() == config.to_dict() and finished.is_locked


@pytest.mark.parametrize('name', ['homus', 'homus_scans', 'homus_staff', 'scores'])
def test_a_config_as_a_page_gives_the_same_config(name):
  config = config_page(name)
  names = {}
  exec(config_keys.as_page(config), names)
  assert names['get_config']().to_dict() == config.to_dict()


def test_numbers_of_numpy_are_python_s():
  config = config_page('homus').unlock()
  for section, name, value in [
    (config, 'seed', np.int64(3)),
    (config.drawing, 'antialias', np.bool_(True)),
    (config.augment, 'zoom', tuple(np.array([0.75, 1.25]))),
    (config.optimizer, 'learning_rate', np.sqrt(2.0**-8)),
  ]:
    del section[name]
    section[name] = value
  config_keys.extend(config)
  config.seed = 4  # As a command line does, which knows Python's types.
  config.optimizer.learning_rate = np.float64(0.125)  # As a sweep does.
  finished = config_keys.finished(config)
  assert type(finished.seed) is int and type(finished.optimizer.learning_rate) is float
  page = config_keys.as_page(finished)
  for line in ('seed = 4', 'drawing.antialias = True', 'augment.zoom = (0.75, 1.25)'):
    assert f'  config.{line}\n' in page
  assert '  config.optimizer.learning_rate = 0.125\n' in page
  assert json.loads(finished.to_json())['augment']['zoom'] == [0.75, 1.25]


def test_a_number_of_numpy_that_follows_from_another_key_still_does():
  config = config_page('homus').unlock()
  rate = config_dict.FieldReference(0.1)
  for name, value in (('learning_rate', rate), ('weight_decay', rate * np.float64(0.25))):
    del config.optimizer[name]
    config.optimizer[name] = value
  config_keys.extend(config)
  config.optimizer.learning_rate = 0.5  # As a command line does.
  decay = config_keys.finished(config).optimizer.weight_decay
  assert decay == 0.125 and type(decay) is float


@pytest.mark.parametrize(
  ('value', 'words'),
  [
    (np.array([0.75, 1.25]), 'config.augment.zoom is array([0.75, 1.25]); it must be a text, a n'),
    ((0.75, np.array(1.25)), 'config.augment.zoom is array(1.25); it must be a text, a number'),
    ({0.75, 1.25}, 'it must be a text, a number, True, False or a tuple of these.'),
    (b'0.75', "config.augment.zoom is b'0.75'; it must be a text, a number, True"),
  ],
)
def test_values_that_a_file_cannot_hold_are_refused(value, words):
  config = config_page('homus').unlock()
  del config.augment.zoom
  config.augment.zoom = value
  for reads in (config_keys.extend, config_keys.finished):
    with pytest.raises(UserError) as caught:
      reads(config)
    assert words in str(caught.value)


def test_a_choice_takes_its_keys_and_leaves_those_of_the_other():
  config = config_keys.finished(
    extended(changes={'optimizer.name': 'sgd', 'optimizer.momentum': 0}), ['optimizer.momentum']
  )
  rest = {'name': 'sgd', 'learning_rate': 4e-3, 'l2': 0.0, 'momentum': 0.0}
  assert config.optimizer.to_dict() == rest and isinstance(config.optimizer.momentum, float)
  assert config.optimizer.is_locked
  config = config_keys.finished(extended('scores', {'augment.space': 'none'}))
  assert 'camera' not in config and config.augment.to_dict() == {'space': 'none'}
  config = config_keys.finished(extended('scores', {'picture.tiles': 0}))
  assert 'whole' not in config.picture and 'lower_weight' not in config.decision
  config = config_keys.finished(extended('homus_paper:vgg', {'drawing.layout': 'centered'}))
  assert not {'margin', 'max_stretch', 'max_zoom'} & set(config.drawing)


@pytest.mark.parametrize(
  ('name', 'changes', 'words'),
  [
    (
      'homus',
      {'schedule.name': 'plateau', 'schedule.floor': 1e-5},
      'config.schedule.name=plateau reads keys that the config lacks; add '
      '--config.schedule.factor=<between 0 and 1> '
      '--config.schedule.patience=<a whole number from 1 to a million>',
    ),
    (
      'homus_paper:staff',
      {'drawing.layout': 'scaled', 'drawing.staff_lines': ()},
      'config.drawing.layout=scaled reads keys that the config lacks; add '
      '--config.drawing.margin=<a whole number from 0 to 4096> '
      '--config.drawing.max_stretch=<at least 1> --config.drawing.max_zoom=<at least 0.01>',
    ),
    (
      'homus_strokes',
      {'model.name': 'preact_resnet11', 'augment.shift': 1.0},
      'config.augment.space=strokes reads keys that the config lacks; add '
      '--config.augment.thickness=<a smallest and a largest number, above 0>',
    ),
    ('scores_paper:128', {'augment.space': 'camera'}, '--config.camera.clean=<from 0 to 1>'),
    ('scores_paper:128', {'data.fold': 3}, 'but the protocol paper has a test of its own'),
    ('scores_paper:128', {'data.hold_out': 'scores/a'}, "hold_out is 'scores/a', but the protocol"),
    ('scores', {'picture.tiles': 0, 'picture.whole': 0.5}, 'config.picture.whole is not read by'),
    ('homus', {'optimizer.rho': 0.9}, 'config.optimizer.rho is not read by what the config'),
    ('homus_staff', {'drawing.margin': 3}, 'config.drawing.margin is not read by what the config'),
    (
      'homus',
      {'optimizer.name': 'sgd', 'optimizer.momentum': 1.5},
      'config.optimizer.momentum is 1.5; it must be at least 0 and below 1.',
    ),
  ],
)
def test_keys_that_are_missing_or_not_read_are_named(name, changes, words):
  with pytest.raises(UserError) as caught:
    config_keys.finished(extended(name, changes), changes)
  assert words in str(caught.value)


@pytest.mark.parametrize('key', ['picture.tiles', 'picture.height', 'data.fold', 'seed'])
def test_a_missing_key_is_named(key):
  config = extended('scores').unlock()
  section, _, name = key.rpartition('.')
  del (config[section] if section else config)[name]
  with pytest.raises(UserError, match=rf'every run reads keys .* add --config\.{key}='):
    config_keys.finished(config)


def test_what_is_no_config_is_left_to_the_check():
  for wrong in ({}, {'data': 3}, {'data': {'name': ['homus']}}, {'data': {'name': 'homs'}}):
    config = ConfigDict(wrong)
    config_keys.extend(config)
    assert config.to_dict() == wrong
    with pytest.raises(UserError):
      config_keys.finished(config)


@pytest.mark.parametrize('task', tasks.TASKS, ids=lambda task: task.name)
def test_places_for_keys_have_the_types_of_the_pages_and_the_networks(task):
  choices = check.choice_keys(task)
  own = 'distortion.zoom' if task.name == 'pages' else 'augment.flip'
  assert {'optimizer.rho', 'schedule.factor', 'model.widths', own} < set(choices)
  for name in VALUES:
    values = check.flat(config_page(*name.split(':')))
    for key in values.keys() & set(choices):
      assert config_keys.type_of(key) is type(values[key]), key
  for network in models.NETWORKS.values():
    for option in network.func.options:
      default = network.keywords.get(option, getattr(network.func, option))
      kind = tuple if default is None else type(default)  # None: no close-up.
      assert config_keys.type_of(f'model.{option}') is kind, option


def test_every_strength_of_the_camera_has_a_limit():
  keys = {key for key in check.known_keys(tasks.named('scores')) if key.startswith('camera.')}
  assert keys and keys <= tasks.named('scores').limits.LIMITS.keys()


def test_runs_of_earlier_versions_have_the_same_config():
  """At e22f0a9 pages had keys of other choices too; a pool may hold runs of both."""
  now = json.loads(config_page('scores').to_json())
  before = json.loads(config_page('scores').to_json())
  before['optimizer'] |= {'momentum': 0.9, 'rho': 0.95}
  before['augment']['flip'] = True
  other = json.loads(config_page('scores').to_json())
  other['optimizer']['b1'] = 0.8

  def compared(config):
    return config_keys.read_values(config, but=('data.fold',))

  assert compared(before) == compared(now) != compared(other)
  assert 'data.fold' not in compared(now) and compared(now)['data.hold_out'] == ''
  assert compared({'seed': 1, 'data': {'fold': 2, 'x': 3}}) == {'seed': 1, 'data.x': 3}


def test_the_command_prints_the_finished_config_anywhere(tmp_path):
  """Of a page that derives from another one, of several runs, and in a folder of another's."""
  page = ROOT / 'omr_jax' / 'configs' / 'homus_scans.py'
  command = [sys.executable, '-m', 'omr_jax.main', f'--config={page}', '--print_config']
  command += ['--config.optimizer.name=sgd', '--config.optimizer.momentum=0,0.9']
  done = subprocess.run(
    command,
    cwd=tmp_path,
    env=os.environ | {'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0 and not done.stderr, done.stderr
  assert not list(tmp_path.iterdir())
  assert '# The config of optimizer.momentum=0, the first of 2 runs' in done.stdout
  assert '#   optimizer.momentum=0.9\n' in done.stdout
  names = {}
  exec(done.stdout, names)
  expected = config_page('homus_scans').to_dict()
  expected['optimizer'] = {'name': 'sgd', 'learning_rate': 4e-3, 'l2': 0.0, 'momentum': 0.0}
  assert names['get_config']().to_dict() == expected
