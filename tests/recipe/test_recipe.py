from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict
from small_runs import ROOT, config_page, load_page

from omr_jax import models
from omr_jax.errors import UserError
from omr_jax.recipe import config_keys, hyperparameters, optim, recipe
from omr_jax.recipe.check import check_config, unread_keys
from omr_jax.tasks.classifiers import training

CONFIGS = sorted((ROOT / 'omr_jax' / 'configs').glob('[!_]*.py'))


def variants():
  for path in CONFIGS:
    for variant in getattr(load_page(path.stem), 'VARIANTS', (None,)):
      yield pytest.param(path, variant, id=f'{path.stem}:{variant}' if variant else path.stem)


def homus(changes=(), without=()):
  """The everyday config with values by dotted path, None where a key goes."""
  config = ConfigDict(config_page('homus').to_dict())
  for key, value in dict(changes).items():
    *sections, last = key.split('.')
    section = config
    for name in sections:
      section = section[name]
    with section.ignore_type():
      section[last] = value
  for key in without:
    *sections, last = key.split('.')
    section = config
    for name in sections:
      section = section[name]
    del section[last]
  return config


def create(config):
  """The recipe of a config that has been checked, as a command makes it."""
  check_config(config)
  return recipe.create(config)


def test_there_are_configs():
  assert CONFIGS


@pytest.mark.parametrize(('path', 'variant'), variants())
def test_every_config_is_accepted(path, variant):
  check_config(config_page(path.stem, *filter(None, [variant])))


