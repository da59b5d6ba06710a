"""Measures the overhead of Ray in a sweep, and how many empty trials a second a sweep can run.

python benchmarks/sweeps.py by_hand    # the programs of quick.py, started one after the other
python benchmarks/sweeps.py ray        # the same programs, started by omr_jax.sweep
python benchmarks/sweeps.py at_once    # 1 000 trials that train nothing and return at once
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from measure import parser_of

from omr_jax.sweeps import driver, each, page
from omr_jax.utils import paths

_ROOT = Path(__file__).parent.parent
_QUICK = 'quick'
_TRIALS = 1000


def main() -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  parser.add_argument('what', choices=('by_hand', 'ray', 'at_once'))
  parser.add_argument('--cpus', help='cores for each program of `ray`')
  options = parser.parse_args()
  os.chdir(_ROOT)
  with tempfile.TemporaryDirectory() as out:
    began = time.monotonic()
    if options.what == 'by_hand':
      _by_hand(Path(out))
    elif options.what == 'ray':
      cpus = ['--cpus', options.cpus] if options.cpus else []
      command = [sys.executable, '-m', 'omr_jax.sweep', '--sweep', _QUICK, '--out', f'{out}/quick']
      subprocess.run(command + cpus, check=True)
    else:
      _at_once(Path(out))
    print(f'{options.what}: {time.monotonic() - began:.1f} s')


def _by_hand(out: Path) -> None:
  sweep = page.read(_QUICK)
  for name, runs in sweep.packs.items():
    first, *_ = changes = [sweep.overrides[run] for run in runs]
    flags = [f'--config.{key}={value}' for key, value in first.items() if key != 'seed']
    seeds = ','.join(str(each['seed']) for each in changes)
    command = [sys.executable, '-m', 'omr_jax.main', '--config', sweep.config]
    command += [*flags, f'--config.seed={seeds}', f'--workdir={out / name}']
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(f'{name}: {time.monotonic() - began:.1f} s', flush=True)


def _at_once(out: Path) -> None:
  """Runs trials through all stages: page, Ray, a program for each trial, folder, table, report."""
  text = (
    'from omr_jax.sweeps import each\n'
    f"CONFIG, TOGETHER = 'homus', 1\n"
    f"get_sweep = lambda: each('seed', range({_TRIALS}))\n"
  )
  (out / 'thousand.py').write_text(text)
  sweep, seen = page.read(str(out / 'thousand.py')), []
  assert list(sweep.overrides) == list(each('seed', range(_TRIALS)))
  ended = threading.Event()
  watching = threading.Thread(target=_watch, args=(out / 'sweep', seen, ended))
  watching.start()
  began = time.monotonic()
  finished = driver.run(
    sweep, out / 'sweep', None, 1, None, str(paths.data_dir(None)), None, 'at_once:train'
  )
  seconds = time.monotonic() - began
  ended.set()
  watching.join()
  assert finished and (out / 'sweep' / 'sweep.csv').read_text().count(',finished,') == _TRIALS
  print(f'{_TRIALS / seconds:.1f} trials a second, including start and end of Ray and all reports')
  for done, driver_mib, all_mib in seen:
    print(f'after {done:4} trials: driver {driver_mib:.0f} MiB, with all of Ray {all_mib:.0f} MiB')


def _watch(out: Path, seen: list, ended: threading.Event) -> None:
  """Notes the memory after every 200 trials."""
  done = 0
  while not ended.wait(0.2):
    count = sum(1 for _ in out.glob('runs/*/summary.json'))
    if count >= done + 200:
      done = count
      seen.append((count, _resident(os.getpid()), _of_ray()))


def _resident(pid: int) -> float:
  """The memory of a process in MiB, or 0 if it has ended."""
  try:
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
  except (OSError, IndexError):
    return 0
  return pages * os.sysconf('SC_PAGE_SIZE') / 2**20


def _of_ray() -> float:
  """The memory of this process and all below it in MiB; shared pages count for each of them."""
  listed = subprocess.run(['ps', '-eo', 'pid=,ppid='], capture_output=True, text=True, check=True)
  parents = dict(map(int, line.split()) for line in listed.stdout.splitlines())
  family, size = {os.getpid()}, 0
  while len(family) > size:
    size = len(family)
    family |= {pid for pid, parent in parents.items() if parent in family}
  return sum(map(_resident, family))


if __name__ == '__main__':
  main()
