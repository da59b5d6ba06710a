"""The program that trains a pack: which cores it takes."""

import os
import socket

import pytest

from omr_jax.errors import UserError
from omr_jax.sweeps import trial

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else []
pytestmark = pytest.mark.skipif(len(CORES) < 2, reason='needs two cores')


@pytest.fixture(autouse=True)
def locks(tmp_path, monkeypatch):
  """The folder of the locks of cores, in a cache folder of this test alone."""
  monkeypatch.setenv('OMR_CACHE_DIR', str(tmp_path / 'cache'))
  yield tmp_path / 'cache' / 'cores'
  os.sched_setaffinity(0, CORES)


def test_programs_take_different_cores(locks):
  with trial._pinned(1):
    first = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)  # As it is in the process of another program.
    with trial._pinned(1):
      assert (first, os.sched_getaffinity(0)) == ({CORES[0]}, {CORES[1]})
  prefix = f'{socket.gethostname()}-{os.getuid()}-'
  assert {path.name for path in locks.iterdir()} == {f'{prefix}{core}.lock' for core in CORES[:2]}


def test_a_link_in_the_place_of_a_lock_is_refused(locks, tmp_path):
  (tmp_path / 'precious').write_text('kept')
  locks.mkdir(parents=True)
  (locks / f'{socket.gethostname()}-{os.getuid()}-{CORES[0]}.lock').symlink_to(
    tmp_path / 'precious'
  )
  with pytest.raises(UserError, match=r'cores: cannot be written .*\$OMR_CACHE_DIR'):
    trial._pinned(1).__enter__()
  assert (tmp_path / 'precious').read_text() == 'kept'
