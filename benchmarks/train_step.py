"""Compares a training step and a forward pass of a network with PyTorch and Keras.

  pip install -e '.[benchmarks]'
  python benchmarks/train_step.py --network resnet25 --batch_size 16

All have the same network, batch, precision, loss, optimizer and L2 penalty, and no augmentation.
PyTorch uses our params and must compute the same loss; it is measured eager and compiled, with
channels first and with channels last. Keras runs on TensorFlow, as in the original systems.
"""

import os
from collections.abc import Callable
from functools import partial

import numpy as np
from measure import (
  Contender,
  config_page,
  in_processes,
  initialized,
  parser_of,
  spread,
  surroundings,
  table,
  trainer_of,
)
from ml_collections import ConfigDict

PAGES = {
  'resnet25': ('homus_paper', 'resnet'),
  'vgg13': ('homus_paper', 'vgg'),
  'preact_resnet11': ('homus',),
}
WITH_KERAS = ('resnet25', 'vgg13')
LAYOUTS = ('channels_last', 'contiguous_format')


def main() -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  parser.add_argument('--network', choices=PAGES, default='resnet25')
  parser.add_argument('--batch_size', type=int, default=16)
  parser.add_argument('--rounds', type=int, default=8)
  options = parser.parse_args()
  what = options.network, options.batch_size
  contenders: dict[str, Callable[[], Contender]] = {'omr_jax': partial(ours, *what)}
  for compiled in (False, True):
    for layout in LAYOUTS:
      name = f'PyTorch {"compiled" if compiled else "eager"}, {layout}'
      contenders[name] = partial(pytorch, *what, layout, compiled)
  if options.network in WITH_KERAS:
    contenders['Keras on TensorFlow'] = partial(keras, *what)
  times, losses = in_processes(contenders, options.rounds)
  for name, loss in losses.items():
    if loss is not None and abs(loss - losses['omr_jax']) > 1e-3 * loss:
      raise SystemExit(f'{name} computes another loss: {loss}, ours is {losses["omr_jax"]}.')
  rows = []
  for name, calls in times.items():
    paces = [f'{1e3 * options.batch_size / np.median(taken):.1f}' for taken in calls.values()]
    spreads = map(spread, calls.values())
    rows.append([name, *(cell for pair in zip(spreads, paces, strict=True) for cell in pair)])
  print(f'{options.network}, batch {options.batch_size}, float32; {surroundings()}\n')
  print(table(['', 'forward, ms', 'images/s', 'step, ms', 'images/s'], rows))


def config_of(network: str, batch_size: int) -> ConfigDict:
  """The config of a network, with the paper's optimizer and without what PyTorch has not here."""
  config, paper = config_page(*PAGES[network]), config_page('homus_paper', 'resnet')
  with config.unlocked():
    config.batch_size = batch_size
    config.augment.space = 'none'
    config.model.dropout = 0.0
    config.average_decay = 0.0
    config.loss.label_smoothing = 0.0
    config.optimizer = paper.optimizer
    config.schedule = paper.schedule
  return config


def examples(config: ConfigDict) -> dict[str, np.ndarray]:
  """Random black pixels on white, about as many as symbols have."""
  rng, count = np.random.default_rng(0), config.batch_size
  shape = (count, config.drawing.height, config.drawing.width, 1)
  return {
    'image': np.where(rng.random(shape) < 0.05, 0, 255).astype(np.uint8),
    'size': rng.normal(4, 1, (count, 2)).astype(np.float32),
    'label': rng.integers(0, 32, count).astype(np.int32),
  }


def ours(network: str, batch_size: int) -> Contender:
  """The training step of this package, as in `omr_jax.main`."""
  from omr_jax.training import backend

  config = config_of(network, batch_size)
  backend.start(config)
  import jax
  import optax

  from omr_jax.training import devices, feed, memory

  batch = examples(config)
  recipe, mesh, trainer = trainer_of(config, batch, steps=1)
  state = trainer.init()
  variables = jax.tree.map(lambda leaf: np.array(leaf[0]), state.variables)
  arrays, orders = feed.on_devices(batch, recipe.reads, mesh), np.arange(batch_size)[None]
  split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(devices.BATCH_AXIS))
  shares = {name: jax.device_put(value, split) for name, value in batch.items()}

  @partial(jax.jit, compiler_options=backend.for_networks(jax.default_backend()))
  def loss_of(variables, batch):
    logits, _ = recipe.module.apply(variables, batch, train=True, mutable=['batch_stats'])
    return optax.softmax_cross_entropy_with_integer_labels(logits, batch['label']).mean()

  def step() -> None:
    nonlocal state
    state = trainer.run(state, np.array([True]), arrays, orders.astype(np.int32), np.int32(0))
    jax.block_until_ready(state)
    memory.settle()

  calls = {'forward': lambda: loss_of(variables, shares).block_until_ready(), 'step': step}
  return calls, float(loss_of(variables, shares))


def pytorch(network: str, batch_size: int, layout: str, compiled: bool) -> Contender:
  """The same network in PyTorch."""
  import torch
  import torch_networks

  torch.set_num_threads(len(os.sched_getaffinity(0)))
  config = config_of(network, batch_size)
  batch = examples(config)
  _, variables = initialized(config)
  memory_format = getattr(torch, layout)
  params = torch_networks.tensors(variables, memory_format)
  image = torch.from_numpy(batch['image']).permute(0, 3, 1, 2)
  inputs = {
    'image': image.contiguous(memory_format=memory_format),
    'size': torch.from_numpy(batch['size']),
  }
  labels = torch.from_numpy(batch['label'].astype(np.int64))

  def loss_of() -> torch.Tensor:
    logits = torch_networks.NETWORKS[network](params, inputs)
    return torch.nn.functional.cross_entropy(logits, labels)

  loss = loss_of().item()
  loss_of = torch.compile(loss_of) if compiled else loss_of
  optimizer = torch_optimizer(config, params)

  def forward() -> None:
    with torch.no_grad():
      loss_of()

  def step() -> None:
    optimizer.zero_grad()
    loss_of().backward()
    optimizer.step()

  return {'forward': forward, 'step': step}, loss


def torch_optimizer(config: ConfigDict, params: dict, capturable: bool = False):
  """PyTorch's optimizer with the settings of a config; `capturable`: a CUDA graph may hold it."""
  import torch

  trained = {k: v for k, v in params.items() if isinstance(v, torch.nn.Parameter)}
  kernels = [value for name, value in trained.items() if name.endswith('kernel')]
  others = [value for name, value in trained.items() if not name.endswith('kernel')]
  chosen = config.optimizer
  return torch.optim.Adadelta(
    [{'params': kernels, 'weight_decay': 2 * chosen.l2}, {'params': others}],
    lr=chosen.learning_rate,
    rho=chosen.rho,
    eps=chosen.eps,
    capturable=capturable,
  )


def keras(network: str, batch_size: int) -> Contender:
  """The network in Keras; its params are initialized by Keras, so its loss is not compared."""
  import keras_networks

  forward, step = keras_networks.contender(network, examples(config_of(network, batch_size)))
  return {'forward': forward, 'step': step}, None


if __name__ == '__main__':
  main()