PLATEAU = {
  'schedule.name': 'plateau',
  'schedule.factor': 0.5,
  'schedule.patience': 8,
  'schedule.floor': 1e-5,
}
# The keys that come with a choice.
KEYS = {
  'one_cycle': {'schedule.warm_up': 0.2},
  'plateau': {key: value for key, value in PLATEAU.items() if key != 'schedule.name'},
  'adadelta': {'optimizer.rho': 0.95, 'optimizer.eps': 1e-8},
  'adam': {'optimizer.b1': 0.9, 'optimizer.b2': 0.999, 'optimizer.eps': 1e-8},
  'adamw': {
    'optimizer.b1': 0.9,
    'optimizer.b2': 0.999,
    'optimizer.eps': 1e-8,
    'optimizer.weight_decay': 0.02,
  },
  'sgd': {'optimizer.momentum': 0.9},
}


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    # Unknown keys, with the nearest one.
    ({'epocs': 3}, ("'epocs'", "'epochs'")),
    ({'drawing.heigth': 3}, ('drawing', "'heigth'", "'height'")),
    ({'data.protokol': 'x'}, ('data', "'protokol'", "'protocol'")),
    ({'augment.rotations': 3.0}, ('augment', "'rotations'", "'rotation'")),
    ({'loss.smoothing': 3.0}, ('loss', "'smoothing'", "'label_smoothing'")),
    ({'optimizer.learning_rat': 3.0}, ('optimizer', "'learning_rat'", "'learning_rate'")),
    ({'schedule.warmup': 3.0}, ('schedule', "'warmup'", "'warm_up'")),
    ({'optimizer.b_1': 0.8}, ('optimizer', "'b_1'", "'b1'")),
    ({'model.width': 3}, ("'width'", "'widths'")),
    ({'model.dtype': 'float32'}, ('model', "'dtype'")),
    # Unknown names, with the nearest one or all.
    ({'augment.space': 'stroke'}, ('augment.space', "'stroke'", "'strokes'")),
    ({'precision': 'float23'}, ('precision', "'float23'", 'float32, bfloat16')),
    ({'drawing.layout': 'centred'}, ('drawing.layout', "'centred'", 'centered')),
    ({'loss.class_weights': 'x'}, ('loss.class_weights', "'x'", 'none, inverse_sqrt, balanced')),
    ({'optimizer.name': 'adamm'}, ('optimizer.name', "'adamm'", "'adam'")),
    ({'schedule.name': 'plato'}, ('schedule.name', "'plato'", "'plateau'")),
    ({'model.name': 'preact_resnet_11'}, ("'preact_resnet_11'", "'preact_resnet11'")),
    # What belongs elsewhere.
    ({'drawing.staff_lines': (5,)}, ('drawing.staff_lines', 'centered')),
    ({'drawing.layout': 'resized'}, ('augment.space=strokes', 'scaled or centered')),
    (
      {
        'drawing.layout': 'centered',
        'drawing.height': 96,
        'drawing.staff_lines': (8, 9),
      },
      ('drawing.staff_lines', 'give one, or none'),
    ),
    ({'drawing.antialias': False}, ('augment.space=strokes', 'antialias')),
    ({'schedule': 3}, ('schedule', '3', 'section')),
    ({'drawing.thickness': (1.0, 2.0)}, ('drawing.thickness', 'give one')),
    # Other types, as in a config.json that was edited.
    ({'epochs': '3'}, ('epochs', "'3'")),
    ({'epochs': 1.5}, ('epochs', '1.5')),
    ({'batch_size': True}, ('batch_size', 'True')),
    ({'average_decay': 'x'}, ('average_decay', "'x'")),
    ({'drawing.thickness': 2.0}, ('drawing.thickness', '2.0')),
    ({'drawing.antialias': 1}, ('drawing.antialias', '1')),
    ({'augment.zoom': 1.0}, ('augment.zoom', '1.0')),
    ({'optimizer.eps': None}, ('optimizer.eps', 'None')),
    ({'model.dropout': 'x'}, ('dropout', "'x'")),
    ({'seed': None}, ('seed', 'None')),
    # Beyond what arithmetic or memory can take.
    ({'epochs': 10**23}, ('epochs', 'million')),
    ({'batch_size': 10**23}, ('batch_size', 'million')),
    (PLATEAU | {'schedule.patience': 10**22}, ('schedule.patience', 'million')),
    ({'model.stem_stride': 10**20}, ('stem_stride', '64')),
    ({'model.blocks': (10**11, 1, 1)}, ('blocks', '64')),
    ({'model.widths': (10**11, 4, 4)}, ('widths', '4096')),
    ({'drawing.max_zoom': 1e-300}, ('drawing.max_zoom', '1e-300')),
    (
      {'augment.space': 'none', 'drawing.layout': 'centered', 'drawing.staff_lines': (8,)},
      ('drawing.staff_lines', 'at 7 or above'),  # 7 + 4 * 14 is row 63, the last of 64.
    ),
    ({'schedule.name': ['plateau']}, ('schedule.name', 'plateau')),
    # Numbers that no run can have.
    ({'epochs': -1}, ('epochs', '-1', 'from 1')),
    ({'epochs': 0}, ('epochs', '0')),
    ({'batch_size': 0}, ('batch_size', '0')),
    ({'seed': -1}, ('seed', '-1')),
    ({'seed': 2**63}, ('seed', str(2**63))),
    ({'stop_after': -1}, ('stop_after', '-1')),
    ({'average_decay': 1.0}, ('average_decay', '1.0')),
    ({'average_decay': np.zeros(2)}, ('average_decay', 'array([0., 0.])')),
    ({'loss.label_smoothing': -0.1}, ('loss.label_smoothing', '-0.1')),
    ({'optimizer.learning_rate': 0.0}, ('optimizer.learning_rate', '0.0')),
    ({'optimizer.learning_rate': float('nan')}, ('optimizer.learning_rate', 'nan')),
    ({'optimizer.weight_decay': -1.0}, ('optimizer.weight_decay', '-1.0')),
    ({'optimizer.l2': float('inf')}, ('optimizer.l2', 'inf')),
    ({'schedule.warm_up': 1.0}, ('schedule.warm_up', '1.0')),
    (PLATEAU | {'schedule.floor': 1.0}, ('schedule.floor', '1.0')),
    (PLATEAU | {'schedule.factor': 1.0}, ('schedule.factor', '1.0')),
    (PLATEAU | {'schedule.patience': 0}, ('schedule.patience', '0')),
    ({'drawing.height': 0}, ('drawing.height', '0')),
    ({'drawing.width': 5000}, ('drawing.width', '5000')),
    ({'drawing.margin': 24}, ('drawing.margin', '24')),
    ({'drawing.margin': -1}, ('drawing.margin', '-1')),
    ({'drawing.thickness': ()}, ('drawing.thickness', '()')),
    ({'drawing.thickness': (2.0, 0.0)}, ('drawing.thickness', '0.0')),
    ({'drawing.thickness': ('a',)}, ('drawing.thickness', 'a')),
    ({'drawing.staff_lines': (1.5,)}, ('drawing.staff_lines', '1.5')),
    ({'drawing.max_stretch': 0.5}, ('drawing.max_stretch', '0.5')),
    ({'drawing.max_zoom': 0.0}, ('drawing.max_zoom', '0.0')),
    ({'augment.zoom': (1.2, 0.8)}, ('augment.zoom', '(1.2, 0.8)')),
    ({'augment.thickness': (2.0,)}, ('augment.thickness', '(2.0,)')),
    ({'augment.stroke_zoom': 1.0}, ('augment.stroke_zoom', '1.0')),
    ({'augment.rotation': float('nan')}, ('augment.rotation', 'nan')),
    ({'augment.shear': -0.1}, ('augment.shear', '-0.1')),
    # Too small for the network's pooling.
    (
      {
        'drawing.height': 16,
        'drawing.width': 16,
        'augment.space': 'none',
        'model': {'name': 'vgg13'},
      },
      ('16x16', 'vgg13'),
    ),
  ],
)
def test_refused(changes, words):
  with pytest.raises(UserError) as caught:
    create(homus(changes))
  message = str(caught.value)
  assert '\n' not in message
  for word in words:
    assert word in message


