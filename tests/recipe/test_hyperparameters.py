"""What differs between the members of a population, and what stays constant."""

import jax
import numpy as np
import pytest
from small_runs import config_page

from omr_jax.recipe import hyperparameters, members

LISTS = {
  'seed': (3, 4, 3, 2**32 - 1),
  'optimizer.learning_rate': (4e-3, 1e-3, 2e-3, 4e-3),
  'augment.rotation': (10.0, 0.0, 20.0, 5.0),
  'augment.zoom': ((0.8, 1.2), (0.8, 1.0), (0.8, 1.0), (0.8, 1.1)),
  'average_decay': (0.995, 0.9, 0.5, 0.995),
  'loss.label_smoothing': (0.05, 0.0, 0.1, 0.05),
}


def test_numbers_that_differ_become_arrays_and_the_others_stay_constant(config):
  configs = list(members.split(config, LISTS).values())
  numbers = [hyperparameters.of_config(each) for each in configs]
  own = hyperparameters.varying(numbers)
  for key, found in {
    'seed': own.seed,
    'optimizer.learning_rate': own.optimizer['learning_rate'],
    'augment.rotation': own.strengths['rotation'],
    'average_decay': own.average_decay,
    'loss.label_smoothing': own.loss_numbers['label_smoothing'],
  }.items():
    np.testing.assert_array_equal(found, LISTS[key])
  assert own.seed.dtype == np.uint32
  # Of a pair that differs both numbers become arrays, though the first are equal.
  np.testing.assert_array_equal(np.stack(own.strengths['zoom'], 1), LISTS['augment.zoom'])
  assert own.strengths['shear'] is None and own.optimizer['weight_decay'] is None
  assert len(jax.tree.leaves(own)) == 5 + 2
  for number, expected in enumerate(numbers):
    of_member = jax.tree.map(lambda leaf, n=number: leaf[n].item(), own)
    assert numbers[0].with_own(of_member) == expected


def test_of_a_run_alone_only_the_seed_becomes_an_array(config):
  own = hyperparameters.varying([hyperparameters.of_config(config)])
  assert [leaf.tolist() for leaf in jax.tree.leaves(own)] == [[0]]


@pytest.mark.parametrize(
  ('page', 'optimizer', 'strength'),
  [
    ('homus', ('learning_rate', 'l2', 'b1', 'b2', 'eps', 'weight_decay'), ('bend', 0.0)),
    ('scores', ('learning_rate', 'l2', 'b1', 'b2', 'eps', 'weight_decay'), ('jpeg', 50.0)),
  ],
)
def test_hyperparameters_are_those_that_the_choices_of_a_page_read(page, optimizer, strength):
  config = config_page(page)
  found = hyperparameters.of_config(config)
  assert (found.seed, found.average_decay) == (0, 0.995)
  assert found.loss_numbers == {'label_smoothing': config.loss.label_smoothing}
  assert tuple(found.optimizer) == optimizer and 'momentum' not in found.optimizer
  name, value = strength
  assert found.strengths[name] == value
