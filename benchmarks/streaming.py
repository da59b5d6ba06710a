"""Compares training on examples that are held on the devices and on examples streamed from a disk.

  python benchmarks/streaming.py

It trains `scores.py` on 250 MB of random pictures in a file, so no data is needed. A call
is an epoch of 20 steps.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from measure import by_turns, config_page, parser_of, spread, surroundings, table, trainer_of

from omr_jax.data.cache import Rows
from omr_jax.inputs import views
from omr_jax.recipe import recipe as recipes
from omr_jax.training import backend, feed
from omr_jax.training.feed import Feed

PICTURES, STEPS = 512, 20


def main() -> None:
  """Runs the command."""
  parser_of(__doc__).parse_args()
  config = config_page('scores')
  backend.start(config)
  with tempfile.TemporaryDirectory() as folder:
    times = by_turns(contenders(config, Path(folder)), rounds=5)
  images = STEPS * config.batch_size
  print(f'batch {config.batch_size}; {surroundings()}\n')
  rows = [
    [name, spread(taken), f'{1e3 * images / np.median(taken):.0f}'] for name, taken in times.items()
  ]
  print(table(['examples', 'ms for 20 steps', 'images/s'], rows))
  resident, streamed = (np.median(taken) for taken in times.values())
  print(f'\nstreamed at {resident / streamed:.2f} of the resident speed')


def contenders(config, folder: Path) -> dict[str, Callable[[], None]]:
  """An epoch with each feed; each has a training state of its own."""
  shape = (PICTURES, views.count(config.picture.tiles), *recipes.create(config).shape)
  on_disk = np.lib.format.open_memmap(folder / 'views.npy', 'w+', np.uint8, shape)
  rng = np.random.default_rng(0)
  for picture in on_disk:
    picture[:] = rng.integers(0, 256, shape[1:], np.uint8)
  arrays = {
    'views': Rows([on_disk], np.arange(PICTURES)),
    'label': rng.integers(0, 2, PICTURES).astype(np.int32),
  }
  recipe, mesh, trainer = trainer_of(config, arrays, STEPS)
  order = rng.integers(0, PICTURES, (1, STEPS * config.batch_size)).astype(np.int32)

  def epoch(feeding: Feed) -> Callable[[], None]:
    state = trainer.init()

    def call() -> None:
      nonlocal state
      step = int(state.step[0])
      for after in feeding(state, np.array([True]), order, step, step + STEPS):
        state = jax.block_until_ready(after)  # A run also waits here, to read the loss.

    return call

  first, what = (trainer.shapes(), np.array([True]), order), (trainer, arrays, recipe.reads, mesh)
  return {
    'resident': epoch(feed.resident(*what, first)),
    'streamed': epoch(feed.streamed(*what, config.batch_size, STEPS)),
  }


if __name__ == '__main__':
  main()
