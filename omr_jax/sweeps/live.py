"""Shows the progress of a sweep: a table on a terminal, elsewhere a line for each finished run."""

import contextlib
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from omr_jax.sweeps import folder, report, results
from omr_jax.sweeps.folder import Pack
from omr_jax.tasks.task import Task
from omr_jax.utils.words import duration

_SHOWN = 20  # Most packs in the table.
_SECONDS_BETWEEN_REPORTS = 30


@contextlib.contextmanager
def progress(out: Path, packs: Sequence[Pack]) -> Iterator[Callable[[Sequence[Pack]], None]]:
  """Yields a function that shows the progress and writes the report anew from time to time.

  The function is to be called repeatedly with the packs that are not over.

  Args:
    out: The sweep's folder.
    packs: All packs of the sweep.
  """
  began, reported = time.monotonic(), time.monotonic()
  before = {pack.name for pack in packs if not folder.is_over(pack)}
  total = len(packs)
  task = folder.task(out)
  with Live(refresh_per_second=2) if sys.stdout.isatty() else contextlib.nullcontext() as live:

    def show(waiting: Sequence[Pack]) -> None:
      nonlocal reported, before
      names = {pack.name for pack in waiting}
      over = [pack for pack in packs if pack.name in before - names]
      before = names
      done = f'{total - len(waiting)} of {total} programs, {duration(time.monotonic() - began)}'
      if live is not None:
        live.update(Group(_table(waiting, task), f'{done} so far'))
      else:
        for pack in over:
          print(f'{_end(pack, task)}  ({done})', flush=True)
      if over and time.monotonic() > reported + _SECONDS_BETWEEN_REPORTS:
        report.write(out)
        reported = time.monotonic()

    yield show


def _table(waiting: Sequence[Pack], task: Task) -> Table:
  table = Table('in progress', 'runs', 'epoch', 'loss', 'validation', 'images/s', 'time')
  # A worker that is just starting has made its file, but may not have written to it yet.
  begun = ((pack, starts) for pack in waiting if (starts := folder.starts(pack)))
  for pack, starts in itertools.islice(begun, _SHOWN):
    name = pack.name if len(pack.runs) == 1 else f'{pack.name}: {pack.runs[0]} ...'
    lines = [folder.history(workdir) for workdir in pack.workdirs.values()]
    started = time.time() - starts[-1]['time']
    lasts = [each[-1] for each in lines if each]
    if not lasts:
      table.add_row(escape(pack.name), str(len(pack.runs)), '', '', '', '', duration(started))
      continue
    best = max(line[task.validated] for line in lasts)
    table.add_row(
      escape(name),
      str(len(pack.runs)),
      str(max(line['epoch'] for line in lasts)),
      f'{sum(line["loss"] for line in lasts) / len(lasts):.4f}',
      f'{100 * best:.2f} %',
      f'{sum(line["images_per_s"] for line in lasts):.0f}',
      duration(started),
    )
  return table


def _end(pack: Pack, task: Task) -> str:
  """The results of a pack, one line for each run."""
  lines = []
  for run, workdir in pack.workdirs.items():
    if (workdir / 'summary.json').exists():
      summary = results.read_summary(workdir, task)
      lines.append(
        f'{run}: validation {100 * summary[task.validated]:.2f} %, {duration(summary["seconds"])}'
      )
    elif (failed := folder.error(pack.out, run)) is not None:
      lines.append(f'{run}: {failed}')
  return '\n'.join(lines)
