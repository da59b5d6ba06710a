"""Measures the answers of the page's part “Draw” to symbols of other sizes than the staff asks for.

  make web
  python benchmarks/drawn_sizes.py

The symbols of a split of HOMUS are given to the page in headless Chromium, a third as large, half
as large, as they were written, and twice as large. Needs chromium and chromium-driver.
"""

import argparse
import threading
from pathlib import Path

import numpy as np
from measure import parser_of, surroundings, table
from page import browser

from omr_jax.evaluation import metrics
from omr_jax.inputs.strokes import CLASSES
from omr_jax.utils import arguments as command_arguments
from omr_jax.web.__main__ import serve
from omr_jax.web.build import SITE
from tfds_builders import homus

SIZES = {'a third': 1 / 3, 'a half': 1 / 2, 'as written': 1, 'twice': 2}
ASK = """const [symbols, done] = arguments
  const answered = import('./network/client.js').then(async ({ ask }) => {
    const found = []
    for (const strokes of symbols) {
      const argument = { name: 'homus_strokes', strokes }
      const { probabilities, isUnknown } = await ask('symbolOfStrokes', argument)
      found.push([probabilities.indexOf(Math.max(...probabilities)), isUnknown])
    }
    return found
  })
  answered.then(done, (error) => done(error.message))"""
_BATCH = 10  # Symbols in one call, which must end within 120 seconds, the driver's time limit.


def main() -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  parser.add_argument('--split', choices=('validation', 'test'), default='validation')
  parser.add_argument(
    '--symbols', type=int, help='so many, spread evenly over the split; all by default'
  )
  parser.add_argument('--site', type=Path, default=SITE, help='a built site, %(default)s')
  command_arguments.add_data_folders(parser)
  options = command_arguments.parse(parser, None)
  symbols, labels = read(options)
  server = serve(options.site, 0)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  is_dot = labels == CLASSES.index('Dot')
  print(f'{options.split}; {surroundings()}\n')
  header = 'size', 'right without dots', 'dots right', 'all right', 'called unknown'
  print(table(header, []), flush=True)
  with browser() as driver:
    driver.get(f'http://localhost:{server.server_port}/')
    for words, zoom in SIZES.items():
      found = answers(driver, [[(zoom * line).tolist() for line in each] for each in symbols])
      right, unknown = found[:, 0] == labels, found[:, 1]
      row = [words, *map(share, (right[~is_dot], right[is_dot], right, unknown))]
      print(f'| {" | ".join(row)} |', flush=True)


def read(options: argparse.Namespace) -> tuple[list[list[np.ndarray]], np.ndarray]:
  """The strokes of each symbol of the split, and its class."""
  builder = homus.prepare('original', *command_arguments.data_folders(options))
  source = builder.as_data_source(split=options.split)
  wanted = np.linspace(0, len(source) - 1, options.symbols or len(source)).round().astype(int)
  examples = source.__getitems__(wanted.tolist())
  strokes = [
    [each['points'][each['stroke'] == n] for n in np.unique(each['stroke'])] for each in examples
  ]
  return strokes, np.array([each['label'] for each in examples])


def answers(driver, symbols: list) -> np.ndarray:
  """The number of the page's answer to each symbol, and whether it calls it unknown: int [n, 2]."""
  found = []
  for first in range(0, len(symbols), _BATCH):
    some = driver.execute_async_script(ASK, symbols[first : first + _BATCH])
    if isinstance(some, str):
      raise SystemExit(f'The page has failed: {some}')
    found += some
  return np.array(found, int)


def share(these: np.ndarray) -> str:
  """How many are true, as numbers and in percent with the 95 % interval."""
  some, n = int(these.sum()), len(these)
  return f'{some} of {n}, {metrics.percent_range(*metrics.wilson_interval(some, n))}'


if __name__ == '__main__':
  main()
