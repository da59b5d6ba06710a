"""Compares ways to compute answers: ONNX Runtime, as `predict` does, JAX, and PyTorch.

  pip install -e '.[benchmarks,export]'
  python benchmarks/inference.py [--networks homus scores] [--threads 1 2]

Networks are those of the paper and of `homus.py`, and the models of the package. All compute from
arrays to the first output of an exported network, both in the memory of the host. ONNX Runtime has
the shipped files, most of them in 8 bits, and the networks of config pages converted to float32.
JAX and PyTorch compute all in float32 with random params, the same for both, and must answer the
same. PyTorch computes the converted graphs, frozen; those networks that it also has as code, eager
too.
"""

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from measure import (
  Contender,
  config_page,
  in_processes,
  initialized,
  parser_of,
  random_inputs,
  spread,
  surroundings,
  table,
)
from train_step import PAGES

from omr_jax.predict import model_json, models, onnx_session
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs

SMALL, LARGE = 1, 64
WINDOWS = 8  # In place of 64, of a detector: they are as large as a hundred symbols.
ROUNDS = 5
ENOUGH = 1.0  # Seconds for which a call is measured at least, unless it has had all its turns.
PATIENCE = 600.0  # Seconds until all contenders of a network have to be ready.
HEADER = ('network', 'threads', 'by', 'ms for 1', 'batch', 'ms', 'images/s')

Call = Callable[[Inputs], np.ndarray]


def main(arguments: list[str] | None = None) -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  known = [*PAGES, *models.pretrained()]
  parser.add_argument('--networks', nargs='+', choices=known, default=known)
  parser.add_argument('--threads', nargs='+', type=int, default=(1, 2))
  parser.add_argument('--rounds', type=int, default=ROUNDS)
  options = parser.parse_args(arguments)
  print(f'{surroundings()}\n\n{table(HEADER, [])}', flush=True)
  for network in options.networks:
    for row in measured(network, options.threads, options.rounds):
      print(f'| {" | ".join(row)} |', flush=True)


def measured(network: str, threads: Sequence[int], rounds: int) -> Iterator[list[str]]:
  """The rows of the table for a network."""
  contenders: dict[str, Callable[[], Contender]] = {
    'ONNX Runtime': partial(by_onnx_runtime, network, threads)
  }
  for count in threads:  # XLA chooses its number of threads once in a process.
    contenders[f'JAX, {count} threads'] = partial(by_jax, network, count)
  if importlib.util.find_spec('torch'):
    contenders['PyTorch'] = partial(by_pytorch, network, threads)
  taken, found = in_processes(contenders, rounds, PATIENCE, ENOUGH)
  refuse_other_answers(network, found)
  times = {call: each for calls in taken.values() for call, each in calls.items()}
  large = max((batch for *_, batch in times), default=LARGE)
  for count, by in sorted(dict.fromkeys(call[:2] for call in times), key=lambda call: call[0]):
    small, many = times[count, by, SMALL], times[count, by, large]
    pace = f'{1e3 * large / np.median(many):.0f}'
    yield [network, str(count), by, spread(small), str(large), spread(many), pace]
  for name, answer in found.items():
    if isinstance(answer, Exception):
      yield [network, '', name, f'failed: {answer}'[:200].replace('\n', ' '), '', '', '']


def refuse_other_answers(network: str, found: Mapping[str, Any]) -> None:
  """Ends the command where two contenders with the same params answer differently."""
  answers = {
    name: answer
    for name, answer in found.items()
    if not isinstance(answer, Exception) and (network in PAGES or name != 'ONNX Runtime')
  }
  first = next(iter(answers.values()), None)
  for name, answer in answers.items():
    if not np.allclose(answer, first, atol=1e-4 * max(1, np.abs(first).max())):
      raise SystemExit(f'{network}: {name} answers differently.')


def by_onnx_runtime(network: str, threads: Sequence[int]) -> Contender:
  """The shipped file, or a converted network, with the options of `omr_jax.load`."""

  def opened(count: int) -> tuple[Described, Call]:
    if network not in PAGES:
      model, run = models.opened(network, count)
      return model, lambda inputs: run(inputs)[model.gives[0]]
    options = onnx_session.options_for(count)
    session = onnxruntime.InferenceSession(content, options, ['CPUExecutionProvider'])
    return described, lambda inputs: session.run([described.gives[0]], inputs)[0]

  if network in PAGES:
    import onnxruntime

    described, compute = _network(network)
    content = _converted(described, compute).SerializeToString()
  calls = {}
  for count in threads:
    model, call = opened(count)
    calls |= _calls(count, 'ONNX Runtime', call, model)
  return calls, _answer(call, model)


