"""Trains a sweep, from its page to its report."""

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from omr_jax.sweeps import analysis, cluster, folder, live, report, results
from omr_jax.sweeps.folder import Pack
from omr_jax.sweeps.page import Sweep
from omr_jax.training.workdir import raw_dir as raw_dir_of
from omr_jax.training.workdir import remove_shared_checkpoints
from omr_jax.utils import ray_cluster
from omr_jax.utils.interrupt import Interrupted

_SHOWN = 10  # Settings that are printed at the end.
_ANOTHER = 'another process is running this sweep; wait until it ends, or choose another --out.'


def run(
  sweep: Sweep,
  out: Path,
  address: str | None,
  cpus: int | None,
  gpus: float | None,
  data_dir: str,
  raw_dir: str | None,
  train: str = 'omr_jax.sweeps.trial:train',
) -> bool:
  """Trains the runs of a sweep that are not finished; returns whether all are finished afterwards.

  Of a finished sweep in a folder that this user may not write to, such as another user's, the
  results are printed and nothing is written.

  Args:
    sweep: The sweep, read from its page.
    out: The sweep's folder.
    address: Address of a Ray cluster; None starts Ray on this machine.
    cpus: Cores for each program; None for the default of `cluster.share`.
    gpus: GPUs for each program; None for the default of `cluster.share`.
    data_dir: Folder of prepared data.
    raw_dir: Folder of raw data; None for the default.
    train: Module and function that trains a pack.

  Raises:
    UserError: The folder belongs to another sweep or cannot be written, another process is running
      the sweep, Ray does not start or stops, or no machine has the resources.
    Interrupted: By Ctrl-C or SIGTERM; the runs in progress are saved.
  """
  is_finished = folder.is_of(out, sweep) and all(map(folder.is_finished, folder.packs(out, sweep)))
  _say_other_data(out, folder.packs(out, sweep), raw_dir)
  if is_finished and not os.access(out, os.W_OK):
    print(f'{out}: cannot be written, so its report stays as it is.', file=sys.stderr)
    rows = results.rows(out)
    _print_results(out, rows)
    return _are_finished(rows)
  with folder.locked(out / '.lock', 0, _ANOTHER):
    packs = folder.create(out, sweep)
    waiting = [pack for pack in packs if not folder.is_over(pack)]
    for pack in packs:
      if not pack.is_alone and folder.is_finished(pack):
        remove_shared_checkpoints(pack.workdir)
    is_over = True
    if waiting:
      with ray_cluster.connected(address), live.progress(out, packs) as show:
        wanted = cluster.share(cpus, gpus)
        print(
          f'{len(packs) - len(waiting)} of {len(packs)} programs are finished; each of the others '
          f'gets {cluster.in_words(wanted)}'
        )
        is_over = cluster.run(waiting, wanted, train, data_dir, raw_dir or '', show)
    rows = report.write(out)
  _print_results(out, rows)
  if not is_over:
    raise Interrupted
  return _are_finished(rows)


def _say_other_data(out: Path, packs: Sequence[Pack], raw_dir: str | None) -> None:
  """Says where the data of finished runs was, if it was not in the folder of raw data given."""
  workdirs = [each for pack in packs for each in pack.workdirs.values()]
  known = {raw_dir_of(each) for each in workdirs if (each / 'summary.json').exists()}
  if raw_dir is not None and (others := known - {raw_dir, None}):
    print(
      f'{out}: finished runs have the data of {" and ".join(sorted(filter(None, others)))}, not of '
      f'{raw_dir}; if that is other data, choose another --out.',
      file=sys.stderr,
    )


def _are_finished(rows: list[results.Row]) -> bool:
  return all(row.summary is not None for row in rows)


def _print_results(out: Path, rows: list[results.Row]) -> None:
  best = analysis.ranking(rows, folder.task(out))[:_SHOWN]
  if best:
    width = max(len(setting.name) for setting in best)
    print(f'\n{"setting":{width}}  runs  validation   test  95 % interval')
    for each in best:
      between = '' if math.isnan(each.low) else f'  {100 * each.low:.2f}-{100 * each.high:.2f} %'
      print(
        f'{each.name:{width}}  {each.runs:4}     {100 * each.validation:5.2f} %  '
        f'{100 * each.test:5.2f}{between}'
      )
  for row in rows:
    if row.error is not None:
      print(f'{row.run}: {row.error}')
  finished = sum(row.summary is not None for row in rows)
  print(f'{finished} of {len(rows)} runs finished; report: {out / "sweep.html"}')
