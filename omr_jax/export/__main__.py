"""Writes a finished run as files that other programs load.

  python -m omr_jax.export --model runs/homus --out models/homus

The folder gets model.onnx (float32), model_int8.onnx, model.jax (jax.export), weights.safetensors,
and two descriptions of the model: model.json for programs, with all that they need to use it, and
README.md, the model card, for people. Each file is compared with JAX on the same inputs and tested
on the test split of the run. This needs the data of the training: --without_data skips the test,
and writes no int8 file that computes in 8 bits. The command needs the extra [export].

What no run knows is said by --about FILE, in TOML: the model's licence, use and limits, what each
source of its training data is, and figures of further tests. For example

  licence = 'CC BY-NC-SA 4.0'
  limits = ['Scans alone.']
  figures = [{ on = 'scans of another library', correct = 97, n = 100 }]

  [[training_data]]
  source = 'scores/scans'       # A folder of the pictures; the export counts them.
  what = 'pages of the town library'
  licence = 'public domain'
"""

import argparse
import contextlib
import hashlib
import json
import math
import os
import platform
import sys
from collections.abc import Collection, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from omr_jax.errors import UserError
from omr_jax.export import about_file, card
from omr_jax.predict import model_json
from omr_jax.predict.model_json import Described
from omr_jax.predict.onnx_session import INT8, MODEL
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import extras, paths, progress
from omr_jax.utils.ending import answered
from omr_jax.utils.files import TEMPORARY, write_files
from omr_jax.utils.revision import VERSION, revision

if TYPE_CHECKING:
  from omr_jax.data.dataset import Split, Splits
  from omr_jax.export.forms import Form
  from omr_jax.predict.models import Run

FORMS = (MODEL, INT8, 'model.jax', 'weights.safetensors')
TFLITE = 'model.tflite'
_LIBRARIES = ('jax', 'flax', 'numpy', 'onnx', 'onnxruntime', 'safetensors', 'tensorflow')
# Forms in float32, whose outputs must be close to those of JAX. Other forms must only give the same
# answers: weights.safetensors is in half precision.
_EXACT = (MODEL, 'model.jax', TFLITE)


def export(
  model: str,
  out: Path,
  data: tuple[Path, str | None] | None,
  names: Collection[str] | None = None,
  about: Path | None = None,
) -> dict:
  """Writes the files of a finished run into a folder, all or none.

  Args:
    model: Workdir of a finished run.
    out: The folder: a new one, or that of an earlier export, whose files are replaced.
    data: Folders of prepared and raw data; None skips the test.
    names: The forms, of FORMS or TFLITE; None for all that are usual for the task and that can be
      made: an int8 form that computes in 8 bits needs `data`.
    about: The path of a file for --about, or None.

  Returns:
    The content of `model.json`.

  Raises:
    UserError: The run is not finished, its data is not there, `about` is no such file, the folder
      can't be written, or a form gives other answers than the network.
  """
  import jax

  from omr_jax.training import backend

  told = about_file.read(about)
  backend.start()
  earlier = out.is_dir() and ((out / model_json.FILE).exists() or not _holds_files(out))
  if out.exists() and not earlier:
    raise UserError(f'{out}: holds something else; choose another folder with --out.')
  # By default GPUs and TPUs multiply with less precision than float32; exported forms do not.
  with jax.default_matmul_precision('float32'), jax.enable_x64(False):
    described, files, entries = _forms(model, data, names, told)
  facts = {'exported_by': _versions(), 'files': entries}
  content = model_json.to_json(described._replace(facts={**described.facts, **facts}))
  texts = {
    model_json.FILE: json.dumps(content, indent=1) + '\n',
    card.FILE: card.card(content, os.path.basename(os.path.realpath(out))),
  }
  written = files | {name: text.encode() for name, text in texts.items()}
  write_files(out, written, gone=(*FORMS, TFLITE))
  return content


def _holds_files(folder: Path) -> bool:
  """Whether a folder holds more than what an export that was killed has left."""
  return any(not path.name.startswith(TEMPORARY) for path in folder.iterdir())


def _versions() -> dict[str, str]:
  """The versions of what writes the folder: this package, Python, and the libraries."""
  found = {'omr_jax': VERSION, 'revision': revision(), 'python': platform.python_version()}
  for name in _LIBRARIES:
    with contextlib.suppress(metadata.PackageNotFoundError):
      found[name] = metadata.version(name)
  return found


