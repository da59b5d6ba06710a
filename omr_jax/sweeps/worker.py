"""What a worker of Ray does with a pack: has its program run, and again where it was killed."""

import os
import signal
import socket
import subprocess
import sys
import time

from omr_jax.sweeps import folder, trial
from omr_jax.sweeps.folder import Pack

# So often a program may die within the same epoch while its worker lives, and so often it may be
# started in it at all: it may be what its worker or its machine dies of.
_DEATHS, _STARTS = 3, 20
# Seconds that a program has to save what it was at.
_TO_SAVE = 60


def run(pack: Pack, session: str, cores: int, train: str, data_dir: str, raw_dir: str) -> str:
  """Trains a pack; returns 'over', also where errors were written down, or 'stopped'.

  Args:
    pack: The runs.
    session: Of this start of the sweep; deaths before don't count.
    cores: To pin the program to, 0 for all.
    train: Module and function that trains a pack, see `trial.train`.
    data_dir: See `loop.train_all`.
    raw_dir: See there; '' for None.
  """
  command = [sys.executable, '-m', 'omr_jax.sweeps.trial', str(pack.out), pack.name, str(cores)]
  command += [train, data_dir, raw_dir]
  deaths, before = 0, None
  while True:
    epoch = folder.epochs_done(pack)
    deaths, before = (deaths + 1 if epoch == before else 0), epoch
    place = session, epoch
    starts = sum((start['session'], start['epoch']) == place for start in folder.starts(pack))
    if deaths >= _DEATHS or starts >= _STARTS:
      _give_up(pack, starts)
      return 'over'
    folder.note_start(
      pack, {'session': session, 'epoch': epoch, 'host': socket.gethostname(), 'pid': os.getpid()}
    )
    code = _wait(pack, command)
    if code == trial.STOPPED:
      return 'stopped'
    if code == trial.OVER:
      return 'over'


def _wait(pack: Pack, command: list[str]) -> int:
  """Has a program run to its end; where this task is cancelled, the program saves and stops."""
  with pack.log.open('ab') as log:
    program = subprocess.Popen(
      command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=_environment(), bufsize=0
    )
  with program:
    try:
      while program.poll() is None:
        time.sleep(0.02)  # A short sleep lets Ray interrupt it.
      return program.returncode
    except KeyboardInterrupt:
      program.send_signal(signal.SIGTERM)
      until = time.monotonic() + _TO_SAVE
      while program.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
      program.kill()
      return trial.STOPPED


def _environment() -> dict[str, str]:
  """That of this worker, where Ray tells which accelerators are its own; modules as here."""
  return os.environ | {
    'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
    'PYTHONUNBUFFERED': '1',
  }


def _give_up(pack: Pack, starts: int) -> None:
  lines = [line for line in pack.log.read_text(errors='replace').splitlines() if line.strip()]
  last = f': {lines[-1].strip()[:300]}' if lines else ''
  words = (
    f'its program died {starts} times within an epoch; see {pack.log}, whose last line is{last}'
  )
  for run, workdir in pack.workdirs.items():
    if not (workdir / 'summary.json').exists():
      folder.fail(pack.out, run, words)
