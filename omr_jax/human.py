"""Asks people what a network was asked in its test: the human baseline of the paper.

  python -m omr_jax.human prepare symbols
  python -m omr_jax.human prepare scores --raw_dir my_pictures --size 256
  python -m omr_jax.human merge a.json b.json ...

`prepare` makes questions from your copy of the data, for the site that `python -m omr_jax.web`
serves. People answer them there and save their results. `merge` prints these results beside the
model's answers to the same pictures: the accuracy of each person, and precision and recall of each
class, as in table II of the paper. A person who has saved one session twice counts once.
"""

import argparse
import base64
import hashlib
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.evaluation import metrics
from omr_jax.predict import classifier
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.utils.files import read_json, write_file
from omr_jax.utils.words import cell
from omr_jax.web.build import HOW, SITE

KINDS = {'symbols': 'homus', 'scores': 'scores'}  # Names of the task and of its model.
_AGAIN = 'save the result again from the site'


def prepare(
  kind: str, model: str, count: int, seed: int, size: int, data: tuple[Path, str | None]
) -> dict:
  """The questions of a session: random test examples, as people see them.

  Args:
    kind: One of KINDS.
    model: A name or path for `classifier.load`; its answers are kept beside the true classes.
    count: Number of questions; 0 for the whole test split.
    seed: Seed of the random choice.
    size: Height and width of the pictures in pixels, if `kind` is `scores`.
    data: The folders of prepared and of raw data.

  Returns:
    The session, as the site reads it.

  Raises:
    UserError: The model is of another task, or the data is not there.
  """
  network = classifier.load(model)
  if network.model.task.name != kind:
    raise UserError(f'{model}: knows {network.model.task.name}, not {kind}; give another --model.')
  examples = network.model.task.examples
  about, picture = network.model.facts['config'], network.model.picture
  test, pictures = examples.questions(about, picture, size, *data)
  rows = np.random.default_rng(seed).permutation(len(test['label']))[: count or None]
  given = network.answers([{name: test[name][row] for name in network.model.reads} for row in rows])
  classes = network.model.classes
  questions = [
    {
      'id': str(test['id'][row]),
      'label': classes[test['label'][row]],
      'model': answer.label,
      'picture': _address(pictures[row]),
    }
    for row, answer in zip(rows, given, strict=True)
  ]
  session = {'kind': kind, 'classes': list(classes), 'questions': questions}
  session['digest'] = hashlib.sha256(json.dumps(session).encode()).hexdigest()
  shown = {name: _address(drawn) for name, drawn in examples.cheat_sheet(picture).items()}
  return session | ({'cheat': shown} if shown else {})


def merge(paths: Sequence[Path]) -> str:
  """Tables in Markdown: each person's result, all together, and the model on the same questions.

  The model counts once for a question that several people were asked. If models gave it different
  answers, each of them counts, and the model's row has no interval either.

  Raises:
    UserError: A file is no result, or has other classes than the first file.
  """
  results = _one_of_each_session({path: _result(path) for path in paths})
  first, *_ = results
  classes = results[first]['classes']
  for path, result in results.items():
    if result['classes'] != classes:
      raise UserError(f'{path}: has other classes than {first}; merge them separately.')
  lines = ['| | right | of | | 95 % interval |', '| --- | --- | --- | --- | --- |']
  triples = [_triples(result) for result in results.values()]
  together = np.concatenate(triples)
  for (path, result), three in zip(results.items(), triples, strict=True):
    name = str(result.get('name') or path.stem)
    lines.append(_accuracy(name, three[:, 0] == three[:, 1]))
  ids = [given['id'] for result in results.values() for given in result['answers']]
  questions = {key: row for row, key in enumerate(zip(ids, together[:, 2], strict=True))}
  once = together[sorted(questions.values())]
  # Answers of several people to one question depend on each other, so they have no interval.
  has_interval = len(set(ids)) == len(ids)
  lines.append(_accuracy('all', together[:, 0] == together[:, 1], has_interval))
  one_answer = len(questions) == len(set(ids))
  lines.append(_accuracy('the model, on all these', once[:, 0] == once[:, 2], one_answer))
  lines += ['', '| class | answers | precision | recall | model: precision | recall |']
  lines.append('| --- ' * 6 + '|')
  pairs = (together[:, 0], together[:, 1]), (once[:, 0], once[:, 2])
  tables = [metrics.confusion_matrix(*pair, len(classes)) for pair in pairs]
  shares = [share for table in tables for share in metrics.precision_recall(table)]
  for number, name in enumerate(classes):
    n = tables[0][number].sum()
    cells = ['' if np.isnan(share[number]) else f'{100 * share[number]:.1f}' for share in shares]
    lines.append(f'| {cell(name)} | {n} | {" | ".join(cells)} |')
  return '\n'.join(lines)


