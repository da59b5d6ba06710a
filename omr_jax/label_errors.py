"""Symbols that probably have a wrong label: ranked by the answers, then counted once judged.

  python -m omr_jax.label_errors runs/writers --list 300 > judged.tsv
  python -m omr_jax.label_errors runs/writers runs/homus --judged judged.tsv

The first ranks the mistakes of one run, the most confident first, as its report shows them; best is
a run in which nobody answers for writers it has seen (`omr_jax.pooled --over writers`). Somebody
then looks at each symbol in the report and writes a kind into the last column. The second says what
each run's accuracy is with and without those whose label is clearly wrong.
"""

import argparse
import csv
import io
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omr_jax.errors import UserError, answered, nearest
from omr_jax.evaluation import decision, finished_run, metrics
from omr_jax.evaluation.finished_run import FinishedRun
from omr_jax.utils.files import output

COLUMNS = ('id', 'label', 'answer', 'confidence', 'kind')
CLEAR = 'wrong label'  # The answer is what is written there, beyond doubt.
KINDS = (
  CLEAR,
  'either',  # Label and answer can both be defended.
  'unreadable',  # Unfinished, or nothing that could be told.
  'mistake',  # The label is right.
)


class Suspect(NamedTuple):
  """A symbol that was answered otherwise than it is labelled.

  Attributes:
    id: `<writer>-<n>`.
    label: The class it has in the data.
    answer: The class that the network gave.
    confidence: Calibrated, from 0 to 1.
    kind: One of KINDS, or '' as long as nobody has looked.
  """

  id: str
  label: str
  answer: str
  confidence: float
  kind: str = ''


def ranked(run: FinishedRun) -> list[Suspect]:
  """The mistakes of a run, most confident first.

  Raises:
    UserError: It is of pictures of scores.
  """
  _refuse_pictures(run)
  sure = decision.confidence(run.test_logits, run.test_predicted, run.decision.temperature)
  wrong = np.flatnonzero(~run.correct)
  return [
    Suspect(
      str(run.test_ids[i]),
      run.classes[run.test_labels[i]],
      run.classes[run.test_predicted[i]],
      float(sure[i]),
    )
    for i in wrong[np.argsort(-sure[wrong], kind='stable')]
  ]


def read(path: Path) -> dict[str, Suspect]:
  """A judged list, by id; `confidence` is whoever's it was.

  Raises:
    UserError: Naming file and line: another header, a field too many or too few, an unknown kind, a
      confidence that is none, an id that comes twice.
  """
  try:
    rows = list(csv.reader(io.StringIO(path.read_text('utf-8-sig')), delimiter='\t'))
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise UserError(f'{path}: cannot be read ({error}); give a list made by --list.') from error
  if not rows or tuple(rows[0]) != COLUMNS:
    raise UserError(f'{path}: must begin with {" ".join(COLUMNS)}, separated by tabs.')
  judged: dict[str, Suspect] = {}
  for number, row in enumerate(rows[1:], start=2):
    place = f'{path}, line {number}'
    if len(row) != len(COLUMNS):
      raise UserError(f'{place}: {len(row)} fields; it takes {len(COLUMNS)}, separated by tabs.')
    name, label, answer, confidence, kind = row
    if kind not in ('', *KINDS):
      raise UserError(f'{place}: {kind!r} is no kind{nearest(kind, KINDS)}')
    if name in judged:
      raise UserError(f'{place}: {name} comes twice; take one away.')
    try:
      sure = float(confidence)
    except ValueError:
      sure = np.nan
    if not 0 <= sure <= 1:
      raise UserError(f'{place}: {confidence!r} is no confidence; write 0 to 1.')
    judged[name] = Suspect(name, label, answer, sure, kind)
  return judged


class Without(NamedTuple):
  """A run's test with all symbols, and without those whose label is clearly wrong.

  Attributes:
    right: Symbols answered as they are labelled.
    n: Symbols.
    right_kept: The same of the symbols that are kept.
    n_kept: Symbols that are kept.
    as_read: Of those left out, how many are answered as whoever judged has read them.
  """

  right: int
  n: int
  right_kept: int
  n_kept: int
  as_read: int


def without(run: FinishedRun, judged: Mapping[str, Suspect]) -> Without:
  """What the clearly wrong labels cost a run.

  Raises:
    UserError: It is of pictures of scores; a symbol has another label there than in the list, or an
      answer in the list that is no class; or no symbol is left.
  """
  _refuse_pictures(run)
  kept = np.ones(len(run.test_ids), bool)
  as_read = 0
  for i, name in enumerate(run.test_ids.tolist()):
    if name not in judged:
      continue
    label = run.classes[run.test_labels[i]]
    if label != judged[name].label:
      raise UserError(
        f'{run.workdir}: {name} is labelled {label}, in the list {judged[name].label}; give a list '
        'of the same data.'
      )
    if judged[name].answer not in run.classes:
      raise UserError(
        f'{run.workdir}: {judged[name].answer!r}, the answer to {name} in the list, is no class'
        f'{nearest(judged[name].answer, run.classes)}'
      )
    if judged[name].kind == CLEAR:
      kept[i] = False
      as_read += run.classes[run.test_predicted[i]] == judged[name].answer
  if not kept.any():
    raise UserError(f'{run.workdir}: no symbol is left without those of the list; judge fewer.')
  right = run.correct
  return Without(int(right.sum()), len(right), int(right[kept].sum()), int(kept.sum()), as_read)


def table(runs: Sequence[FinishedRun], judged: Mapping[str, Suspect]) -> str:
  """What the list holds, and each run with and without its wrong labels, for a terminal."""
  kinds = Counter(suspect.kind or 'not judged' for suspect in judged.values())
  lines = ['  '.join(f'{kind}: {n}' for kind, n in kinds.most_common())]
  for run in runs:
    found = without(run, judged)
    lines.append(
      f'{run.workdir}: {_share(found.right, found.n)}; without {found.n - found.n_kept} wrong '
      f'labels, of which {found.as_read} are answered as they read, '
      f'{_share(found.right_kept, found.n_kept)}'
    )
  return '\n'.join(lines)


def _share(right: int, n: int) -> str:
  interval = metrics.percent_range(*metrics.wilson_interval(right, n))
  return f'{100 * right / n:.2f} % ({right} of {n}, {interval})'


def _refuse_pictures(run: FinishedRun) -> None:
  if run.decision.threshold is not None:
    raise UserError(f'{run.workdir}: answers by a threshold; give a run on symbols.')


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.label_errors',
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument('runs', nargs='+', metavar='RUN', help='the workdir of a finished run')
  either = parser.add_mutually_exclusive_group(required=True)
  either.add_argument('--list', type=int, metavar='N', help='the N most confident mistakes')
  either.add_argument('--judged', type=Path, metavar='FILE', help='such a list, with its kinds')
  options = parser.parse_args(arguments)
  return answered(lambda: _say(options))


def _say(options: argparse.Namespace) -> None:
  runs = [finished_run.read(path) for path in options.runs]
  if options.judged is not None:
    print(table(runs, read(options.judged)))
    return
  if len(runs) > 1 or options.list < 1:
    raise UserError('--list takes one run, and how many of its mistakes, 1 or more.')
  found = ranked(runs[0])[: options.list]
  with output(None) as file:
    rows = csv.writer(file, delimiter='\t', lineterminator='\n')
    rows.writerow(COLUMNS)
    for suspect in found:
      rows.writerow(suspect._replace(confidence=f'{suspect.confidence:.4f}'))


if __name__ == '__main__':
  sys.exit(main())
