"""Teaches an exported model for symbols to say that strokes are no symbol that it knows.

  python -m omr_jax.open_set --model models/homus_strokes

The ONNX files of the folder get a further output, `unknown`, from which answers have their field
`unknown`; classes and probabilities stay as they are. The output is learned from the training
symbols of the model's data, in several sizes, and from letters, signs and scribbles that code
draws, so that about one in a hundred validation symbols is called unknown. The command prints how
many test symbols are called unknown, and how many strokes of kinds that were not learned. It needs
the extra [export].
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from omr_jax.errors import UserError
from omr_jax.predict import model_json
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.synthetic import foreign_strokes
from omr_jax.synthetic.foreign_strokes import Kind, Strokes
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import extras, paths, progress
from omr_jax.utils.ending import answered
from omr_jax.utils.files import read_bytes, write_files

LOST = 0.01  # The share of validation symbols that may be called unknown.
# Factors of the sizes of training symbols: people write smaller and larger than on the tablet.
_SIZES = (0.3, 2.2)
# How many drawings are made: of each kind to learn, without a kind, and of each kind to measure.
_PER_KIND, _INVENTED, _MEASURED = 60, 10_000, 30
_SHARES = {'kinds': 2 / 3, 'invented': 1 / 3}  # Of the foreign strokes that are learned.
_BATCH = 64
# Facts of a model that its card needs; folders of format 1 may lack them.
_WANTED = 'files', 'limits', 'use', 'licence', 'training_data', 'run', 'exported_by'

Counts = Mapping[str, tuple[int, int]]


def teach(folder: Path, data_folders: tuple[Path, str | None], seed: int) -> dict[str, Counts]:
  """Adds the output to each ONNX file of a folder, and what was measured to its `model.json`.

  Args:
    folder: An exported model.
    data_folders: The folders of prepared and of raw data.
    seed: Of all random numbers.

  Returns:
    For each file, by the name of a group of examples, how many of them were called unknown, and how
    many there are.

  Raises:
    UserError: It is no model of symbols that reads strokes, or its data is not there.
  """
  model = model_json.read(folder)
  if model.task.name != 'symbols' or not model.picture.thinned:
    raise UserError(f'{folder}: knows no symbols by their strokes; give a model that does.')
  lacking = [key for key in _WANTED if key not in model.facts]
  if lacking or not isinstance(model.facts['exported_by'], Mapping):
    raise UserError(
      f'{folder}: of an earlier version, without {", ".join(lacking) or "versions"}; export the '
      'run again.'
    )
  names = [name for name in model.facts['files'] if name.endswith('.onnx')]
  if not names:
    raise UserError(f'{folder}: has no ONNX file; export the run with one.')
  examples = _examples(model, data_folders, np.random.default_rng(seed))
  found: dict[str, Counts] = {}
  files: dict[str, bytes] = {}
  for name in names:
    files[name], found[name] = _taught(read_bytes(folder / name), examples, seed)
  write(folder, model, files, found)
  return found


def write(
  folder: Path, model: Described, files: Mapping[str, bytes], found: Mapping[str, Counts]
) -> None:
  """Writes the new ONNX files and what was measured into the folder, all or none.

  Args:
    folder: An exported model.
    model: Its description.
    files: The content of each file by its name.
    found: As `teach` returns it.
  """
  from omr_jax.export import card

  content = json.loads(read_bytes(folder / model_json.FILE))
  content['output'] = {
    name: list(shape) for name, shape in model.task.inputs.outputs(None, model.classes).items()
  }
  for name in files:
    content['files'][name] |= {
      'bytes': len(files[name]),
      'sha256': hashlib.sha256(files[name]).hexdigest(),
      'unknown': {what: {'unknown': some, 'n': n} for what, (some, n) in found[name].items()},
    }
  texts = {
    model_json.FILE: json.dumps(content, indent=1) + '\n',
    card.FILE: card.card(content, os.path.basename(os.path.realpath(folder))),
  }
  write_files(folder, dict(files) | {name: text.encode() for name, text in texts.items()})


def _examples(
  model: Described, data_folders: tuple[Path, str | None], rng: np.random.Generator
) -> dict[str, Inputs]:
  """The network's inputs by what they are: true symbols, and foreign strokes."""
  from omr_jax.tasks.symbols import data

  chosen = model.facts['config']['data']
  found_data = data.load(
    chosen['protocol'], model.picture, *data_folders, allow_changed=chosen['allow_changed']
  )
  if found_data.digest != model.facts['run']['data_digest']:
    remedy = 'name its folder with --raw_dir'
    if chosen['protocol'] == 'made_up':
      remedy = 'the program makes up other symbols now, so train and export it again'
    raise UserError(f'the model was trained on other data than that found here; {remedy}.')
  splits = found_data.splits
  names = 'points', 'stroke', *model.reads
  train = {name: np.asarray(splits['train'][name]) for name in names}
  smallest, largest = np.log(_SIZES)
  sizes = np.exp(rng.uniform(smallest, largest, len(train['points'])))
  pairs = zip(train['points'], train['stroke'], sizes, strict=True)
  again = ((size * p[k >= 0], k[k >= 0]) for p, k, size in pairs)
  resized = _inputs(model, again, len(sizes), 'training symbols in several sizes')
  found: dict[str, Inputs] = {}
  found['true'] = {n: np.concatenate([train[n], resized[n]]) for n in model.reads}
  for split in ('validation', 'test'):
    found[split] = {name: np.asarray(splits[split][name]) for name in model.reads}
  found['kinds'] = _drawn(model, 'kinds to learn', foreign_strokes.TO_LEARN, _PER_KIND, rng)
  invented = (foreign_strokes.invented(rng) for _ in range(_INVENTED))
  found['invented'] = _inputs(model, map(_joined, invented), _INVENTED, 'strokes without a kind')
  for group in dict.fromkeys(kind.group for kind in foreign_strokes.TO_MEASURE):
    kinds = [kind for kind in foreign_strokes.TO_MEASURE if kind.group == group]
    found[f'measured: {group}'] = _drawn(model, group, kinds, _MEASURED, rng)
  return found


