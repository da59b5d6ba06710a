"""A sweep whose workers, programs, driver and node are killed again and again."""

import importlib.util
import os
import random
import signal
import subprocess
import time

import pytest
from small_runs import ROOT
from sweeping import sweep, table
from waiting import HANG, wait_for

from omr_jax.sweeps import each, folder, product
from omr_jax.sweeps.folder import Pack

# Found and not imported, which takes a second: the quick tests leave these out.
pytestmark = pytest.mark.skipif(
  not all(map(importlib.util.find_spec, ('ray', 'rich'))), reason='needs the extra [sweep]'
)

KILLS = 20


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
  """Sweeps name their page as seen from the project's folder."""
  monkeypatch.chdir(ROOT)


def processes():
  """Parent and words of every process; -ww as COLUMNS would cut them."""
  listed = subprocess.run(
    ['ps', '-ww', '-eo', 'pid=,ppid=,args='], capture_output=True, text=True, check=True
  )
  lines = (line.split(None, 2) for line in listed.stdout.splitlines())
  return {int(pid): (int(parent), words) for pid, parent, words in lines}


def below(root):
  """Processes that a process has started, and those that they have."""
  found, family, size = processes(), {root}, 0
  while len(family) > size:
    size = len(family)
    family |= {pid for pid, (parent, _) in found.items() if parent in family}
  return {pid: found[pid][1] for pid in family if pid in found and pid != root}


def victims(driver, kind, packs):
  """What to kill of a kind."""
  if kind == 'driver':
    return [driver.pid]
  if kind == 'node':
    return [pid for pid, words in below(driver.pid).items() if words.split()[0].endswith('raylet')]
  if kind == 'program':
    return [pid for pid, words in below(driver.pid).items() if 'omr_jax.sweeps.trial' in words]
  started = {folder.starts(pack)[-1]['pid'] for pack in packs if pack.starts_file.exists()}
  return [pid for pid, (_, words) in processes().items() if pid in started and 'ray::' in words]


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path, folders):
  runs = product(each('epochs', (300, 320, 340)), each('seed', (0, 1)))
  undisturbed, killed = tmp_path / 'undisturbed', tmp_path / 'killed'
  undisturbed.mkdir()
  killed.mkdir()
  # Bit-identical on as many cores only.
  plain, command = (sweep(path, folders, runs, '--cpus', '1') for path in (undisturbed, killed))
  assert subprocess.run(plain, timeout=HANG, check=False).returncode == 0
  out = killed / 'out'
  packs = [Pack(out, run, [run]) for run in runs]
  rng = random.Random(0)
  kinds = ['worker', 'program', 'driver', 'node'] * (KILLS // 4)
  rng.shuffle(kinds)
  driver = None
  while kinds:
    if driver is None or driver.poll() is not None:
      assert driver is None or driver.returncode in (-9, 2)
      driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(rng.uniform(1, 7))
    found = victims(driver, kinds[-1], packs)
    if found and driver.poll() is None:
      os.kill(rng.choice(found), signal.SIGKILL)
      kinds.pop()
      time.sleep(1)
    assert not all(map(folder.is_over, packs)), f'{len(kinds)} kills are left; take longer runs'
  driver.kill()
  driver.wait()
  assert subprocess.run(command, timeout=HANG, check=False).returncode == 0
  assert table(out) == table(undisturbed / 'out')


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_sweep_that_is_stopped_saves_and_goes_on(tmp_path, folders, number):
  runs = {'seed=0': {'seed': 0, 'epochs': 200}}
  command, pack = sweep(tmp_path, folders, runs), Pack(tmp_path / 'out', 'seed=0', ['seed=0'])
  driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
  wait_for(lambda: folder.epochs_done(pack) > 1, driver)
  driver.send_signal(number)
  said = driver.communicate(timeout=HANG)[0]
  assert driver.returncode == 1 and 'saved; the same command resumes the sweep' in said, said
  assert 'stopping at the next step' in pack.log.read_text()
  assert not folder.is_over(pack)
  done = folder.epochs_done(pack)
  driver = subprocess.Popen(command, stdout=subprocess.DEVNULL)
  wait_for(lambda: folder.epochs_done(pack) > done, driver)
  assert 'resuming   after step' in pack.log.read_text()
  driver.send_signal(number)
  driver.wait(timeout=HANG)