def _one_of_each_session(results: dict[Path, dict]) -> dict[Path, dict]:
  """Of several files of one session only the one with the most answers, of these the last."""
  chosen: dict[object, Path] = {}
  for path, result in results.items():
    session = result.get('session')  # Files of earlier versions have none.
    key = session if isinstance(session, str) else path
    if key not in chosen or len(result['answers']) >= len(results[chosen[key]]['answers']):
      chosen[key] = path
  return {path: results[path] for path in chosen.values()}


def _accuracy(name: str, right: np.ndarray, has_interval: bool = True) -> str:
  correct, n = int(right.sum()), len(right)
  interval = metrics.percent_range(*metrics.wilson_interval(correct, n)) if has_interval else ''
  return f'| {cell(name)} | {correct} | {n} | {100 * correct / n:.2f} % | {interval} |'


def _address(picture: np.ndarray) -> str:
  """A picture as a data: address."""
  file = io.BytesIO()
  Image.fromarray(picture).save(file, 'PNG', optimize=True)
  return 'data:image/png;base64,' + base64.b64encode(file.getvalue()).decode()


def _result(path: Path) -> dict:
  result = read_json(path, _AGAIN)
  try:
    known = {question['id'] for question in result['questions']}
    right = (
      result['format'] == 1
      and result['answers']
      and all(isinstance(name, str) for name in result['classes'])
      and len(set(result['classes'])) == len(result['classes'])
      and len(known) == len(result['questions'])
      and all(each['id'] in known for each in result['answers'])
      and len({each['id'] for each in result['answers']}) == len(result['answers'])
      and all(each['answer'] in result['classes'] for each in result['answers'])
      and all({q['label'], q['model']} <= set(result['classes']) for q in result['questions'])
    )
  except (KeyError, TypeError):
    right = False
  if not right:
    raise UserError(f'{path}: no result with answers, or damaged; {_AGAIN}.')
  return result


def _triples(result: dict) -> np.ndarray:
  """True class, person's answer and model's answer for each question: int [answers, 3]."""
  place = {name: number for number, name in enumerate(result['classes'])}
  asked = {question['id']: question for question in result['questions']}
  triples = []
  for given in result['answers']:
    question = asked[given['id']]
    triples.append([place[n] for n in (question['label'], given['answer'], question['model'])])
  return np.array(triples)


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('human', __doc__)
  commands = parser.add_subparsers(required=True, dest='command')
  ask = commands.add_parser('prepare', help='make questions for the site')
  ask.add_argument('kind', choices=KINDS, help='what is asked')
  ask.add_argument(
    '--model',
    type=paths.expanded,
    help='homus or scores by default; or another one, as for omr_jax.predict',
  )
  ask.add_argument(
    '--count', type=int, default=100, help='number of questions, 100 by default; 0 for all'
  )
  ask.add_argument(
    '--seed',
    type=command_arguments.seed,
    default=0,
    help='of the random choice, %(default)s by default',
  )
  ask.add_argument(
    '--size', type=int, choices=(128, 256), default=128, help='of pictures of scores, in pixels'
  )
  ask.add_argument(
    '--site',
    type=paths.path,
    default=SITE,
    help='the folder of the site; %(default)s by default',
  )
  command_arguments.add_data_folders(ask)
  put = commands.add_parser('merge', help='print results beside those of the model')
  put.add_argument(
    'results', nargs='+', type=paths.path, metavar='RESULT', help='a file that was saved'
  )
  options = command_arguments.parse(parser, arguments)
  if options.command == 'prepare':
    return answered(lambda: _prepare(options))
  return answered(lambda: print(merge(options.results)))


def _prepare(options: argparse.Namespace) -> None:
  if options.count < 0:
    raise UserError('--count must not be negative.')
  if not (options.site / 'index.html').exists():
    raise UserError(f'{options.site}: holds no site; {HOW}.')
  model, data = options.model or KINDS[options.kind], command_arguments.data_folders(options)
  session = prepare(options.kind, model, options.count, options.seed, options.size, data)
  path = options.site / 'human' / f'{options.kind}.json'
  write_file(path, json.dumps(session).encode())
  print(f'{path}: {len(session["questions"])} questions; python -m omr_jax.web shows them.')


if __name__ == '__main__':
  sys.exit(main())
