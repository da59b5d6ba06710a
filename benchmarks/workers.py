"""Compares processes that share a list of pictures: `omr predict` with one, two and more of them.

  python benchmarks/workers.py --pictures FOLDER [--files 20000] [--rounds 10] [--workers 2]

The pictures of the folder are linked under as many names as there are to be files. In each round
each contender answers for the same files; rounds take turns, since other programs may slow the
machine down. A worker has one thread that computes and one that reads. *One process* is `omr
predict` without --workers, which reads and computes with a thread for each core.
"""

import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from measure import parser_of, surroundings, table

from omr_jax.predict import classifier, listing
from omr_jax.predict.answers import answers, pieces
from omr_jax.predict.answers import workers as processes

ONE_PROCESS = 'one process'


def main() -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  parser.add_argument('--pictures', required=True)
  parser.add_argument('--model', default='scores')
  parser.add_argument('--files', type=int, default=20_000, help='in all rounds together')
  parser.add_argument('--rounds', type=int, default=10)
  parser.add_argument('--workers', type=int, default=2, help='compared with one')
  options = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    names = _linked(options.pictures, Path(folder), options.files)
    rounds = [names[start :: options.rounds] for start in range(options.rounds)]
    taken, cpu = _measured(options.model, options.workers, rounds)
  counts = np.array([len(each) for each in rounds])
  one, rows = np.array(taken['1 worker']), []
  for name, seconds in taken.items():
    ratios = np.percentile(one / seconds, [50, 25, 75])
    rows.append(
      [
        name,
        f'{np.median(counts / seconds):.1f}',
        f'{1e3 * cpu[name] / counts.sum():.1f}',
        '{:.2f} ({:.2f}-{:.2f})'.format(*ratios),
      ]
    )
  print(f'{options.model}, {counts.sum()} pictures in {len(rounds)} rounds; {surroundings()}\n')
  print(table(['', 'pictures/s', 'CPU ms a picture', 'times 1 worker'], rows))


def _linked(pictures: str, folder: Path, count: int) -> list[str]:
  """Names of `count` files, links to the pictures in turn."""
  found = list(listing.files([pictures], (), listing.PICTURES))
  names = [folder / f'{number:08}{Path(found[0]).suffix}' for number in range(count)]
  for number, name in enumerate(names):
    name.symlink_to(Path(found[number % len(found)]).absolute())
  return [str(name) for name in names]


def _measured(
  model: str, workers: int, rounds: list[list[str]]
) -> tuple[dict[str, list[float]], dict[str, float]]:
  """By contender the seconds of each round, and the CPU seconds of all, a few of warming up too."""
  loaded = classifier.load(model)
  contenders: dict[str, Callable[[list[str]], Iterable]] = {ONE_PROCESS: partial(answers, loaded)}
  pools = {
    f'{count} worker{"s"[: count > 1]}': processes(model, count, threads=1)
    for count in (1, workers)
  }
  taken: dict[str, list[float]] = {}
  cpu: dict[str, float] = {ONE_PROCESS: 0.0}
  with ExitStack() as stack:
    for name, some in pools.items():
      stack.enter_context(some)
      contenders[name] = lambda names, some=some: some.answers(pieces(names))
    for name, call in contenders.items():
      list(call(rounds[0][: 64 * workers]))  # Starts the processes.
      taken[name] = []
    for names in rounds:
      for name, call in contenders.items():
        began, computed = time.perf_counter(), time.process_time()
        found = list(call(names))
        taken[name].append(time.perf_counter() - began)
        if name == ONE_PROCESS:
          cpu[name] += time.process_time() - computed
          assert len(found) == len(names)
    for name, some in pools.items():
      before = _children()
      some.__exit__()
      cpu[name] = _children() - before
  return taken, cpu


def _children() -> float:
  """CPU seconds of the processes that have ended."""
  used = resource.getrusage(resource.RUSAGE_CHILDREN)
  return used.ru_utime + used.ru_stime


if __name__ == '__main__':
  main()