def by_jax(network: str, threads: int) -> Contender:
  """The network, compiled by JAX, in a process that has as many cores as threads."""
  os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
  import jax

  from omr_jax.training import backend

  model, compute = _network(network)
  compiled = jax.jit(compute, compiler_options=backend.for_networks(jax.default_backend()))

  def call(inputs: Inputs) -> np.ndarray:
    return np.asarray(compiled(inputs)[model.gives[0]])

  return _calls(threads, 'JAX', call, model), _answer(call, model)


def by_pytorch(network: str, threads: Sequence[int]) -> Contender:
  """The converted network, frozen; and as code of PyTorch, if there is such code."""
  import torch
  import torch_graphs

  model, compute = _network(network)
  graph = _converted(model, compute)
  batches = [SMALL, _large(model)]
  frozen = {
    count: torch_graphs.frozen(graph, model.gives[0], random_inputs(model, count))
    for count in batches
  }

  def by_graph(inputs: Inputs) -> np.ndarray:
    return frozen[len(next(iter(inputs.values())))](inputs)

  forms = {'PyTorch, frozen': by_graph}
  for layout in ('channels_last', 'contiguous_format') if network in PAGES else ():
    forms[f'PyTorch, eager, {layout}'] = _eager(network, getattr(torch, layout))

  def with_threads(count: int, call: Call, inputs: Inputs) -> np.ndarray:
    torch.set_num_threads(count)
    return call(inputs)

  calls = {}
  for count in threads:
    for form, call in forms.items():
      calls |= _calls(count, form, partial(with_threads, count, call), model)
  answers = [_answer(call, model) for call in forms.values()]
  for answer in answers:
    np.testing.assert_allclose(answer, answers[0], atol=1e-4)
  return calls, answers[0]


def _eager(network: str, memory_format: Any) -> Call:
  """The network as code of PyTorch."""
  import torch
  import torch_networks

  _, variables = _of_page(network)
  params = torch_networks.tensors(variables, memory_format)

  @torch.inference_mode()
  def call(batch: Inputs) -> np.ndarray:
    inputs = {name: torch.from_numpy(array) for name, array in batch.items()}
    image = inputs['image'].permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
    logits = torch_networks.NETWORKS[network](params, inputs | {'image': image}, train=False)
    return logits.softmax(-1).numpy()

  return call


def _network(network: str) -> tuple[Described, Callable[[Any], dict[str, Any]]]:
  """What a network reads and gives, and a function that computes it, with random params."""
  if network in PAGES:
    recipe, variables = _of_page(network)
    gives = tuple(recipe.task.inputs.outputs(recipe.picture, recipe.classes))
    facts = {'temperature': 1.0}
    model = Described(
      recipe.task, recipe.classes, recipe.picture, recipe.evaluates, gives, None, facts
    )
  else:
    model, _ = models.opened(network)
    recipe, variables = initialized(_config(model))
  compute = model.task.recipe.exported(recipe.module, model.facts)
  return model, partial(compute, variables)


def _config(model: Described):
  """The config of a shipped model."""
  from ml_collections import ConfigDict

  from omr_jax.tasks import earlier
  from omr_jax.training import trained

  config = earlier.with_keys_of_today(model.facts['config'], model.task)
  config = ConfigDict(trained.tuples(config))
  config.precision = 'float32'
  return config


def _of_page(network: str) -> tuple[Any, Any]:
  return initialized(config_page(*PAGES[network]))


def _converted(model: Described, compute: Callable[[Any], dict[str, Any]]) -> Any:
  """The ONNX model of a network, in float32."""
  import jax

  from omr_jax.export import onnx_model

  shapes = model_json.inputs(model)
  structs = {
    name: jax.ShapeDtypeStruct((1, *shape[1:]), dtype) for name, (dtype, shape) in shapes.items()
  }
  return onnx_model.convert(compute, structs)


def _calls(
  threads: int, by: str, call: Call, model: Described
) -> dict[tuple[int, str, int], Callable[[], np.ndarray]]:
  """A call for each size of batch, on made-up examples."""
  return {
    (threads, by, count): partial(call, random_inputs(model, count))
    for count in (SMALL, _large(model))
  }


def _answer(call: Call, model: Described) -> np.ndarray:
  """What is compared: the answer to the larger batch."""
  return call(random_inputs(model, _large(model)))


def _large(model: Described) -> int:
  return WINDOWS if 'window' in model_json.inputs(model) else LARGE


if __name__ == '__main__':
  main()
