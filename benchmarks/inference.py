"""Compares ways to compute answers: ONNX Runtime, as `predict` does, JAX, and PyTorch.

  pip install -e '.[benchmarks,export]'
  python benchmarks/inference.py [--networks homus scores] [--threads 1 2]

Networks are those of the paper and of `homus.py`, which PyTorch has too, and the models of the
package. All compute in float32 (or 8 bits, as the shipped file says) from arrays to probabilities,
both in the memory of the host. The networks of config pages have random params, the same for all,
and must answer the same. The shipped files have their own weights; JAX computes the same networks
with random ones. With one thread a contender's process has one core.
"""

import argparse
import importlib.util
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from measure import Contender, config_page, in_processes, spread, surroundings, table

from omr_jax.predict import model_json, models
from omr_jax.predict.model_json import Described

PAGES = {
  'resnet25': ('homus_paper', 'resnet'),
  'vgg13': ('homus_paper', 'vgg'),
  'preact_resnet11': ('homus',),
}
BATCHES = (1, 64)
ROUNDS = 5


def main(arguments: list[str] | None = None) -> None:
  """Runs the command."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.formatter_class = argparse.RawDescriptionHelpFormatter
  known = [*PAGES, *models.pretrained()]
  parser.add_argument('--networks', nargs='+', choices=known, default=known)
  parser.add_argument('--threads', nargs='+', type=int, default=(1, 2))
  parser.add_argument('--rounds', type=int, default=ROUNDS)
  options = parser.parse_args(arguments)
  rows = []
  for network in options.networks:
    for threads in options.threads:
      rows += measured(network, threads, options.rounds)
  print(f'float32 unless the file has 8 bits; {surroundings()}\n')
  print(table(['network', 'threads', '', *(f'ms for {n}' for n in BATCHES), 'images/s'], rows))


def measured(network: str, threads: int, rounds: int) -> list[list[str]]:
  """The rows of the table for a network."""
  what = network, threads
  contenders: dict[str, Callable[[], Contender]] = {
    'ONNX Runtime': partial(by_onnx_runtime, *what),
    'JAX': partial(by_jax, *what),
  }
  if network in PAGES and importlib.util.find_spec('torch'):
    for layout in ('channels_last', 'contiguous_format'):
      contenders[f'PyTorch, {layout}'] = partial(by_pytorch, *what, layout)
  taken, found = in_processes(contenders, rounds)
  if network in PAGES:
    for probabilities in found.values():
      np.testing.assert_allclose(probabilities, found['JAX'], atol=1e-4)
  rows = []
  for name, times in taken.items():
    pace = 1e3 * BATCHES[-1] / np.median(times[str(BATCHES[-1])])
    spreads = [spread(times[str(batch)]) for batch in BATCHES]
    rows.append([network, str(threads), name, *spreads, f'{pace:.0f}'])
  return rows


def by_onnx_runtime(network: str, threads: int) -> Contender:
  """The shipped file, or a converted network."""
  _use_cores(threads)
  if network not in PAGES:
    model, run = models.opened(network, threads)
    return _calls(lambda inputs: run(inputs)[model.gives[0]], model)
  import jax
  import onnxruntime

  from omr_jax.export import onnx_model

  model, compute = _network(network)
  shapes = model_json.inputs(model)
  structs = {
    k: jax.ShapeDtypeStruct((1, *shape[1:]), dtype) for k, (dtype, shape) in shapes.items()
  }
  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = threads
  content = onnx_model.convert(compute, structs).SerializeToString()
  session = onnxruntime.InferenceSession(content, options, ['CPUExecutionProvider'])
  return _calls(lambda inputs: session.run([model.gives[0]], inputs)[0], model)


def by_jax(network: str, threads: int) -> Contender:
  """The network, compiled by JAX."""
  _use_cores(threads)
  from omr_jax.training import backend

  backend.start()
  import jax

  model, compute = _network(network)
  compiled = jax.jit(compute)
  return _calls(lambda inputs: np.asarray(compiled(inputs)[model.gives[0]]), model)


def by_pytorch(network: str, threads: int, layout: str) -> Contender:
  """The same network in PyTorch, with the same params."""
  _use_cores(threads)
  import torch
  import torch_networks

  torch.set_num_threads(threads)
  recipe, variables = _of_page(network)
  memory_format = getattr(torch, layout)
  params = torch_networks.tensors(variables, memory_format)

  @torch.inference_mode()
  def call(batch: dict[str, np.ndarray]) -> np.ndarray:
    image = torch.from_numpy(batch['image']).permute(0, 3, 1, 2)
    inputs = {
      'image': image.contiguous(memory_format=memory_format),
      'size': torch.from_numpy(batch['size']),
    }
    logits = torch_networks.NETWORKS[network](params, inputs, train=False)
    return logits.softmax(-1).numpy()

  return _calls(call, _described(recipe))


def _use_cores(count: int) -> None:
  os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def _network(network: str) -> tuple[Described, Callable[[Any], dict[str, Any]]]:
  """What a network reads and gives, and a function that computes it, with random params."""
  if network in PAGES:
    recipe, variables = _of_page(network)
    model = _described(recipe)
  else:
    model, _ = models.opened(network)
    recipe, variables = _initialized(_config(model))
  compute = model.task.recipe.exported(recipe.module, model.facts)
  return model, partial(compute, variables)


def _config(model: Described):
  """The config of a shipped model."""
  from ml_collections import ConfigDict

  from omr_jax.recipe import config_keys
  from omr_jax.training import trained

  config = ConfigDict(trained.tuples(model.facts['config']))
  config_keys.add_later(config)
  config.precision = 'float32'
  return config


def _of_page(network: str) -> tuple:
  return _initialized(config_page(*PAGES[network]))


def _initialized(config) -> tuple:
  """The recipe of a config, and the network's variables from the seed 0."""
  import jax

  from omr_jax.recipe import recipe as recipes

  recipe = recipes.create(config)
  inputs = recipes.example_inputs(recipe)
  return recipe, recipe.module.init(jax.random.key(0), inputs, train=False)


def _described(recipe) -> Described:
  """A network of a config page, as an export would describe it."""
  gives = tuple(recipe.task.inputs.outputs(recipe.picture, recipe.classes))
  facts = {'temperature': 1.0}
  return Described(
    recipe.task, recipe.classes, recipe.picture, recipe.evaluates, gives, None, facts
  )


def _calls(call: Callable[[dict[str, np.ndarray]], np.ndarray], model: Described) -> Contender:
  """A call for each size of batch, on made-up examples; for comparison the answer to the last."""
  calls = {str(count): partial(call, _examples(model, count)) for count in BATCHES}
  return calls, calls[str(BATCHES[-1])]()


def _examples(model: Described, count: int) -> dict[str, np.ndarray]:
  """Random black pixels on white, about as many as symbols have, and random numbers."""
  rng, found = np.random.default_rng(0), {}
  for name, (dtype, (_, *shape)) in model_json.inputs(model).items():
    pixels = np.where(rng.random((count, *shape)) < 0.05, 0, 255)
    found[name] = (pixels if dtype == 'uint8' else rng.normal(4, 1, (count, *shape))).astype(dtype)
  return found


if __name__ == '__main__':
  main()
