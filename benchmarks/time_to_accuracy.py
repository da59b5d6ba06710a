"""Measures the mean test accuracy of five seeds of a config, and the time that training takes.

  python benchmarks/time_to_accuracy.py [--config homus] [any flag of omr_jax.main]

The seeds are a population, trained by one program. Two times are measured until the last report is
written, as a user experiences them: from the start of the process, and from the moment when the
data is loaded, the networks are initialized and the plan is printed. The second time includes what
is left of compiling the first step, or of reading the compiled program from the cache.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import parser_of, surroundings, table

SEEDS = '0,1,2,3,4'


def main(flags: list[str]) -> None:
  """Runs the command."""
  _, flags = parser_of(__doc__).parse_known_args(flags)  # All but --help are of omr_jax.main.
  command, accuracies, total, training = measured(flags)
  print(f'\n{" ".join(command[1:])}\n{surroundings()}\n')
  rows = [
    ['test accuracy, mean', f'{statistics.mean(accuracies):.2f} %'],
    ['standard deviation', f'{statistics.stdev(accuracies):.2f}'],
    ['each', ', '.join(f'{accuracy:.2f}' for accuracy in accuracies)],
    ['from the start of the process', f'{total:.0f} s'],
    ['from the first step', f'{training:.0f} s'],
  ]
  print(table([f'{len(accuracies)} seeds', ''], rows))


def measured(flags: list[str]) -> tuple[list[str], list[float], float, float]:
  """Trains; returns the command, the accuracies in percent, and both times in seconds."""
  chosen = any(flag.split('=')[0] == '--config' for flag in flags)
  config = [] if chosen else ['--config=homus']
  with tempfile.TemporaryDirectory() as folder:
    workdir = Path(folder) / 'runs'
    command = [sys.executable, '-m', 'omr_jax.main', *config, *flags, f'--config.seed={SEEDS}']
    began = time.monotonic()
    process = subprocess.Popen(
      [*command, f'--workdir={workdir}'], stdout=subprocess.PIPE, text=True
    )
    planned = None
    try:
      for line in process.stdout:
        print(line, end='', flush=True)
        if planned is None and not line.strip():
          planned = time.monotonic()
    except BaseException:
      process.kill()
      raise
    ended = time.monotonic()
    if process.wait():
      sys.exit(process.returncode)
    summaries = [json.loads(path.read_text()) for path in sorted(workdir.glob('*/summary.json'))]
  accuracies = [100 * summary['accuracy'] for summary in summaries]
  return command, accuracies, ended - began, ended - planned


if __name__ == '__main__':
  main(sys.argv[1:])
