"""The task of a Ray worker, which starts the program of a pack again; without Ray."""

import pytest
import sweeping

from omr_jax.sweeps import folder, results, worker
from omr_jax.sweeps.folder import Pack
from omr_jax.tasks import task


@pytest.fixture
def pack(tmp_path):
  """A pack of one run in the folder of a sweep."""
  for name in ('packs', 'starts', 'logs'):
    (tmp_path / name).mkdir()
  (tmp_path / 'packs' / 'a.json').write_text('{"a": {}}')
  return Pack(tmp_path, 'a', ['a'])


def run(pack, program):
  return worker.run(pack, 'session', 0, f'{sweeping.__name__}:{program}', '', '')


def test_a_program_that_is_told_to_stop_is_started_again(pack):
  """As when machines shut down, however often within an epoch: it has saved each time."""
  assert run(pack, 'stopped_often') == 'over'
  assert folder.is_finished(pack) and len(folder.starts(pack)) == 5


def test_a_program_that_ends_again_and_again_is_given_up(pack):
  assert run(pack, 'killed') == 'over'
  assert 'its program died 3 times within an epoch' in folder.error(pack.out, 'a')


def test_a_program_that_is_started_again_and_again_is_given_up(pack, monkeypatch):
  """SIGTERM that comes before the program can save is no death, but it may come for ever."""
  monkeypatch.setattr(worker, '_STARTS', 4)
  assert run(pack, 'terminated') == 'over'
  assert 'its program was started 4 times within an epoch' in folder.error(pack.out, 'a')


def test_a_run_that_was_finished_after_an_error_is_finished(pack):
  """Another process has finished it, on a machine that was out of reach for a while."""
  folder.fail(pack.out, 'a', 'still being trained by another process')
  sweeping.finish(pack)
  row = results._row(pack.out, task.named('symbols'), 'a', {}, pack)
  assert row.error is None and results.state(row) == 'finished'
