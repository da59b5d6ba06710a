"""Looks at many pages for `omr detect`: in this process, or in several that share them.

A finder takes pages in their order. Of each it gives what was found on it, or the error: why the
page can't be read, or why nothing could be found.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from omr_jax.detect import pages
from omr_jax.detect.pages import Detected
from omr_jax.errors import UserError
from omr_jax.inputs.whole_pages import Reduced
from omr_jax.predict import classifier, detector
from omr_jax.predict.classifier import Classifier
from omr_jax.predict.detector import Detector
from omr_jax.predict.pool import Pool
from omr_jax.utils import machine

Read = Reduced | UserError  # A page, or why it can't be read.
Found = Detected | UserError
Finder = Callable[[Iterable[Read]], Iterator[Found]]

_AHEAD = 4  # Pages for each process that are looked at before their turn, while one takes long.


def here(gate: Classifier, symbols: Detector, threshold: float | None) -> Finder:
  """A finder in this process; the arguments are those of `pages.detected`."""
  return partial(map, partial(_found, gate, symbols, threshold))


def shared(pool: Pool) -> Finder:
  """A finder whose pages several processes share.

  Args:
    pool: From `workers`. Its context stays open until all pages are taken from the finder.
  """
  return lambda read: (found for (found,) in pool.answers([page] for page in read))


def workers(model: str, threshold: float | None, count: int) -> Pool:
  """Processes that look at pages, and share the cores of this machine.

  Args:
    model: The model for symbols, as in `detector.load`.
    threshold: As in `pages.detected`.
    count: The number of processes.
  """
  threads = max(1, machine.cores() // count)
  return Pool(partial(_by_models, model, threshold, threads), count, _lost, _AHEAD)


def _by_models(
  model: str, threshold: float | None, threads: int
) -> Callable[[Sequence[Read]], list[Found]]:
  """What each of the processes answers with: it has its own models."""
  gate, symbols = classifier.load('scores', threads), detector.load(model, threads)
  return lambda read: list(here(gate, symbols, threshold)(read))


def _found(gate: Classifier, symbols: Detector, threshold: float | None, page: Read) -> Found:
  try:
    return page if isinstance(page, UserError) else pages.detected(gate, symbols, page, threshold)
  except UserError as error:
    return error


def _lost(_: Read, error: UserError) -> UserError:
  return error
