"""Lists symbols whose label is probably wrong, and measures runs without them.

  python -m omr_jax.label_errors runs/writers --list 300 > judged.tsv
  python -m omr_jax.label_errors runs/writers runs/homus --judged judged.tsv

--list writes the most confident mistakes of one run, in the order of its report. Best take a run of
`omr_jax.pooled --over writers`, in which no network was trained on the writers that it is tested
on. Then look at each symbol in the report and write one of these words into the last column of the
list: 'wrong label', 'either' (label and answer can both be defended), 'unreadable' or 'mistake'
(the label is right). --judged prints the accuracy of each run with and without the symbols whose
label is wrong.
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

from omr_jax.errors import UserError, nearest, reason
from omr_jax.evaluation import metrics
from omr_jax.tasks.classifiers import run as classified
from omr_jax.tasks.classifiers.run import ClassifiedRun
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.utils.files import output, read_bytes
from omr_jax.utils.words import one_line

COLUMNS = ('id', 'label', 'answer', 'confidence', 'kind')
CLEAR = 'wrong label'  # The network's answer is right, beyond doubt.
KINDS = (
  CLEAR,
  'either',  # Label and answer can both be defended.
  'unreadable',  # The symbol is unfinished, or it is none at all.
  'mistake',  # The label is right.
)


class Suspect(NamedTuple):
  """A symbol whose answer differs from its label.

  Attributes:
    id: `<writer>-<n>`.
    label: The class that the data says.
    answer: The class that the network says.
    confidence: The calibrated probability of the answer, 0 to 1.
    kind: One of KINDS, or '' where nobody has judged it yet.
  """

  id: str
  label: str
  answer: str
  confidence: float
  kind: str = ''


def ranked(run: ClassifiedRun) -> list[Suspect]:
  """The mistakes of a run, most confident first.

  Raises:
    UserError: The run answers by a threshold.
  """
  _refuse_threshold(run)
  sure = run.confidence
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
  """Reads a judged list; returns its symbols by id.

  Raises:
    UserError: The file has another header, or a line has the wrong number of fields, an unknown
      kind, a confidence that is not from 0 to 1, or the id of an earlier line.
  """
  try:
    rows = list(csv.reader(io.StringIO(read_bytes(path).decode('utf-8-sig')), delimiter='\t'))
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise UserError(
      f'{path}: cannot be read ({reason(error)}); give a list made by --list.'
    ) from error
  if not rows or tuple(rows[0]) != COLUMNS:
    raise UserError(f'{path}: must begin with {" ".join(COLUMNS)}, separated by tabs.')
  judged: dict[str, Suspect] = {}
  for number, row in enumerate(rows[1:], start=2):
    place = f'{path}, line {number}'
    if len(row) != len(COLUMNS):
      raise UserError(f'{place}: {len(row)} fields; write {len(COLUMNS)}, separated by tabs.')
    name, label, answer, confidence, kind = row
    if kind not in ('', *KINDS):
      raise UserError(f'{place}: {kind!r} is no kind{nearest(kind, KINDS)}')
    if name in judged:
      raise UserError(f'{place}: {name} comes twice; remove one.')
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
    right: Number of all symbols whose answer is their label.
    n: Number of all symbols.
    right_kept: Number of the kept symbols whose answer is their label.
    n_kept: Number of the kept symbols.
    as_read: Number of the symbols left out to which the run gives the answer in the list.
  """

  right: int
  n: int
  right_kept: int
  n_kept: int
  as_read: int


def without(run: ClassifiedRun, judged: Mapping[str, Suspect]) -> Without:
  """Counts a run's right answers with and without the symbols whose label is clearly wrong.

  Raises:
    UserError: The run answers by a threshold, a symbol has another label than in the list, an
      answer in the list is no class, or no symbol is left.
  """
  _refuse_threshold(run)
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


def table(runs: Sequence[ClassifiedRun], judged: Mapping[str, Suspect]) -> str:
  """A table: how often each kind is in the list, and the accuracy with and without wrong labels."""
  kinds = Counter(suspect.kind or 'not judged' for suspect in judged.values())
  lines = ['  '.join(f'{kind}: {n}' for kind, n in kinds.most_common())]
  for run in runs:
    found = without(run, judged)
    lines.append(
      f'{one_line(str(run.workdir))}: {_share(found.right, found.n)}; without '
      f'{found.n - found.n_kept} wrong labels, of which {found.as_read} are answered as in '
      f'the list, {_share(found.right_kept, found.n_kept)}'
    )
  return '\n'.join(lines)


def _share(right: int, n: int) -> str:
  interval = metrics.percent_range(*metrics.wilson_interval(right, n))
  return f'{100 * right / n:.2f} % ({right} of {n}, {interval})'


def _refuse_threshold(run: ClassifiedRun) -> None:
  if run.decision.threshold is not None:
    raise UserError(f'{run.workdir}: answers by a threshold; give a run on symbols.')


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('label_errors', __doc__)
  command_arguments.add_runs(parser)
  either = parser.add_mutually_exclusive_group(required=True)
  either.add_argument('--list', type=int, metavar='N', help='list the N most confident mistakes')
  either.add_argument(
    '--judged', type=paths.path, metavar='FILE', help='such a list, with kinds in its last column'
  )
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
  runs = [classified.read(path) for path in options.runs]
  if options.judged is not None:
    print(table(runs, read(options.judged)))
    return
  if len(runs) > 1 or options.list < 1:
    raise UserError('--list takes one run, and a number of mistakes that is 1 or more.')
  found = ranked(runs[0])[: options.list]
  with output(None) as file:
    rows = csv.writer(file, delimiter='\t', lineterminator='\n')
    rows.writerow(COLUMNS)
    for suspect in found:
      rows.writerow((suspect._asdict() | {'confidence': f'{suspect.confidence:.4f}'}).values())


if __name__ == '__main__':
  sys.exit(main())
