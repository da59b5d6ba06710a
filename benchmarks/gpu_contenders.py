"""For gpu_parts.py: training steps of this package and of PyTorch, and the operations in one.

On a card, float32 means that convolutions and matrix products round their factors to TF32: in JAX
by default, in PyTorch by its setting `high`.
"""

import math
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import train_step
from measure import Contender, initialized, trainer_of

# Forms of PyTorch, the last two only on a card. In the last one a whole step, with the optimizer,
# is one CUDA graph.
FORMS = ('eager', 'compiled', 'compiled, CUDA graphs', 'compiled, one CUDA graph')


def ours(network: str, precision: str, batch_size: int, count: int, members: int = 1) -> Contender:
  """Training as in `omr_jax.main`: on a GPU a call takes all steps, on a CPU one."""
  import jax

  from omr_jax.training import backend, feed

  config = train_step.config_of(network, batch_size)
  with config.unlocked():
    config.precision = precision
  backend.start(config, members)
  jax.config.update('jax_enable_compilation_cache', False)
  batch = train_step.examples(config)
  arrays = {name: np.concatenate([value] * count) for name, value in batch.items()}
  whole = backend.takes_whole_epochs(jax.default_backend())
  recipe, mesh, trainer = trainer_of(config, arrays, count, members, whole)
  state = trainer.init()
  placed = feed.on_devices(arrays, recipe.reads, mesh)
  orders = np.tile(np.arange(batch_size * count, dtype=np.int32), (members, 1))
  running, done = np.ones(members, bool), 0

  def take(steps: int) -> None:
    nonlocal state, done
    for _ in range(1 if whole else steps):
      done += steps if whole else 1
      state = trainer.run(state, running, placed, orders, np.int32(done))
    if (np.asarray(state.step) != done).any():  # Reading it waits for the steps.
      raise RuntimeError(f'the loss is not finite in step {np.asarray(state.bad_step).max()}')

  began = time.perf_counter()
  take(1)
  seconds = time.perf_counter() - began
  loss = float(np.asarray(state.loss_sum)[0])
  return {'steps': partial(take, count)}, {'compile': seconds, 'loss': loss}


def pytorch(
  network: str, precision: str, batch_size: int, count: int, form: str, on_card: bool
) -> Contender:
  """The same network in PyTorch, channels last, in one of FORMS; float32 as TF32, as JAX has it."""
  # PyTorch's default, a process for each core, is meant for one contender.
  os.environ.setdefault('TORCHINDUCTOR_COMPILE_THREADS', '2')
  import jax
  import torch
  import torch_networks

  device = 'cuda' if on_card else 'cpu'
  torch.set_float32_matmul_precision('high')
  torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
  config = train_step.config_of(network, batch_size)
  batch = train_step.examples(config)
  jax.config.update('jax_platforms', 'cpu')  # It only makes the params.
  _, variables = initialized(config)
  model = torch_networks.module(network, variables, torch.channels_last).to(device)
  image = torch.from_numpy(batch['image']).permute(0, 3, 1, 2).to(device)
  inputs = {
    'image': image.contiguous(memory_format=torch.channels_last),
    'size': torch.from_numpy(batch['size']).to(device),
  }
  labels = torch.from_numpy(batch['label'].astype(np.int64)).to(device)
  as_one_graph, half = form == FORMS[-1], precision == 'bfloat16'
  optimizer = train_step.torch_optimizer(config, model.params(), capturable=as_one_graph)
  compiled = model if form == 'eager' else torch.compile(model, **_options(form, on_card))

  def step() -> torch.Tensor:
    optimizer.zero_grad()
    with torch.autocast(device, torch.bfloat16, enabled=half):
      loss = torch.nn.functional.cross_entropy(compiled(inputs).float(), labels)
    loss.backward()
    optimizer.step()
    return loss

  began = time.perf_counter()
  loss = step().item()
  seconds = time.perf_counter() - began
  once = _one_graph(step) if as_one_graph else step

  def take() -> None:
    for _ in range(count):
      once()
    if on_card:
      torch.cuda.synchronize()

  return {'steps': take}, {'compile': seconds, 'loss': loss}


def _options(form: str, on_card: bool) -> dict[str, str]:
  if not on_card:  # C++ would take minutes to compile, and says nothing about cards.
    return {'backend': 'aot_eager'}
  return {'mode': 'reduce-overhead' if form == 'compiled, CUDA graphs' else 'default'}


def _one_graph(step: Callable[[], Any]) -> Callable[[], None]:
  """A call that does all that `step` does, by one CUDA graph.

  Follows https://docs.pytorch.org/docs/stable/notes/cuda.html#whole-network-capture.
  """
  import torch

  aside = torch.cuda.Stream()
  aside.wait_stream(torch.cuda.current_stream())
  with torch.cuda.stream(aside):
    for _ in range(3):
      step()
  torch.cuda.current_stream().wait_stream(aside)
  graph = torch.cuda.CUDAGraph()
  with torch.cuda.graph(graph):
    step()
  return graph.replay


def operations(network: str, batch_size: int) -> int:
  """Multiplications and additions of a training step: three times those of a forward pass.

  They are counted from the shapes of kernels and of what layers give. XLA counts none on a card,
  and on a CPU those of the forms that `models/convolution.py` chooses there.
  """
  import jax
  from flax.traverse_util import flatten_dict

  from omr_jax.recipe import recipe as recipes

  config = train_step.config_of(network, batch_size)
  batch, recipe = train_step.examples(config), recipes.create(config)
  init = partial(recipe.module.init, train=False)
  variables = jax.eval_shape(init, jax.random.key(0), recipes.example_inputs(recipe))
  look = partial(recipe.module.apply, train=False, capture_intermediates=True, mutable=True)
  _, seen = jax.eval_shape(look, variables, batch)
  given = flatten_dict(seen['intermediates'])
  forward = 0
  for path, kernel in flatten_dict(variables['params']).items():
    if path[-1] == 'kernel':
      (layer,) = given[*path[:-1], '__call__']
      forward += 2 * math.prod(layer.shape[:-1]) * math.prod(kernel.shape)
  return 3 * forward
