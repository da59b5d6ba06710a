"""Checkpoints: whole, or refused by name."""

import asyncio
import contextlib
import gc
import logging
import re
import shutil
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from comparing import assert_same
from limits import full_disk
from orbax.checkpoint._src.serialization import ocdbt_utils

from omr_jax.errors import UserError
from omr_jax.training import checkpoint


def trees(step):
  """A state and best variables whose numbers tell their step."""
  rng = np.random.default_rng(step)
  best = {'kernel': rng.standard_normal((64, 64), np.float32), 'bias': np.float32([step])}
  return {'step': jnp.int32(step), 'variables': best, 'nothing': None}, best


@pytest.fixture
def saved(tmp_path):
  """A run's folder with the checkpoints of the steps 5 and 9."""
  manager = checkpoint.open_folder(tmp_path)
  for step in (5, 9):
    checkpoint.save(manager, step, *trees(step), seconds=step / 2)
  return tmp_path


def restored(workdir, step=9):
  """The latest state and best variables; `step` gives the shapes."""
  manager = checkpoint.open_folder(workdir)
  state, best = trees(step)
  return checkpoint.restore(manager, 'state', state), checkpoint.restore(manager, 'best', best)


def test_empty_folder_has_nothing(tmp_path):
  assert checkpoint.restore(checkpoint.open_folder(tmp_path), 'state', trees(1)[0]) is None


def test_latest_comes_back_to_the_bit(saved):
  assert_same(restored(saved), trees(9))


def test_seconds_are_those_of_the_latest(saved, tmp_path_factory):
  assert checkpoint.facts(checkpoint.open_folder(saved)).seconds == 4.5
  assert checkpoint.facts(checkpoint.open_folder(tmp_path_factory.mktemp('empty'))) == (0, [])


def test_starts_come_back(saved):
  manager = checkpoint.open_folder(saved)
  checkpoint.save(manager, 12, *trees(12), seconds=6, starts=[{'revision': 'a', 'hardware': 'b'}])
  found = checkpoint.facts(checkpoint.open_folder(saved)).starts
  assert found == [{'revision': 'a', 'hardware': 'b'}]


def test_what_a_killed_save_has_left_goes(saved):
  left = saved / 'checkpoints' / '12.orbax-checkpoint-tmp-3' / 'state'
  left.mkdir(parents=True)
  assert checkpoint.open_folder(saved, read_only=True).latest_step() == 9
  assert left.exists()  # Perhaps of a run that goes on.
  assert_same(restored(saved), trees(9))
  assert not left.parent.exists()


def test_a_file_is_no_folder_of_checkpoints(tmp_path):
  (tmp_path / 'checkpoints').write_text('')
  with pytest.raises(UserError, match='checkpoints: is no folder'):
    checkpoint.open_folder(tmp_path)


@pytest.mark.parametrize('name', ['runs [old]', 'a*b', 'back\\slash', '**', 'bad\udcff'])
def test_special_characters_in_the_name_of_a_folder(tmp_path, name):
  manager = checkpoint.open_folder(tmp_path / name)
  checkpoint.save(manager, 9, *trees(9), seconds=1)
  assert_same(restored(tmp_path / name), trees(9))
  assert checkpoint.open_folder(tmp_path / name, read_only=True).latest_step() == 9
  # Nothing in it depends on the name: it can be read elsewhere.
  (tmp_path / name).rename(tmp_path / 'moved')
  assert_same(restored(tmp_path / 'moved'), trees(9))


def test_a_pattern_in_a_name_finds_no_other_folder(tmp_path):
  for name in ('abb', 'a*b'):
    checkpoint.save(checkpoint.open_folder(tmp_path / name), 9, *trees(9), seconds=1)
  (tmp_path / 'abb').rename(tmp_path / 'gone')
  assert_same(restored(tmp_path / 'a*b'), trees(9))


def test_an_error_names_the_folder_as_it_was_given(tmp_path):
  manager = checkpoint.open_folder(tmp_path / '[a]')
  checkpoint.save(manager, 9, *trees(9), seconds=1)
  folder = tmp_path / '[a]' / 'checkpoints'
  with pytest.raises(UserError, match=re.escape(f'{folder}/9: of another network')):
    checkpoint.restore(manager, 'best', {'kernel': np.zeros((2, 2)), 'bias': np.zeros(1)})
  with full_disk(4096), pytest.raises(UserError, match=re.escape(f'{folder}: the checkpoint of')):
    checkpoint.save(manager, 12, *trees(12), seconds=2)