@pytest.mark.parametrize(
  'key',
  ['seed', 'loss', 'model.name', 'drawing.margin', 'augment.shear', 'augment.space']
  + ['schedule.warm_up', 'schedule.name', 'data.protocol', 'optimizer.l2'],
)
def test_a_missing_key_is_named(key):
  with pytest.raises(UserError, match=key.split('.')[-1]):
    create(homus(without=[key]))


@pytest.mark.parametrize(
  ('changes', 'reads'),
  [
    ({}, ('points', 'stroke', 'label')),
    ({'augment.space': 'none'}, ('image', 'size', 'label')),
    ({'augment.space': 'pictures', 'augment.flip': False}, ('image', 'size', 'label')),
  ],
)
def test_a_choice_can_be_changed(changes, reads):
  made = create(homus(changes))
  assert made.reads == reads
  assert made.plateau is None


def fits_without_dropout(fits, module, *side):
  return fits(module.clone(dropout=0.0) if hasattr(module, 'dropout') else module, *side)


@pytest.mark.parametrize(('path', 'variant'), variants())
@pytest.mark.parametrize(
  ('key', 'value'),
  [('schedule.name', name) for name in optim.SCHEDULES]
  + [('optimizer.name', name) for name in optim.ARGUMENTS]
  + [('model.name', name) for name in ('vgg14', 'resnet25_wide', 'preact_resnet11')],
)
def test_every_page_runs_with_every_choice_changed(path, variant, key, value, monkeypatch):
  # Dropout changes no shape: a network and a canvas are traced once, whatever a page drops.
  monkeypatch.setattr(models, '_fits', partial(fits_without_dropout, models._fits))
  config = config_page(path.stem, *filter(None, [variant]))
  if key == 'model.name' and config.data.name == 'pages':
    pytest.skip('pages have one network; those of other tasks are refused')
  config_keys.extend(config)
  changes = {key: value} | KEYS.get(value, {})
  if key == 'model.name' and path.stem == 'homus_strokes':  # A network that reads pictures instead.
    changes |= {'augment.shift': 1.0, 'augment.thickness': (1.5, 3.0)}
  if value == 'preact_resnet11' and path.stem == 'scores_paper':
    changes['model.use_size'] = False
  config.update_from_flattened_dict(changes)
  config = config_keys.finished(config, changes)
  assert not unread_keys(config)
  made = create(config)
  tx = made.create_tx(hyperparameters.of_config(config).optimizer, 100)
  tx.init({'Conv_0': {'kernel': jnp.ones(2)}})
  assert (made.plateau is None) == (config.schedule.name != 'plateau')


