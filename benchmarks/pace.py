"""How fast a recipe trains here: a step, images a second, and what the first epoch waits for.

  python benchmarks/pace.py --config configs/homus_best.py [any flag of omr_jax.main]

Four epochs by the command itself, so that another precision, canvas or list of seeds is a flag;
with `--config.data.protocol=made_up` symbols need no data. All epochs but the first count. By as
much as the first one takes longer it was compiling, or reading compiled programs from the cache.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import surroundings, table

EPOCHS = 4


def main(flags: list[str]) -> None:
  """The command."""
  with tempfile.TemporaryDirectory() as folder:
    command = [sys.executable, '-m', 'omr_jax.main', *flags, f'--config.epochs={EPOCHS}']
    done = subprocess.run([*command, f'--workdir={folder}'], check=False)
    if done.returncode:
      sys.exit(done.returncode)
    runs = sorted(Path(folder).glob('**/metrics.jsonl'))
    first, *others = map(json.loads, runs[0].read_text().splitlines())
    batch = json.loads(runs[0].with_name('config.json').read_text())['batch_size']
  images = statistics.median(epoch['images_per_s'] for epoch in others)
  waited = first['seconds'] - statistics.median(epoch['seconds'] for epoch in others)
  print(f'\n{" ".join(command[1:])}\n{surroundings()}\n')
  row = [str(len(runs)), f'{1e3 * batch / images:.2f}', f'{len(runs) * images:.0f}']
  header = ['networks', 'ms a step of all', 'images/s of all', 'first epoch longer by']
  print(table(header, [[*row, f'{waited:.0f} s']]))


if __name__ == '__main__':
  main(sys.argv[1:])
