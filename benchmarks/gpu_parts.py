"""The parts of `gpu.sh`, which `gpu.py` explains; each gives rows of the table."""

import contextlib
import importlib.util
import json
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from gpu_contenders import FORMS, operations, ours, pytorch
from measure import Contender, in_processes, turn

PRECISIONS = ('float32', 'bfloat16')


class Sizes(NamedTuple):
  """How much is measured.

  Attributes:
    batch: Examples in a step.
    steps: Training steps in one measurement.
    rounds: Turns of each contender.
    matrix: Side of the matrices of `peak`.
    members: Networks of the population.
    patience: Seconds that contenders have until they can be measured.
    flags: Further flags of the whole runs.
  """

  batch: int
  steps: int
  rounds: int
  matrix: int
  members: int
  patience: float
  flags: tuple[str, ...]


FULL = Sizes(64, 50, 3, 8192, 16, 140, ())
TINY = Sizes(
  *(2, 1, 1, 64, 2, 900),
  (
    *('--config.data.protocol=made_up', '--config.batch_size=512', '--config.epochs=1'),
    *('--config.model.widths=(4,8)', '--config.model.blocks=(1,1)'),
    *('--config.drawing.height=32', '--config.drawing.width=24'),
  ),
)


def peak(sizes: Sizes, out: Path) -> list[dict[str, Any]]:
  """Products of square matrices, by JAX's default precision for each type, ten in a call."""
  del out
  import jax

  count = 10

  @jax.jit
  def products(a: jax.Array) -> jax.Array:
    return jax.lax.fori_loop(0, count, lambda _, x: x @ a, a)

  rows = []
  for precision in PRECISIONS:
    matrix = jax.random.normal(jax.random.key(0), (sizes.matrix, sizes.matrix))
    matrix = (matrix / math.sqrt(sizes.matrix)).astype(precision)  # Keeps the size of products.
    taken = turn(lambda matrix=matrix: products(matrix).block_until_ready(), 3 * sizes.rounds)
    seconds = statistics.median(taken) / 1e3 / count
    rate = 2 * sizes.matrix**3 / seconds
    rows.append(
      {
        'what': f'product of matrices of {sizes.matrix}, {precision}',
        'by': 'JAX',
        'ms': f'{1e3 * seconds:.2f}',
        'note': f'{rate / 1e12:.3g} TFLOP/s' + ' in TF32' * _is_tf32(precision),
        'rate': rate,
      }
    )
  return rows


def _is_tf32(precision: str) -> bool:
  """Whether products of float32 round their factors: TF32 has 10 bits behind the point."""
  import jax.numpy as jnp

  factor = jnp.full((256, 256), 1 + 2**-15, precision)
  return precision == 'float32' and float((factor @ factor)[0, 0]) == 256