def test_keys_of_other_choices_are_known():
  """They may stay, as in the configs of runs that were trained when pages had them."""
  known = {'augment.flip': False, 'optimizer.rho': 0.95, 'schedule.factor': 0.5}
  config = homus(known)
  assert unread_keys(homus()) == set() and unread_keys(config) == known.keys()
  check_config(config)
  changed = {'model.name': 'vgg13', 'augment.space': 'none', 'optimizer.name': 'sgd'}
  changed |= {'optimizer.momentum': 0.9}
  unread = unread_keys(homus(changed))
  assert {'model.widths', 'augment.rotation', 'optimizer.weight_decay'} < unread
  assert not unread & {'model.dropout', 'augment.space', 'optimizer.momentum', 'optimizer.l2'}


def test_a_symbol_in_its_own_size_is_not_scaled():
  unread = {'drawing.margin', 'drawing.max_stretch', 'drawing.max_zoom'}
  changed = {'drawing.layout': 'centered', 'drawing.margin': 100, 'drawing.max_zoom': 0.0}
  assert unread <= unread_keys(homus(changed))
  create(homus(changed))
  assert not unread & unread_keys(homus())


def test_without_augmentation_the_batch_is_the_input():
  augmented = create(homus({'augment.space': 'none'})).augmented
  batch = {'image': jnp.ones((2, 4, 4, 1)), 'size': jnp.ones((2, 2)), 'label': jnp.array([3, 1])}
  inputs, targets = augmented({}, jax.random.key(0), batch)
  for name, value in inputs.items():
    assert (value == batch[name]).all()
  assert targets is batch['label']


def test_plateau_and_rates():
  made = create(homus(PLATEAU))
  tx = made.plateau(4e-3)
  state = tx.init({})
  step = jax.jit(lambda state: tx.update({}, state, value=jnp.float32(0.5))[1])
  for _ in range(9):
    state = step(state)
  assert float(state.scale) == 0.5
  assert float(made.rates({'learning_rate': 4e-3}, 100)(50)) == pytest.approx(4e-3)
  rates = create(homus()).rates({'learning_rate': 8e-3}, 100)
  assert float(rates(20)) == pytest.approx(8e-3)  # warm_up is 0.2


@pytest.mark.parametrize(
  ('name', 'expected'),
  [
    ('inverse_sqrt', [1 / 2, 1 / 1, 1 / 4]),
    ('balanced', [21 / (3 * 4), 21 / (3 * 1), 21 / (3 * 16)]),
  ],
)
def test_class_weights(name, expected):
  weights = partial(training.class_weights, name)
  assert weights(np.array([4, 1, 16])).tolist() == pytest.approx(expected)
  # A class without examples weighs nothing in the sum, but must not be infinite.
  assert np.isfinite(weights(np.array([4, 0, 16]))).all()
  # The loss of a run has those of its own training symbols, of 32 classes.
  labels = np.array([0] * 4 + [1] + [2] * 16)
  found = create(homus({'loss.class_weights': name})).loss({'label': labels})
  counts = np.bincount(labels, minlength=32)
  np.testing.assert_array_equal(found.keywords['class_weights'], weights(counts))


def test_class_weights_follow_how_often_examples_are_drawn():
  """Of 4 examples the one of class 1 is drawn as often as the three of class 0 together."""
  recipe = create(homus({'loss.class_weights': 'balanced'}))
  draws = np.array([1, 1, 1, 3]) / 6
  found = recipe.loss({'label': np.array([0, 0, 0, 1])}, draws)
  # An epoch has 4 draws, 2 of each class.
  np.testing.assert_allclose(found.keywords['class_weights'][:2], [4 / (32 * 2)] * 2)


def test_no_class_weights():
  found = create(homus()).loss({'label': np.arange(32)})
  assert found.keywords == {'class_weights': None}


def test_stroke_networks_need_strokes():
  for space in ('none', 'strokes'):
    create(homus({'model.name': 'stroke_resnet17', 'augment.space': space}))
  for name in ('stroke_resnet17', 'fused_resnet30'):
    with pytest.raises(UserError, match=rf'{name} reads strokes.*augment\.space=strokes'):
      create(homus({'model.name': name, 'augment.space': 'pictures', 'augment.flip': False}))
    scores = config_page('scores')
    scores.model.name = name
    with pytest.raises(UserError, match=f'{name} reads strokes; pictures have none'):
      create(scores)


