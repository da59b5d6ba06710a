"""Compares inference with PyTorch: images/s in large batches and the latency of a single picture.

  pip install -e '.[benchmarks]'
  python benchmarks/inference.py

Both compute the same networks with the same params in float32, with the moving statistics of batch
norm, from uint8 pictures to probabilities, both in the memory of the host.
"""

import os
from functools import partial

import numpy as np
from measure import Contender, config_page, in_processes, spread, surroundings, table

PAGES = {
  'resnet25': ('homus_paper', 'resnet'),
  'vgg13': ('homus_paper', 'vgg'),
  'preact_resnet11': ('homus',),
}
BATCHES = (1, 64)


def main() -> None:
  """Runs the command."""
  rows = []
  for network in PAGES:
    contenders = {'omr_jax': partial(ours, network)}
    for layout in ('channels_last', 'contiguous_format'):
      contenders[f'PyTorch, {layout}'] = partial(pytorch, network, layout)
    taken, found = in_processes(contenders, rounds=5)
    for probabilities in found.values():
      np.testing.assert_allclose(probabilities, found['omr_jax'], atol=1e-4)
    for batch in map(str, BATCHES):
      for name, times in taken.items():
        pace = f'{1e3 * int(batch) / np.median(times[batch]):.0f}'
        rows.append([network, name, batch, spread(times[batch]), pace])
  print(f'float32; {surroundings()}\n')
  print(table(['network', '', 'batch', 'ms', 'images/s'], rows))


def ours(network: str) -> Contender:
  """Our network, compiled by JAX."""
  import jax

  from omr_jax.training import backend

  backend.start()
  recipe, variables = _network(network)
  apply = jax.jit(lambda variables, batch: jax.nn.softmax(recipe.predicted(variables, batch)))
  calls = {
    str(count): partial(lambda batch: np.asarray(apply(variables, batch)), _examples(recipe, count))
    for count in BATCHES
  }
  return calls, calls[str(BATCHES[-1])]()


def pytorch(network: str, layout: str) -> Contender:
  """The same network in PyTorch, with the same params."""
  import torch
  import torch_networks

  torch.set_num_threads(len(os.sched_getaffinity(0)))
  recipe, variables = _network(network)
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

  calls = {str(count): partial(call, _examples(recipe, count)) for count in BATCHES}
  return calls, calls[str(BATCHES[-1])]()


def _network(network: str) -> tuple:
  """The recipe of a config page, and the network's variables from the seed 0."""
  import jax

  from omr_jax.recipe import recipe as recipes

  recipe = recipes.create(config_page(*PAGES[network]))
  inputs = recipes.example_inputs(recipe)
  return recipe, recipe.module.init(jax.random.key(0), inputs, train=False)


def _examples(recipe, count: int) -> dict[str, np.ndarray]:
  rng = np.random.default_rng(0)
  return {
    'image': np.where(rng.random((count, *recipe.shape)) < 0.05, 0, 255).astype(np.uint8),
    'size': rng.normal(4, 1, (count, 2)).astype(np.float32),
  }


if __name__ == '__main__':
  main()
