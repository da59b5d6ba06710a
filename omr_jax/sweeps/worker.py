"""The task of a Ray worker: runs the program of a pack, and starts it again if it dies."""

import os
import signal
import socket
import subprocess
import sys
import time

from omr_jax.sweeps import folder, trial
from omr_jax.sweeps.folder import Pack

# A pack is given up when its program has died so often within one epoch while the worker lived. One
# that was told to stop has saved its runs, which is no death.
_DEATHS = 3
# It is also given up after so many starts within one epoch, because the program itself may be the
# reason why workers or machines die.
_STARTS = 20
_TO_SAVE = 60  # Seconds that a program has to save its runs when it is stopped.


def run(pack: Pack, session: str, cores: int, train: str, data_dir: str, raw_dir: str) -> str:
  """Trains a pack.

  Args:
    pack: The runs.
    session: Identifies this start of the sweep. Deaths in earlier sessions do not count.
    cores: Number of cores to which the program is pinned; 0 for no limit.
    train: Module and function that trains a pack, such as 'omr_jax.sweeps.trial:train'.
    data_dir: Folder of prepared data.
    raw_dir: Folder of raw data, '' for the default.

  Returns:
    'over' if each run is finished or cannot be finished, 'stopped' if the runs were saved.
  """
  command = [sys.executable, '-m', 'omr_jax.sweeps.trial', str(pack.out), pack.name, str(cores)]
  command += [train, data_dir, raw_dir]
  deaths, before = 0, None
  while True:
    epoch = folder.epochs_done(pack)
    if epoch != before:
      deaths, before = 0, epoch
    place = session, epoch
    starts = sum((start['session'], start['epoch']) == place for start in folder.starts(pack))
    if deaths >= _DEATHS or starts >= _STARTS:
      _give_up(pack, starts, deaths)
      return 'over'
    folder.note_start(
      pack, {'session': session, 'epoch': epoch, 'host': socket.gethostname(), 'pid': os.getpid()}
    )
    code = _wait(pack, command)
    if code is None:
      return 'stopped'
    if code == trial.OVER:
      return 'over'
    # SIGTERM may come before the program can save; then there is nothing new to be saved.
    deaths += code not in (trial.STOPPED, -signal.SIGTERM)


def _wait(pack: Pack, command: list[str]) -> int | None:
  """Runs a program to its end and returns its exit code.

  If this Ray task is cancelled, the program saves and stops, and the answer is None. A program that
  somebody else stops, such as a machine that shuts down, is started again like one that died.
  """
  with pack.log.open('ab') as log:
    program = subprocess.Popen(
      command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment(), bufsize=0
    )
  with program:
    try:
      while program.poll() is None:
        time.sleep(0.02)  # Short sleeps, because Ray can cancel a task only between them.
      return program.returncode
    except KeyboardInterrupt:
      program.send_signal(signal.SIGTERM)
      until = time.monotonic() + _TO_SAVE
      while program.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
      program.kill()
      return None


def _environment() -> dict[str, str]:
  """The worker's environment, in which Ray names the worker's accelerators, and its module path."""
  return os.environ | {
    'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
    'PYTHONUNBUFFERED': '1',
  }


def _give_up(pack: Pack, starts: int, deaths: int) -> None:
  lines = [line for line in pack.log.read_text(errors='replace').splitlines() if line.strip()]
  what = f'died {deaths} times' if deaths >= _DEATHS else f'was started {starts} times'
  last = f': {lines[-1].strip()[:300]}' if lines else ''
  message = f'its program {what} within an epoch; see {pack.log}, whose last line is{last}'
  folder.fail_unfinished(pack, message)