def test_pens_of_pictures_are_not_read_by_stroke_networks():
  unread = unread_keys(homus({'model.name': 'stroke_resnet17'}))
  assert {'augment.shift', 'augment.thickness', 'model.stem_stride'} < unread
  assert not unread & {'augment.rotation', 'augment.stroke_zoom', 'model.widths'}
  assert not unread_keys(homus({'model.name': 'fused_resnet30'})) & {'augment.thickness'}


def test_picture_and_pen_are_of_the_same_moved_strokes():
  config = homus({'model.name': 'fused_resnet30', 'augment.shift': 0.0})
  made, strengths = create(config), hyperparameters.of_config(config).strengths
  assert made.reads == ('points', 'stroke', 'label') and made.evaluates == ('image', 'size', 'pen')
  # A corner of two strokes with a gap, over and over.
  points = jnp.array([[(0, 0), (0, 60), (25, 60), (40, 60), (0, 0)]] * 20, jnp.float32)
  stroke = jnp.array([[0, 0, 1, 1, -1]] * 20, jnp.int16)
  augmented = jax.jit(partial(made.augmented, strengths))
  batch = {'points': points, 'stroke': stroke, 'label': jnp.zeros(20, jnp.int32)}
  found, _ = augmented(jax.random.key(0), batch)
  box = np.ptp(np.asarray(found['pen'][..., :2]), axis=1)
  assert box.std(0).min() > 1
  # 95 steps along some 100 pixels: the ends are met, and a corner to half a step.
  np.testing.assert_allclose(np.exp(found['size']), box, atol=1)
  # Where the pen was down, there is ink: the box is stretched to 43x59 pixels in the middle.
  down = np.asarray(found['pen'][..., 2]) % 1 == 0
  xy = np.asarray(found['pen'][..., :2])
  xy = (xy - (xy.max(1, keepdims=True) + xy.min(1, keepdims=True)) / 2) / box[:, None]
  column, row = np.rint(xy * (43, 59) + (23.5, 31.5)).astype(int).transpose(2, 0, 1)
  picture = np.asarray(found['image'])[..., 0]
  darkness = picture[np.arange(20)[:, None], row, column]
  assert darkness[down].max() < 200 and darkness[~down].mean() > 200


def test_stroke_network_without_augmentation_reads_its_own_array():
  made = create(homus({'model.name': 'stroke_resnet17', 'augment.space': 'none'}))
  assert made.reads == ('pen', 'label') and made.evaluates == ('pen',)
  batch = {'pen': jnp.ones((2, 96, 3)), 'label': jnp.array([0, 1])}
  assert made.augmented({}, jax.random.key(0), batch) == (batch, batch['label'])


def test_crops_are_drawn_by_the_page_for_scans():
  config = config_page('homus_scans')
  made, strengths = create(config), hyperparameters.of_config(config).strengths
  assert made.evaluates == ('image',) and made.reads == ('points', 'stroke', 'label')
  arrays = {'points': jnp.zeros((3, 64, 2)), 'stroke': jnp.zeros((3, 64), jnp.int16)}
  arrays['label'] = jnp.zeros(3, jnp.int32)
  found, _ = jax.eval_shape(partial(made.augmented, strengths), jax.random.key(0), arrays)
  assert found['image'].shape == (3, 64, 48, 1) and list(found) == ['image']


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'model.use_size': True}, 'use_size=False'),
    ({'model.name': 'stroke_resnet17'}, 'reads pen'),
    ({'drawing.layout': 'scaled'}, 'thinned=False needs the layout resized'),
    ({'drawing.thinned': True}, 'space=crops trains with ink of any width'),
    ({'drawing.thickness': (2.0, 3.0)}, 'space=crops draws anew'),
    ({'augment.worn': 1.5}, 'augment.worn'),
  ],
)
def test_what_does_not_go_with_scans(changes, words):
  config = config_page('homus_scans')
  for key, value in changes.items():
    section, name = key.split('.')
    config[section][name] = value
  with pytest.raises(UserError, match=words):
    create(config)
