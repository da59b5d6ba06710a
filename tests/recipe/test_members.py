"""The members of a population: which configs the lists on a command line stand for."""

import pytest

from omr_jax.errors import UserError
from omr_jax.recipe import members


def test_lists_are_taken_out_of_a_command_line():
  arguments = ['a', '--config=x.py', '--config.seed=0,1, 2', '--config.epochs=3,4', '--seed=1,2']
  arguments += ['--config.augment.zoom=0.8,1.2', '--config.augment.thickness=(1,2),(2,3)']
  arguments += ['--config.optimizer.learning_rate=1e-3,2', '--config.camera.jpeg=5,9']
  arguments += [
    '--config.loss.label_smoothing=0.1',
    '--config.seeds=0,1',
    '--config.augment.shift=0,x',
  ]
  left, lists = members.take_lists(arguments)
  assert lists == {
    'seed': (0, 1, 2),
    'augment.thickness': ((1, 2), (2, 3)),
    'optimizer.learning_rate': (1e-3, 2),
    'camera.jpeg': (5, 9),
  }
  changed = {2: '--config.seed=0', 6: '--config.augment.thickness=(1, 2)'}
  changed |= {7: '--config.optimizer.learning_rate=0.001', 8: '--config.camera.jpeg=5'}
  assert left == [changed.get(i, argument) for i, argument in enumerate(arguments)]


def test_lists_go_side_by_side(config):
  assert members.split(config, {}) == {'': config}
  found = members.split(config, {'seed': (0, 5), 'optimizer.learning_rate': (4e-3, 1)})
  assert list(found) == ['seed=0,optimizer.learning_rate=0.004', 'seed=5,optimizer.learning_rate=1']
  first, second = found.values()
  assert first.to_dict() == config.to_dict() and config.seed == 0
  assert (second.seed, second.optimizer.learning_rate) == (5, 1.0)
  assert isinstance(second.optimizer.learning_rate, float) and second.is_locked
  zooms = {'augment.zoom': ((0.8, 1.2), (1, 1.5))}
  _, (name, other) = members.split(config, zooms).items()
  assert name == 'augment.zoom=1-1.5' and other.augment.zoom == (1, 1.5)


@pytest.mark.parametrize(
  ('lists', 'words'),
  [
    ({'seed': (0, 1, 2), 'optimizer.eps': (1e-8, 1e-7)}, 'config.seed 3, config.optimizer.eps 2'),
    ({'seed': (0, 1, 0)}, 'seed=0 is given twice'),
    ({'seed': (0, 1.5)}, 'config.seed is 1.5; it must be a whole number'),
    ({'augment.rotation': (0.0, -0.0)}, 'rotation=0 is given twice'),
    ({'optimizer.learning_rate': (1e-3, 1e-3 + 1e-19)}, 'is given twice'),
    (
      {f'augment.{name}': (0.12345678, 0.2) for name in ('rotation', 'shear', 'shift', 'bend')}
      | {f'optimizer.{name}': (0.12345678, 0.2) for name in ('b1', 'b2', 'eps', 'weight_decay')},
      'too long for the name of a folder',
    ),
    ({'average_decay': (0.0, 0.9)}, 'config.average_decay is 0 for some runs'),
    ({'optimizer.l2': (1e-4, 0)}, 'config.optimizer.l2 is 0 for some runs'),
  ],
)
def test_lists_that_no_population_can_have_are_refused(config, lists, words):
  with pytest.raises(UserError, match=words):
    members.split(config, lists)


@pytest.mark.parametrize('text', ['{[]: 1}', '{{}}', '(' * 1000, 20_000 * '-' + '1', '\0'])
def test_what_is_no_python_is_left_to_the_parser_of_the_config(text):
  left, lists = members.take_lists([f'--config.seed={text}'])
  assert left == [f'--config.seed={text}'] and lists == {}


def test_truth_values_are_no_list():
  _, lists = members.take_lists(['--config.augment.rotation=5,True'])
  assert lists == {}


def test_values_that_look_alike_have_names_of_their_own(config):
  lists = {'optimizer.learning_rate': (1.0000001e-3, 1.0000002e-3)}
  assert len(members.split(config, lists)) == 2


def test_runs_that_differ_only_in_numbers_are_one_population(config):
  """At most two runs each; another batch size, or no moving averages, is another program."""
  configs = {name: config.copy_and_resolve_references() for name in 'abcdef'}
  configs['b'].batch_size = 16
  configs['c'].seed = 7
  configs['d'].augment.rotation = 0.0
  configs['e'].average_decay = 0.0
  configs['f'].batch_size, configs['f'].optimizer.learning_rate = 16, 1e-3
  groups = [list(group) for group in members.populations(configs, 2)]
  assert groups == [['a', 'c'], ['b', 'f'], ['d'], ['e']]