def test_a_checkpoint_that_cannot_be_read_is_not_saved(saved, monkeypatch):
  """As where Orbax did not find the files of the processes, and wrote no index of the arrays."""

  async def nothing(*_, **__):
    pass

  manager = checkpoint.open_folder(saved)
  monkeypatch.setattr(ocdbt_utils, 'merge_ocdbt_per_process_files', nothing)
  with pytest.raises(UserError, match='step 12 could not be written'):
    checkpoint.save(manager, 12, *trees(12), seconds=6)
  assert_same(restored(saved), trees(9))


@pytest.mark.parametrize('asked', ['task', 'future'])
def test_the_error_of_a_second_read_is_not_logged(saved, caplog, asked):
  """Whether a second one fails before Orbax closes its loop is chance, so one is made here."""

  async def second():
    raise ValueError('the second read')

  async def first():
    if asked == 'task':
      asyncio.create_task(second())  # noqa: RUF006, as nobody keeps it
    else:
      asyncio.get_running_loop().create_future().set_exception(ValueError('the second read'))
    await asyncio.sleep(0)

  with contextlib.closing(checkpoint.open_folder(saved)):
    asyncio.run(first())
    gc.collect()
    logging.getLogger('asyncio').error('something else')
  assert [record.message for record in caplog.records] == ['something else']


def test_a_failed_read_ends_without_noise(saved):
  """Other reads are under way then. Run apart, since pytest looks for such errors itself."""
  code = f"""
from pathlib import Path
import numpy as np
from omr_jax.errors import UserError
from omr_jax.training import checkpoint
arrays = {{str(n): np.random.default_rng(n).random((64, 64), np.float32) for n in range(60)}}
manager = checkpoint.open_folder({str(saved)!r})
checkpoint.save(manager, 12, arrays, arrays, seconds=6)
for path in Path(manager.directory, '12').rglob('d/*'):
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 0x20
  path.write_bytes(content)
for _ in range(5):
  try:
    checkpoint.restore(manager, 'best', arrays)
  except UserError:
    print('refused')
"""
  done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
  assert (done.stdout.split(), done.stderr) == (5 * ['refused'], '')


def test_two_are_kept(saved):
  manager = checkpoint.open_folder(saved)
  checkpoint.save(manager, 12, *trees(12), seconds=12 / 2)
  assert sorted(p.name for p in (saved / 'checkpoints').iterdir()) == ['12', '9']


def files(workdir):
  folder = workdir / 'checkpoints' / '9'
  return sorted(path for path in folder.rglob('*') if path.is_file() and path.stat().st_size)


# Orbax leaves half-done reads behind where it fails.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
@pytest.mark.parametrize('damage', ['truncated', 'flipped', 'removed'])
def test_damaged_file_is_refused_or_harmless(saved, tmp_path_factory, damage):
  """Whatever file is damaged, never other numbers than were saved."""
  refused = 0
  for path in files(saved):
    workdir = tmp_path_factory.mktemp('copy') / 'run'
    shutil.copytree(saved, workdir)
    copied = workdir / path.relative_to(saved)
    content = bytearray(copied.read_bytes())
    if damage == 'removed':
      copied.unlink()
    elif damage == 'truncated':
      copied.write_bytes(content[: len(content) // 2])
    else:
      content[len(content) // 2] ^= 0x20
      copied.write_bytes(content)
    try:
      assert_same(restored(workdir), trees(9))
    except UserError as error:
      assert str(workdir / 'checkpoints' / '9') in str(error), path
      refused += 1
      shutil.rmtree(workdir / 'checkpoints' / '9')
      assert_same(restored(workdir), trees(5))
  assert refused >= 3  # Those with the numbers of both items, and the digest.


def test_checkpoint_of_another_network_is_refused(saved):
  manager = checkpoint.open_folder(saved)
  other = {'kernel': np.zeros((64, 32), np.float32), 'bias': np.float32([0])}
  with pytest.raises(UserError, match=r'checkpoints/9: .*another network'):
    checkpoint.restore(manager, 'best', other)
  with pytest.raises(UserError, match=r'checkpoints/9: .*another network'):
    checkpoint.restore(manager, 'best', trees(9)[1] | {'scale': np.float32([1])})


# As above, with writes.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_full_disk_leaves_the_checkpoints_before(saved):
  manager = checkpoint.open_folder(saved)
  with full_disk(4096), pytest.raises(UserError, match='step 12 could not be written'):
    checkpoint.save(manager, 12, *trees(12), seconds=12 / 2)
  assert_same(restored(saved), trees(9))
  # With room again, the same step is saved after all.
  checkpoint.save(checkpoint.open_folder(saved), 12, *trees(12), seconds=12 / 2)
  assert_same(restored(saved), trees(12))