def _forms(
  model: str,
  data: tuple[Path, str | None] | None,
  names: Collection[str] | None,
  told: Mapping[str, Any],
) -> tuple[Described, dict[str, bytes], dict[str, dict]]:
  """Makes the forms.

  Returns:
    The description of the network, the content of each file by its name, and the entry of each file
    in `model.json` by the file's name.
  """
  from omr_jax.export import examples, forms
  from omr_jax.predict import from_run

  network = from_run.exact(model)
  about = from_run.describe(network, model)
  of_task = about.task.examples
  needs_data = {INT8} if data is None and of_task.COMPUTES_IN_INT8 else set()
  if names is None:
    chosen = [name for name in of_task.FORMS if name not in (TFLITE, *needs_data)]
  else:
    chosen = list(names)
    _refuse_forms(about, chosen)
    if needs_data & set(chosen):
      raise UserError(f'{INT8}: making it needs the data; leave out --without_data, or this form.')
  splits: Splits = (
    {'test': of_task.made_up(about.picture, about.reads)}
    if data is None
    else examples.of_run(network, about, model, data)
  )
  told = about_file.facts(about, told, None if data is None else splits['train'])
  about = about._replace(facts={**about.facts, **told})
  splits = of_task.of_splits(splits)
  by_jax = from_run.by_jax(network, about)
  files, entries = {}, {}
  for name in tqdm(chosen, unit='form', leave=False, **progress.size(), disable=None):
    form = forms.make(name, network, about, splits)
    files[name], entries[name] = form.content, _entry(form, splits['test'], about, by_jax)
    _refuse_different(name, entries[name], of_task.MOST_OFF)
  return about, files, entries


def _refuse_forms(about: Described, names: Collection[str]) -> None:
  """Raises UserError for a form in which networks of this task are not exported."""
  known = about.task.examples.FORMS
  for name in names:
    if name not in known:
      raise UserError(
        f'{name}: networks for {about.task.name} are not exported in this form; choose from '
        f'{", ".join(known)}.'
      )


def _refuse_different(name: str, entry: Mapping[str, Any], most_off: float) -> None:
  """Raises UserError if a form differs from the network. Only the int8 form may, but not by NaN.

  A form in float32 may give another answer where two answers are equally near.
  """
  off, other = entry['largest_difference'], entry['other_answers']
  is_wrong = not off <= most_off if name in _EXACT else other
  if math.isnan(off) or (name != INT8 and is_wrong):
    raise UserError(
      f'{name}: off by {off:.1e}, {other} other answers; this is a bug, please report it.'
    )


def _entry(form: 'Form', test: 'Split', about: Described, by_jax: 'Run') -> dict:
  """The entry of a file in `model.json`: size, checksum, differences from JAX, result in the test.

  Args:
    form: The form in the file.
    test: The test split.
    about: The description of the network.
    by_jax: The network: from inputs to outputs by name.
  """
  from omr_jax.evaluation import metrics
  from omr_jax.export import examples

  off, other, given = 0.0, 0, []
  pairs = (examples.outputs(function, test, about) for function in (form.run, by_jax))
  for (found, answers), (expected, right) in zip(*pairs, strict=True):
    offs = [examples.difference(array, expected[name]) for name, array in found.items()]
    off = float(np.max([off, *offs]))  # NaN if one is.
    other += int((answers != right).sum())
    given.append(answers)
  entry = {
    'bytes': len(form.content),
    'sha256': hashlib.sha256(form.content).hexdigest(),
    'largest_difference': off,
    'other_answers': other,
  }
  answers = np.concatenate(given)
  if 'label' in test:
    correct, n = int((answers == test['label']).sum()), len(answers)
    entry['test'] = {'correct': correct, 'n': n, 'interval': metrics.wilson_interval(correct, n)}
  return entry


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('export', __doc__)
  parser.add_argument(
    '--model', required=True, type=paths.expanded, help='the workdir of a finished run'
  )
  parser.add_argument('--out', required=True, type=paths.path, help='the folder to write')
  command_arguments.add_data_folders(parser)
  parser.add_argument(
    '--without_data',
    action='store_true',
    help='skip the test, and an int8 file that computes in 8 bits',
  )
  parser.add_argument(
    '--forms',
    nargs='+',
    choices=(*FORMS, TFLITE),
    help='all that networks of the task have, but model.tflite, by default',
  )
  parser.add_argument(
    '--about',
    metavar='FILE',
    type=paths.path,
    help='licence, limits, training data and more, in TOML, as above',
  )
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
  data = None if options.without_data else command_arguments.data_folders(options)
  with extras.needed('export'):
    content = export(options.model, options.out, data, options.forms, options.about)
  for name, entry in content['files'].items():
    line = f'{name:20} {entry["bytes"] / 1e6:6.2f} MB, off by {entry["largest_difference"]:.1e}'
    if 'test' in entry:
      correct, n = entry['test']['correct'], entry['test']['n']
      line += f', test {100 * correct / n:.2f} % ({correct} of {n})'
    print(line)
  print(f'{options.out / model_json.FILE}, {options.out / card.FILE}')


if __name__ == '__main__':
  sys.exit(main())