def _drawn(model: Described, what: str, kinds: Collection[Kind], count: int, rng) -> Inputs:
  drawn = (foreign_strokes.written(kind, rng) for kind in kinds for _ in range(count))
  return _inputs(model, map(_joined, drawn), len(kinds) * count, what)


def _joined(strokes: Strokes) -> tuple[np.ndarray, np.ndarray]:
  numbers = np.arange(len(strokes))
  return np.concatenate(strokes), np.repeat(numbers, [len(each) for each in strokes])


def _inputs(
  model: Described, symbols: Iterable[tuple[np.ndarray, np.ndarray]], count: int, what: str
) -> Inputs:
  """The inputs of the network for so many symbols. A progress bar says what they are."""
  rule = model.picture, model.reads
  some = progress.shown(symbols, what, 'symbol', count)
  made = [model.task.inputs.of_strokes(*each, *rule) for each in some]
  return {name: np.stack([each[name] for each in made]) for name in model.reads}


def _taught(content: bytes, examples: Mapping[str, Inputs], seed: int) -> tuple[bytes, Counts]:
  """An ONNX file with the output, and what is called unknown by it."""
  from omr_jax.export import open_set

  session = onnxruntime.InferenceSession(
    open_set.with_features(content), providers=['CPUExecutionProvider']
  )
  features = {name: _features(session, inputs, name) for name, inputs in examples.items()}
  foreign = [(share, features[name]) for name, share in _SHARES.items()]
  head = open_set.fit(features['true'], foreign, seed)
  head = head.moved(open_set.threshold(head.log_odds(features['validation']), LOST))
  counts: dict[str, tuple[int, int]] = {}
  for name, each in features.items():
    if name == 'test' or name.startswith('measured'):
      counts[name] = int((head.log_odds(each) > 0).sum()), len(each)
  return open_set.with_unknown(content, head), counts


def _features(session: onnxruntime.InferenceSession, inputs: Inputs, what: str) -> np.ndarray:
  """The features of examples by a model with that output, float32 [examples, features]."""
  from omr_jax.export import open_set

  count, found = len(next(iter(inputs.values()))), []
  for first in progress.shown(range(0, count, _BATCH), f'features: {what}', 'group'):
    batch = {name: array[first : first + _BATCH] for name, array in inputs.items()}
    found += session.run([open_set.FEATURES], batch)
  return np.concatenate(found)


def table(found: Mapping[str, Counts]) -> str:
  """How many were called unknown, for a terminal."""
  lines = []
  for file, counts in found.items():
    foreign = [count for what, count in counts.items() if what.startswith('measured')]
    rows: dict[str, Any] = {**counts, 'measured: all': tuple(map(sum, zip(*foreign, strict=True)))}
    lines.append(file)
    for what, (some, n) in rows.items():
      lines.append(f'  {what:20} {some:5} of {n:5}  {100 * some / n:6.2f} %')
  return '\n'.join(lines)


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('open_set', __doc__)
  parser.add_argument(
    '--model', required=True, type=paths.path, metavar='FOLDER', help='an exported folder'
  )
  parser.add_argument(
    '--seed',
    type=command_arguments.seed,
    default=0,
    help='of all random numbers, %(default)s by default',
  )
  command_arguments.add_data_folders(parser)
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
  with extras.needed('export'):
    found = teach(options.model, command_arguments.data_folders(options), options.seed)
  print(table(found))


if __name__ == '__main__':
  sys.exit(main())
