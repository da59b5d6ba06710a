"""Examples held on the devices or streamed: the same batches, and when which."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from comparing import assert_same_end
from small_runs import small_config, small_score_config
from steps import mesh

from omr_jax.data.cache import Rows
from omr_jax.recipe import members
from omr_jax.training import feed, loop


@pytest.mark.parametrize('per_device', [True, False])
def test_arrays_beyond_half_of_the_memory_are_streamed(monkeypatch, per_device):
  """A device that tells its memory has 1600 bytes; of a CPU the machine's count."""
  arrays = {'a': np.zeros((10, 60), np.uint8), 'b': Rows([np.zeros((30, 2))], np.arange(12))}
  device = SimpleNamespace(memory_stats=lambda: {'bytes_limit': 1600} if per_device else None)
  sizes = {'SC_PHYS_PAGES': 16, 'SC_PAGE_SIZE': 100}
  monkeypatch.setattr(feed.os, 'sysconf', sizes.get if not per_device else {}.get)
  assert [array.nbytes for array in arrays.values()] == [600, 192]
  assert not feed.is_streamed('auto', arrays, ('a', 'b'), device)
  arrays['c'] = np.zeros(9, np.uint8)
  assert feed.is_streamed('auto', arrays, ('a', 'b', 'c'), device)
  assert not feed.is_streamed('auto', arrays, ('a', 'b'), device)
  assert not feed.is_streamed('resident', arrays, ('a', 'b', 'c'), device)
  assert feed.is_streamed('streamed', arrays, ('a',), device)


def test_streamed_batches_are_those_of_the_order():
  """Two members, from the third of five steps on: each one's rows of its own order."""
  arrays = {'x': Rows([np.arange(20).reshape(10, 2)], np.arange(10)), 'y': np.arange(10)}
  orders = np.stack([np.arange(10), np.arange(10)[::-1]])
  seen = []

  def step(state, running, batches):
    seen.append(jax.tree.map(np.asarray, batches))
    return state + 1

  trainer = SimpleNamespace(step=step)
  feeding = feed.streamed(trainer, arrays, ('x', 'y'), mesh(), batch_size=2, steps_per_epoch=5)
  assert list(feeding(0, np.array([True, True]), orders, 5 + 2, 5 + 5)) == [1, 2, 3]
  found = [batches['y'].tolist() for batches in seen]
  assert found == [[[4, 5], [5, 4]], [[6, 7], [3, 2]], [[8, 9], [1, 0]]]
  np.testing.assert_array_equal(seen[0]['x'][1], [[10, 11], [8, 9]])


@pytest.mark.slow  # Two processes, which stream, are held to one that doesn't in test_distributed.
@pytest.mark.parametrize('lists', [{}, {'seed': (0, 1)}])
def test_a_streamed_run_is_the_resident_one(tmp_path, folders, lists):
  """To the bit: the same examples in the same order to the same sums."""
  for name in ('resident', 'streamed'):
    config = small_config()
    config.data.feed = name
    config.epochs = 2
    loop.train_all(members.split(config, lists), 'small', tmp_path / name, *folders)
  for member in members.split(small_config(), lists):
    assert_same_end(tmp_path / 'resident' / member, tmp_path / 'streamed' / member)


@pytest.mark.slow
def test_a_streamed_run_on_pictures(tmp_path, picture_folders):
  config = small_score_config()
  config.data.feed, config.epochs = 'streamed', 1
  assert loop.train_and_evaluate(config, 'small', tmp_path, *picture_folders)['epochs'] == 1