def steps(network: str, sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """Training steps of a network without augmentation, by all contenders in both precisions."""
  rates, flop = _peak_rates(sizes, out), operations(network, sizes.batch)
  on_card, has_torch = has_card(), bool(importlib.util.find_spec('torch'))
  forms = (FORMS if on_card else FORMS[:2]) if has_torch else ()
  contenders: dict[tuple[str, str], Callable[[], Contender]] = {}
  for precision in PRECISIONS:
    what = network, precision, sizes.batch, sizes.steps
    contenders[precision, 'omr_jax'] = partial(ours, *what)
    for form in forms:
      contenders[precision, f'PyTorch, {form}'] = partial(pytorch, *what, form, on_card)
  with tempfile.TemporaryDirectory() as folder, environment(TORCHINDUCTOR_CACHE_DIR=folder):
    times, found = in_processes(contenders, sizes.rounds, sizes.patience)
  rows = []
  for (precision, by), taken in times.items():
    row = {'what': f'step of {network}, {sizes.batch}, {precision}', 'by': by}
    row |= _numbers(found[precision, by], taken.get('steps'), sizes.steps, sizes.batch)
    if 'ms' in row:
      share = flop / (float(row['ms']) / 1e3) / rates[precision]
      row['share of peak'] = f'{100 * share:.2g} %'
      row['note'] = _other_loss(found[precision, by], found[precision, 'omr_jax'])
    rows.append(row)
  return rows if has_torch else [*rows, {'what': f'step of {network}', 'note': 'no PyTorch here'}]


def _numbers(result: Any, taken: list[float] | None, count: int, images: int) -> dict[str, str]:
  """Cells of a row, from the milliseconds of `count` steps with so many images each."""
  if not taken:
    return {'note': f'failed: {result}'[:200].replace('\n', ' ').replace('|', '/')}
  milliseconds = float(np.median(taken)) / count
  return {
    'ms': f'{milliseconds:.3f}',
    'images/s': f'{1e3 * images / milliseconds:.0f}',
    'compiles in, s': f'{result["compile"]:.0f}',
  }


def _other_loss(result: Mapping[str, float], reference: Any) -> str:
  """A warning where the loss of the first step is not that of omr_jax."""
  if isinstance(reference, Exception):
    return ''
  loss, expected = result['loss'], reference['loss']
  is_other = abs(loss - expected) > 0.02 * abs(expected)
  return f'another loss! {loss:.4f} instead of {expected:.4f}' * is_other


def accuracy(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """`time_to_accuracy.py` on `homus.py`, with an empty cache."""
  del out
  import time_to_accuracy

  with _as_first_run():
    _, found, total, training = time_to_accuracy.measured(list(sizes.flags))
  each = ', '.join(f'{accuracy:.2f}' for accuracy in found)
  note = (
    f'{training:.0f} s from the first step, {total:.0f} s from process start; mean '
    f'{statistics.mean(found):.2f} %: {each}'
  )
  return [{'what': 'five seeds of homus as a population', 'by': 'omr_jax', 'note': note}]


def compile_(sizes: Sizes, out: Path) -> Iterator[dict[str, str]]:
  """`pace.py` on `homus_best.py` and made-up symbols, with an empty cache and then a full one."""
  del out
  import pace

  flags = ['--config=homus_best', '--config.data.protocol=made_up', *sizes.flags]
  # No flag may be given twice, and `pace.py` gives the number of epochs.
  flags = [flag for flag in dict.fromkeys(flags) if not flag.startswith('--config.epochs')]
  with _as_first_run(), environment(OMR_RAW_DIR=None):  # Made-up symbols need no folder.
    for cache in ('empty', 'full'):
      _, _, batch, images, delay = pace.measured(flags)
      yield {
        'what': f'homus_best, {batch}, cache {cache}',
        'by': 'omr_jax',
        'ms': f'{1e3 * batch / images:.2f}',
        'images/s': f'{images:.0f}',
        'compiles in, s': f'{delay:.0f}',
      }


def population(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """The everyday network: all members as one program, and one member as often as there are."""
  del out
  network = 'preact_resnet11'
  what = network, 'float32', sizes.batch, sizes.steps
  contenders = {'all': partial(ours, *what, sizes.members), 'one': partial(ours, *what)}
  times, found = in_processes(contenders, sizes.rounds, sizes.patience)
  rows = []
  for name, how, turns in (('all', 'as one program', 1), ('one', 'in turn', sizes.members)):
    row = {
      'what': f'step of {sizes.members} {network}, {sizes.batch}, float32',
      'by': f'{sizes.members} {how}',
    }
    taken = [turns * milliseconds for milliseconds in times[name].get('steps', ())]
    rows.append(row | _numbers(found[name], taken, sizes.steps, sizes.members * sizes.batch))
  return rows


def has_card() -> bool:
  """Whether JAX computes on a card."""
  import jax

  return jax.default_backend() != 'cpu'


def _peak_rates(sizes: Sizes, out: Path) -> dict[str, float]:
  """Operations a second by precision, from the part `peak`, which is measured now if need be."""
  path = out / 'peak.json'
  rows = json.loads(path.read_text())['rows'] if path.exists() else peak(sizes, out)
  return {precision: row['rate'] for precision, row in zip(PRECISIONS, rows, strict=True)}


@contextlib.contextmanager
def _as_first_run() -> Iterator[None]:
  """As when a user first starts a run: nothing is cached, and the card's memory is its own."""
  with (
    tempfile.TemporaryDirectory() as folder,
    environment(OMR_CACHE_DIR=folder, XLA_PYTHON_CLIENT_PREALLOCATE=None),
  ):
    yield


@contextlib.contextmanager
def environment(**variables: str | None) -> Iterator[None]:
  """Sets variables of the environment, or removes them if None, until the context is left."""
  with mock.patch.dict(os.environ):
    for name, value in variables.items():
      os.environ.pop(name, None)
      if value is not None:
        os.environ[name] = value
    yield


PARTS = {
  'peak': peak,
  **{name: partial(steps, name) for name in ('preact_resnet11', 'resnet25', 'vgg13')},
  'accuracy': accuracy,
  'compile': compile_,
  'population': population,
}
