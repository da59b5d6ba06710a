"""Answers for the shards of a list on all machines of a Ray cluster, by Ray Data.

Ray Data spreads the shards, and gives those of a machine that is lost to another one. Each of its
processes has a process of `pool`, which reads, decodes and computes, and may crash. So a file that
crashes every process gets a row with an error here too; Ray alone would try its shard for ever.
"""

import logging
import os
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

from omr_jax.errors import UserError, lines
from omr_jax.predict import answers
from omr_jax.predict.shards import Shards, answered
from omr_jax.utils import extras, ray_cluster

_COUNTED = ('pages', 'errors', 'unsure')


def answered_on_cluster(
  shards: Shards, model: str, todo: Sequence[int], address: str | None, workers: int | None
) -> Generator[Counter[str], None, None]:
  """Answers for shards on a cluster.

  Args:
    shards: The list; its folder and the files must have the same paths on all machines.
    model: As in `classifier.load`.
    todo: The shards that have no answers yet.
    address: As in `ray_cluster.connected`.
    workers: The number of processes on the whole cluster, with a core each; None for all cores.

  Yields:
    Of each shard what `rows.counted` counts, once its answers are written.

  Raises:
    UserError: There is no cluster, or it stops.
  """
  if not todo:
    return
  ray_cluster.protect(address)
  os.environ.setdefault('RAY_BACKEND_LOG_LEVEL', 'fatal')  # As below, of Ray's part in C++.
  with extras.needed('shards'):
    import ray
    import ray.data
    from ray.exceptions import RayError

  with ray_cluster.connected(address):
    # What goes wrong is raised; the rest is about how Ray Data works.
    logging.getLogger('ray.data').setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    has = ray.cluster_resources()  # type: ignore[no-untyped-call]
    workers = workers or int(has.get('CPU', 1))
    given = (shards._replace(folder=shards.folder.absolute()), model, os.getcwd())
    try:
      numbers = ray.data.from_items([{'shard': n} for n in todo], override_num_blocks=len(todo))
      counted = numbers.map_batches(
        Worker,
        fn_constructor_args=given,
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(workers, len(todo))),
      )
      for row in counted.iter_rows():
        yield Counter({name: int(row[name]) for name in _COUNTED})
    except RayError as error:
      raise UserError(f'Ray has stopped ({lines(error)[-1]}); the same command goes on.') from error


class Worker:
  """A process of Ray, which classifies the files of one shard after the other."""

  def __init__(self, shards: Shards, model: str, folder: str):
    """Starts the process that reads.

    Args:
      shards: The list.
      model: As in `classifier.load`.
      folder: Where the command was called, since names may be relative to it.
    """
    os.chdir(folder)
    self._shards = shards
    self._several = answers.workers(model, 1, threads=1)

  def __call__(self, batch: dict[str, Any]) -> dict[str, list[int]]:
    """From numbers of shards to what was counted of each."""
    found = list(answered(self._shards, self._several, [int(n) for n in batch['shard']]))
    return {name: [counted[name] for counted in found] for name in _COUNTED}
