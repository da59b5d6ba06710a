"""Measures how fast a config trains here: a step, images/s, the delay of the first epoch.

  python benchmarks/pace.py --config homus_best [any flag of omr_jax.main]

It trains four epochs with omr_jax.main, whose flags choose, for example, the precision, the canvas
or several seeds; with `--config.data.protocol=made_up` configs for symbols need no data. The first
epoch does not count. It takes longer than the others by the time for compiling, or for reading
compiled programs from the cache.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import parser_of, surroundings, table

EPOCHS = 4


def main(flags: list[str]) -> None:
  """Runs the command."""
  _, flags = parser_of(__doc__).parse_known_args(flags)  # All but --help are of omr_jax.main.
  command, runs, batch, images, delay = measured(flags)
  print(f'\n{" ".join(command[1:])}\n{surroundings()}\n')
  row = [str(runs), f'{1e3 * batch / images:.2f}', f'{runs * images:.0f}']
  header = ['networks', 'ms a step of all', 'images/s of all', 'first epoch longer by']
  print(table(header, [[*row, f'{delay:.0f} s']]))


def measured(flags: list[str]) -> tuple[list[str], int, int, float, float]:
  """Trains four epochs.

  Returns:
    The command, the number of networks, the batch, the images/s of each network, and the seconds by
    which the first epoch takes longer than the others.
  """
  with tempfile.TemporaryDirectory() as folder:
    command = [sys.executable, '-m', 'omr_jax.main', *flags, f'--config.epochs={EPOCHS}']
    done = subprocess.run([*command, f'--workdir={folder}'], check=False)
    if done.returncode:
      sys.exit(done.returncode)
    runs = sorted(Path(folder).glob('**/metrics.jsonl'))
    first, *others = map(json.loads, runs[0].read_text().splitlines())
    batch = json.loads(runs[0].with_name('config.json').read_text())['batch_size']
  images = statistics.median(epoch['images_per_s'] for epoch in others)
  delay = first['seconds'] - statistics.median(epoch['seconds'] for epoch in others)
  return command, len(runs), batch, images, delay


if __name__ == '__main__':
  main(sys.argv[1:])
