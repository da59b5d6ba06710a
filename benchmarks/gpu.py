"""The parts of `gpu.sh`; each writes its rows of the table as a JSON file, unless that is there.

  python benchmarks/gpu.py PART --out FOLDER [--tiny]   # one of the parts below, or table

  peak        products of two large matrices: what is called the card's peak here
  steps       training steps of three networks, float32 and bfloat16, beside compiled PyTorch
  accuracy    five seeds of a recipe as a population, from process start and from the first step
  compile     homus_best with an empty cache: a step, and the seconds until the first one
  population  16 networks as one program, beside 16 times one network

--tiny makes everything so small that a CPU does it in seconds, to see that nothing is amiss.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import train_step
from measure import Contender, in_processes, surroundings, table

from omr_jax.utils.files import write_file

COLUMNS = ('what', 'by', 'ms', 'images/s', 'share of peak', 'compiles in, s', 'note')
PRECISIONS = ('float32', 'bfloat16')


class Sizes(NamedTuple):
  """How much is measured.

  Attributes:
    networks: Those of the steps, with the batch of each.
    steps: Training steps in one measurement.
    rounds: Turns of each contender.
    matrix: Side of the matrices of `peak`.
    members: Networks of the population.
    flags: Further flags of the whole runs.
  """

  networks: dict[str, int]
  steps: int
  rounds: int
  matrix: int
  members: int
  flags: tuple[str, ...]


FULL = Sizes({'resnet25': 64, 'vgg13': 64, 'preact_resnet11': 64}, 50, 5, 8192, 16, ())
TINY = Sizes(
  {'preact_resnet11': 2},
  *(1, 1, 64, 2),
  (
    *('--config.data.protocol=made_up', '--config.batch_size=32', '--config.epochs=1'),
    *('--config.model.widths=(4,8)', '--config.model.blocks=(1,1)'),
  ),
)


def main(arguments: list[str] | None = None) -> None:
  """Runs the command."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.formatter_class = argparse.RawDescriptionHelpFormatter
  parser.add_argument('part', choices=[*PARTS, 'table'])
  parser.add_argument('--out', required=True, type=Path, help='where the results are')
  parser.add_argument('--tiny', action='store_true')
  options = parser.parse_args(arguments)
  if options.part == 'table':
    print(written(options.out))
    return
  path = options.out / f'{options.part}.json'
  if path.exists():
    print(f'{path}: is there')
    return
  os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')  # Others need memory too.
  began = time.monotonic()
  rows = PARTS[options.part](TINY if options.tiny else FULL, options.out)
  found = {'rows': rows, 'surroundings': surroundings(), 'seconds': time.monotonic() - began}
  write_file(path, json.dumps(found, indent=2).encode())


def written(out: Path) -> str:
  """The table of all parts that are there."""
  found = [
    json.loads(path.read_text()) for name in PARTS if (path := out / f'{name}.json').exists()
  ]
  rows = [[row.get(name, '') for name in COLUMNS] for part in found for row in part['rows']]
  said = sorted({part['surroundings'] for part in found})
  return '\n'.join([*said, '', table(COLUMNS, rows)])


