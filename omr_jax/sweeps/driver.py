"""A sweep from its page to its report."""

from pathlib import Path

from omr_jax.sweeps import analysis, cluster, folder, live, report, results
from omr_jax.sweeps.page import Sweep
from omr_jax.utils.interrupt import Interrupted

_SHOWN = 10
_ANOTHER = 'another process is at this sweep; wait for it, or choose another --out.'


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
  """Trains what is not finished; returns whether all runs are.

  Args:
    sweep: To be run.
    out: Its folder.
    address: See `cluster.connected`.
    cpus: See `cluster.share`.
    gpus: See there.
    data_dir: See `loop.train_all`.
    raw_dir: See there.
    train: See `worker.run`.

  Raises:
    UserError: See `folder.create`, `cluster.connected`, `cluster.share` and `cluster.run`; another
      process is at the sweep.
  """
  with folder.locked(out / '.lock', 0, _ANOTHER):
    packs = folder.create(out, sweep)
    waiting = [pack for pack in packs if not folder.is_over(pack)]
    is_over = True
    if waiting:
      with cluster.connected(address), live.told(out, packs) as tell:
        wanted = cluster.share(cpus, gpus)
        said = ', '.join(f'{number:g} {kind}' for kind, number in wanted.items())
        print(f'{len(packs) - len(waiting)} programs are over; {said} for each of the others')
        is_over = cluster.run(waiting, wanted, train, data_dir, raw_dir or '', tell)
    rows = report.write(out)
  _tell(out, rows)
  if not is_over:
    raise Interrupted
  return all(row.summary is not None for row in rows)


def _tell(out: Path, rows: list[results.Row]) -> None:
  best = analysis.ranking(rows)[:_SHOWN]
  if best:
    width = max(len(setting.name) for setting in best)
    print(f'\n{"setting":{width}}  runs  validation   test  95 % interval')
    for each in best:
      print(
        f'{each.name:{width}}  {each.runs:4}     {100 * each.validation:5.2f} %  '
        f'{100 * each.accuracy:5.2f}  {100 * each.low:.2f}-{100 * each.high:.2f} %'
      )
  for row in rows:
    if row.error is not None:
      print(f'{row.run}: {row.error}')
  finished = sum(row.summary is not None for row in rows)
  print(f'{finished} of {len(rows)} runs finished; report: {out / "sweep.html"}')
