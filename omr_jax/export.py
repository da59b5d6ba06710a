"""A finished run as files that other programs load.

  python -m omr_jax.export --model runs/homus --out models/homus

writes model.onnx (float32), model_int8.onnx, model.jax (jax.export), weights.safetensors, and
model.json: how a picture is prepared, classes, threshold, accuracy, where it all comes from. Every
form is held to JAX on the same inputs and then answers the run's test. The data is read as in
training; --without_data leaves the test and the int8 form out. Needs the extra [export].
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from omr_jax import described, folders, pictures, prepare
from omr_jax.described import Described
from omr_jax.errors import UserError, answered
from omr_jax.prepare import Inputs
from omr_jax.revision import revision

if TYPE_CHECKING:
  from omr_jax.forms import Form

# Of the probabilities, between a form and JAX. Half precision and 8 bits are held to the test.
_MOST = 1e-4
_BATCH = 16
_CALIBRATION = 256  # Examples that show an int8 form how large activations get.
_LICENCES = {
  'symbols': 'Trained on HOMUS, which is free for research (Calvo-Zaragoza and Oncina, 2014).',
  'scores': 'Trained on pictures under licences of their own; ask whoever trained it.',
}


def export(model: str, out: Path, data: tuple[Path, str | None] | None) -> dict:
  """Writes the folder, whole or not at all.

  Args:
    model: Workdir of a finished run.
    out: The folder, new or an export that is replaced.
    data: Folders of prepared and raw data, or None to do without.

  Returns:
    The content of `model.json`.

  Raises:
    UserError: No finished run, no such data, no place to write, or a form that isn't the network.
  """
  from omr_jax import backend, forms, run_model

  backend.start()
  if out.exists() and not (out.is_dir() and ((out / described.FILE).exists() or _is_empty(out))):
    raise UserError(f'{out}: holds something else; choose another folder with --out.')
  network, about = run_model.exact(model), run_model.describe(model)
  asked = _made_up(about) if data is None else _splits(network, about, model, data)
  temperature, shapes = about.facts['temperature'], _shapes(asked['test'], about)
  wanted = _run(run_model.by_jax(network, temperature), asked['test'], about)
  whole = forms.onnx_form(network, temperature, shapes)
  made = {'model.onnx': whole, 'model.jax': forms.jax_form(network, temperature, shapes)}
  said = {name: _told(form, asked, about, wanted) for name, form in made.items()}
  for name, told in said.items():
    if told['largest_difference'] > _MOST or told['other_answers']:
      off = told['largest_difference']
      raise UserError(f'{name}: its probabilities are {off:.1e} off; this is a bug, please report.')
  for dtype in ('float16', 'float32'):
    form = forms.weights_form(network, temperature, dtype)
    made['weights.safetensors'], told = form, _told(form, asked, about, wanted)
    said['weights.safetensors'] = {'dtype': dtype, **told}
    if not told['other_answers']:
      break
  if data is not None:
    examples = _batches(asked['validation'], about, _CALIBRATION)
    made['model_int8.onnx'] = form = forms.int8_form(whole, examples)
    said['model_int8.onnx'] = _told(form, asked, about, wanted)
  facts = {'licence': _LICENCES[about.task], 'exported_by': revision(), 'files': said}
  content = described.to_json(about._replace(facts=about.facts | facts))
  files = {name: form.content for name, form in made.items()}
  _write(out, files | {described.FILE: (json.dumps(content, indent=1) + '\n').encode()})
  return content


def _made_up(about: Described) -> dict[str, Inputs]:
  """Examples that code has drawn, as a `test` without labels."""
  from omr_jax import probes, symbol_picture
  from tfds_builders.homus import made_up

  if about.task == 'scores':
    pictures = (Image.fromarray(probe.picture) for probe in probes.probes(instances=1))
    colour = about.rule.colour
    found = [prepare.inputs(p if colour else p.convert('L'), about.rule) for p in pictures]
  else:
    files = made_up.files(writers=2).items()
    drawn = [symbol_picture.of_strokes(content, name, about.rule) for name, content in files]
    found = [dict(zip(('image', 'size'), each, strict=True)) for each in drawn]
  return {'test': {name: np.stack([each[name] for each in found]) for name in about.reads}}


def _splits(network, about: Described, model: str, data: tuple) -> dict[str, Inputs]:
  """The data of the run, as it was."""
  dataset = network.parts.load(*data)
  if dataset.digest != about.facts['run']['data_digest']:
    raise UserError(f'{model}: was trained on other data than this; give its --raw_dir.')
  return dataset.splits


def _batches(split: Inputs, about: Described, most: int | None = None) -> Iterator[Inputs]:
  """What the network reads of a split, evenly chosen where it is too much."""
  count = len(split[about.reads[0]])
  rows = np.unique(np.linspace(0, count - 1, min(count, most or count)).astype(int))
  for first in range(0, len(rows), _BATCH):
    chosen = rows[first : first + _BATCH]
    yield {name: _as_given(split[name][chosen], name, about) for name in about.reads}


def _as_given(array: np.ndarray, name: str, about: Described) -> np.ndarray:
  """Training keeps colours; a network that is blind to them is given brightness."""
  if name != 'views' or about.rule.colour or array.shape[-1] == 1:
    return array
  return np.rint(array @ np.array(pictures.BRIGHTNESS))[..., None].astype(np.uint8)


def _shapes(split: Inputs, about: Described) -> dict:
  import jax

  batch = next(_batches(split, about))
  return {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in batch.items()}


def _run(function: Callable[[Inputs], np.ndarray], split: Inputs, about: Described) -> np.ndarray:
  return np.concatenate([np.asarray(function(batch)) for batch in _batches(split, about)])


def _told(form: 'Form', asked: Mapping[str, Inputs], about: Described, wanted: np.ndarray) -> dict:
  """What `model.json` says of a file: how it compares with JAX, and how it does in the test."""
  from omr_jax import evaluate

  found = _run(form.run, asked['test'], about)
  answers = described.decide(about, found)
  told = {
    'bytes': len(form.content),
    'sha256': hashlib.sha256(form.content).hexdigest(),
    'largest_difference': float(np.abs(found - wanted).max()),
    'other_answers': int((answers != described.decide(about, wanted)).sum()),
  }
  if 'label' in asked['test']:
    correct, n = int((answers == asked['test']['label']).sum()), len(answers)
    told['test'] = {'correct': correct, 'n': n, 'interval': evaluate.wilson_interval(correct, n)}
  return told


def _write(out: Path, files: Mapping[str, bytes]) -> None:
  """The folder appears, or is replaced, when all is in it."""
  try:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f'.{out.name}.') as temporary:
      new, old = Path(temporary) / 'new', Path(temporary) / 'old'
      new.mkdir()
      for name, content in files.items():
        (new / name).write_bytes(content)
      if out.exists():
        out.rename(old)
      new.rename(out)
  except OSError as error:
    raise UserError(
      f'{out}: cannot be written ({error.strerror}); make room, or choose another --out.'
    ) from error


def _is_empty(folder: Path) -> bool:
  return not any(folder.iterdir())


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.export',
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument('--model', required=True, help='workdir of a finished run')
  parser.add_argument('--out', required=True, type=Path, help='folder to write')
  parser.add_argument('--raw_dir', help='folder with the raw data; $OMR_RAW_DIR by default')
  parser.add_argument('--data_dir', help='folder of prepared data, as of omr_jax.main')
  parser.add_argument('--without_data', action='store_true', help='no test, no int8 form')
  options = parser.parse_args(arguments)
  return answered(lambda: _say(options))


def _say(options: argparse.Namespace) -> None:
  data = None
  if not options.without_data:
    data = folders.data_dir(options.data_dir), options.raw_dir
  content = export(options.model, options.out, data)
  for name, told in content['files'].items():
    line = f'{name:20} {told["bytes"] / 1e6:6.2f} MB, off by {told["largest_difference"]:.1e}'
    if 'test' in told:
      correct, n = told['test']['correct'], told['test']['n']
      line += f', test {100 * correct / n:.2f} % ({correct} of {n})'
    print(line)
  print(f'{options.out / described.FILE}')


if __name__ == '__main__':
  sys.exit(main())
