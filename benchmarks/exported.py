"""Compares the exported forms of a run on symbols with JAX: images/s, latency, test accuracy.

pip install -e '.[export]'
python benchmarks/exported.py --model runs/homus
"""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from measure import (
  Contender,
  in_processes,
  parser_of,
  random_inputs,
  spread,
  surroundings,
  table,
)

from omr_jax.predict import model_json, onnx_session
from omr_jax.predict.prepare import Inputs
from omr_jax.tasks.classifiers.outputs import PROBABILITIES
from omr_jax.utils import paths

BATCHES = (1, 64)
WEIGHTS = 'weights.safetensors'  # A form that only holds weights and cannot be called.


def main() -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  parser.add_argument('--model', required=True, help='workdir of a finished run on symbols')
  parser.add_argument('--raw_dir', help='folder of raw data, as for omr_jax.main')
  parser.add_argument('--data_dir', help='folder of prepared data, as for omr_jax.main')
  options = parser.parse_args()
  from omr_jax.export.__main__ import export

  with tempfile.TemporaryDirectory() as temporary:
    out = Path(temporary) / 'model'
    data = paths.data_dir(options.data_dir), options.raw_dir
    files = export(options.model, out, data)['files']
    contenders = {'JAX': partial(by_jax, options.model)}
    contenders |= {name: partial(by_file, out / name) for name in files if name != WEIGHTS}
    taken, _ = in_processes(contenders, rounds=10)
  print(f'{options.model}; {surroundings()}\n')
  rows = []
  for name, calls in taken.items():
    times = [spread(calls[str(batch)]) for batch in BATCHES]
    pace = f'{1e3 * BATCHES[-1] / np.median(calls[str(BATCHES[-1])]):.0f}'
    rows.append([name, *times, pace, *_test(files.get(name))])
  rows.append([WEIGHTS, '', '', '', *_test(files[WEIGHTS])])
  latencies = [f'ms for {batch}' for batch in BATCHES]
  print(table(['', *latencies, 'images/s', 'test', 'difference from JAX'], rows))


def _test(facts: dict | None) -> list[str]:
  """The cells about the test split, empty for JAX itself."""
  if facts is None:
    return ['', '']
  return [
    f'{facts["test"]["correct"]} of {facts["test"]["n"]}',
    f'{facts["largest_difference"]:.1e}, {facts["other_answers"]} other answers',
  ]


def by_jax(run: str) -> Contender:
  """The run's network, compiled by JAX."""
  from omr_jax.predict import from_run
  from omr_jax.training import backend

  backend.start()
  network = from_run.exact(run)
  about = from_run.describe(network, run)
  by_name = from_run.by_jax(network, about)
  return _calls(lambda inputs: by_name(inputs)[PROBABILITIES], about)


def by_file(path: Path) -> Contender:
  """The network in one of its exported forms."""
  about = model_json.read(path.parent)
  if path.suffix == '.onnx':
    model = onnx_session.open_model(path, about)
    return _calls(lambda inputs: model(inputs)[PROBABILITIES], about)
  import jax

  return _calls(jax.jit(jax.export.deserialize(path.read_bytes()).call), about)


def _calls(function, about: model_json.Described) -> Contender:
  def call(inputs: Inputs) -> np.ndarray:
    return np.asarray(function(inputs))

  return {str(count): partial(call, random_inputs(about, count)) for count in BATCHES}, None


if __name__ == '__main__':
  main()