def peak(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """Products of two square matrices, by JAX's default precision for each type."""
  del out
  import jax
  import jax.numpy as jnp

  rows, rates = [], {}
  for precision in PRECISIONS:
    matrix = jax.random.normal(jax.random.key(0), (sizes.matrix, sizes.matrix)).astype(precision)
    product = jax.jit(lambda a: (a @ a) / jnp.sqrt(sizes.matrix).astype(a.dtype))
    seconds = _median(partial(_finished, product, matrix), 3 * sizes.rounds)
    rates[precision] = 2 * sizes.matrix**3 / seconds
    rows.append(
      {
        'what': f'product of matrices of {sizes.matrix}, {precision}',
        'by': 'JAX',
        'ms': f'{1e3 * seconds:.2f}',
        'note': f'{rates[precision] / 1e12:.3g} TFLOP/s',
        'rate': rates[precision],
      }
    )
  return rows


def steps(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """Training steps without augmentation, all networks and precisions; they compile at once."""
  rates = _peak_rates(sizes, out)
  contenders: dict[tuple[str, str, str], Callable[[], Contender]] = {}
  for network, batch in sizes.networks.items():
    for precision in PRECISIONS:
      what = network, precision, batch, sizes.steps
      contenders[network, precision, 'omr_jax'] = partial(ours, *what)
      if importlib.util.find_spec('torch'):
        for mode in ('default', 'reduce-overhead'):  # The latter is with CUDA graphs.
          contenders[network, precision, f'PyTorch, {mode}'] = partial(pytorch, *what, mode)
  times, found = in_processes(contenders, sizes.rounds, at_once=True)
  return [
    _row(*name, sizes.networks[name[0]], times[name].get('steps'), found, rates, sizes.steps)
    for name in contenders
  ]


def _row(
  network: str,
  precision: str,
  by: str,
  batch: int,
  taken: list[float] | None,
  found: dict[tuple[str, str, str], Any],
  rates: dict[str, float],
  count: int,
) -> dict[str, str]:
  row = {'what': f'step of {network}, {batch}, {precision}', 'by': by}
  result, jax_result = found[network, precision, by], found[network, precision, 'omr_jax']
  if not taken:
    return row | {'note': f'failed: {result}'[:200].replace('\n', ' ')}
  milliseconds = float(np.median(taken)) / count
  row |= {
    'ms': f'{milliseconds:.3f}',
    'images/s': f'{1e3 * batch / milliseconds:.0f}',
    'compiles in, s': f'{result["compile"]:.0f}',
  }
  if isinstance(jax_result, Exception):
    return row
  share = jax_result['flop'] / (milliseconds / 1e3) / rates[precision]
  other = abs(result['loss'] - jax_result['loss']) > 0.02 * abs(jax_result['loss'])
  return row | {'share of peak': f'{100 * share:.2g} %', 'note': 'another loss!' * other}


def ours(network: str, precision: str, batch_size: int, count: int, members: int = 1) -> Contender:
  """Training as in `omr_jax.main`: on a GPU a call takes all steps, on a CPU one."""
  import jax

  from omr_jax.recipe import hyperparameters
  from omr_jax.recipe import recipe as recipes
  from omr_jax.training import backend, devices, feed, trainer
  from omr_jax.training.step import Training

  backend.start(batch_size, members)
  jax.config.update('jax_enable_compilation_cache', False)
  config = train_step.config_of(network, batch_size)
  with config.unlocked():
    config.precision = precision
  batch, recipe = train_step.examples(config), recipes.create(config)
  arrays = {name: np.concatenate([value] * count) for name, value in batch.items()}
  training = Training(recipe, batch_size, count, epochs=1000, loss=recipe.loss(arrays))
  mesh = devices.mesh(batch_size, members)
  numbers = [hyperparameters.of_config(config)._replace(seed=seed) for seed in range(members)]
  whole = backend.takes_whole_epochs(jax.default_backend())
  compiled = trainer.create(training, numbers, mesh, whole)
  state = compiled.init()
  placed = feed.on_devices(arrays, recipe.reads, mesh)
  orders = np.tile(np.arange(batch_size * count, dtype=np.int32), (members, 1))
  running, done = np.ones(members, bool), 0

  def run() -> None:
    nonlocal state, done
    for _ in range(1 if whole else count):
      done += count if whole else 1
      state = compiled.run(state, running, placed, orders, np.int32(done))
    jax.block_until_ready(state)

  began = time.perf_counter()
  run()
  seconds = time.perf_counter() - began
  variables = recipe.module.init(jax.random.key(0), recipes.example_inputs(recipe), train=False)
  loss, flop = _forward(recipe, variables, batch)
  return {'steps': run}, {'compile': seconds, 'flop': flop, 'loss': loss}


def _forward(recipe, variables, batch: dict[str, np.ndarray]) -> tuple[float, float]:
  """The loss of a batch, and the operations of a training step: three times a forward pass."""
  import jax
  import optax

  @jax.jit
  def loss_of(variables, batch):
    logits, _ = recipe.module.apply(variables, batch, train=True, mutable=['batch_stats'])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch['label']).mean()

  flop = 3 * loss_of.lower(variables, batch).cost_analysis()['flops']
  return float(loss_of(variables, batch)), flop


def pytorch(network: str, precision: str, batch_size: int, count: int, mode: str) -> Contender:
  """The same network in PyTorch, compiled, channels last; float32 as TF32, as JAX does."""
  import jax
  import torch
  import torch_networks

  from omr_jax.recipe import recipe as recipes

  jax.config.update('jax_platforms', 'cpu')  # It only makes the params.
  device = 'cuda' if torch.cuda.is_available() else 'cpu'
  torch.set_float32_matmul_precision('high')
  torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
  config = train_step.config_of(network, batch_size)
  batch, recipe = train_step.examples(config), recipes.create(config)
  example = recipes.example_inputs(recipe)
  variables = recipe.module.init(jax.random.key(0), example, train=False)
  model = torch_networks.module(network, variables, torch.channels_last).to(device)
  image = torch.from_numpy(batch['image']).permute(0, 3, 1, 2).to(device)
  inputs = {
    'image': image.contiguous(memory_format=torch.channels_last),
    'size': torch.from_numpy(batch['size']).to(device),
  }
  labels = torch.from_numpy(batch['label'].astype(np.int64)).to(device)
  optimizer = train_step.torch_optimizer(config, model.params())
  half = precision == 'bfloat16'
  compiled = torch.compile(model, mode=mode)

  def step() -> torch.Tensor:
    optimizer.zero_grad()
    with torch.autocast(device, torch.bfloat16, enabled=half):
      loss = torch.nn.functional.cross_entropy(compiled(inputs).float(), labels)
    loss.backward()
    optimizer.step()
    return loss

  def run() -> None:
    for _ in range(count):
      step()
    if device == 'cuda':
      torch.cuda.synchronize()

  began = time.perf_counter()
  loss = step().item()
  seconds = time.perf_counter() - began
  return {'steps': run}, {'compile': seconds, 'loss': loss}


def accuracy(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """`time_to_accuracy.py` on `homus.py`, with an empty cache."""
  del out
  import time_to_accuracy

  with _empty_cache():
    _, found, total, training = time_to_accuracy.measured(list(sizes.flags))
  each = ', '.join(f'{accuracy:.2f}' for accuracy in found)
  note = (
    f'{training:.0f} s from the first step, {total:.0f} s from process start; mean '
    f'{statistics.mean(found):.2f} %: {each}'
  )
  return [{'what': 'five seeds of homus as a population', 'by': 'omr_jax', 'note': note}]


def compile_(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """`pace.py` on `homus_best.py` and made-up symbols, with an empty cache and then a full one."""
  del out
  import pace

  flags = ['--config=homus_best', '--config.data.protocol=made_up', *sizes.flags]
  # No flag may be given twice, and `pace.py` gives the number of epochs.
  flags = [flag for flag in dict.fromkeys(flags) if not flag.startswith('--config.epochs')]
  rows = []
  with _empty_cache():
    for cache in ('empty', 'full'):
      _, _, batch, images, delay = pace.measured(flags)
      rows.append(
        {
          'what': f'homus_best, {batch}, cache {cache}',
          'by': 'omr_jax',
          'ms': f'{1e3 * batch / images:.2f}',
          'images/s': f'{images:.0f}',
          'compiles in, s': f'{delay:.0f}',
        }
      )
  return rows


def population(sizes: Sizes, out: Path) -> list[dict[str, str]]:
  """The everyday network: all members as one program, and one member as often as there are."""
  del out
  network, batch = 'preact_resnet11', sizes.networks['preact_resnet11']
  what = network, 'float32', batch, sizes.steps
  contenders = {'one': partial(ours, *what), 'all': partial(ours, *what, sizes.members)}
  times, found = in_processes(contenders, sizes.rounds, at_once=True)
  rows = []
  for name, factor, by in (
    ('all', 1, f'{sizes.members} as one program'),
    ('one', sizes.members, f'{sizes.members} in turn'),
  ):
    row = {'what': f'step of {sizes.members} {network}, {batch}, float32', 'by': by}
    if isinstance(found[name], Exception):
      rows.append(row | {'note': f'failed: {found[name]}'[:200].replace('\n', ' ')})
      continue
    milliseconds = factor * float(np.median(times[name]['steps'])) / sizes.steps
    row |= {'ms': f'{milliseconds:.3f}', 'compiles in, s': f'{found[name]["compile"]:.0f}'}
    rows.append(row | {'images/s': f'{1e3 * sizes.members * batch / milliseconds:.0f}'})
  return rows


def _peak_rates(sizes: Sizes, out: Path) -> dict[str, float]:
  """Operations a second by precision, from the part `peak`, which is measured now if need be."""
  path = out / 'peak.json'
  rows = json.loads(path.read_text())['rows'] if path.exists() else peak(sizes, out)
  return {precision: row['rate'] for precision, row in zip(PRECISIONS, rows, strict=True)}


def _finished(function: Callable, *arguments: Any) -> None:
  function(*arguments).block_until_ready()


def _median(call: Callable[[], Any], count: int) -> float:
  """The median of the seconds that a call takes, after one that is not counted."""
  call()
  taken = []
  for _ in range(count):
    began = time.perf_counter()
    call()
    taken.append(time.perf_counter() - began)
  return statistics.median(taken)


@contextlib.contextmanager
def _empty_cache() -> Iterator[None]:
  """A folder of its own for what the programs that are started cache."""
  before = os.environ.get('OMR_CACHE_DIR')
  with tempfile.TemporaryDirectory() as folder:
    os.environ['OMR_CACHE_DIR'] = folder
    try:
      yield
    finally:
      del os.environ['OMR_CACHE_DIR']
      if before is not None:
        os.environ['OMR_CACHE_DIR'] = before


PARTS = {
  'peak': peak,
  'steps': steps,
  'accuracy': accuracy,
  'compile': compile_,
  'population': population,
}

if __name__ == '__main__':
  main()
