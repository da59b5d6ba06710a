"""The ResNet and VGG of the paper and our fast network in PyTorch, with params of this package.

Each network is a function of a flat dictionary of tensors, which `tensors` makes from the params of
a Flax network. So both compute the same, and `train_step.py` compares their losses before it
measures.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from flax.traverse_util import flatten_dict
from torch import nn
from torch.nn import functional

Params = Mapping[str, torch.Tensor]
Network = Callable[..., torch.Tensor]


def tensors(variables: Mapping, memory_format: torch.memory_format) -> dict[str, torch.Tensor]:
  """Converts Flax variables to tensors by path: trainable params and batch norm's statistics.

  Kernels of convolutions are transposed from [height, width, in, out] to [out, in, height, width].
  """

  def converted(leaf: Any) -> torch.Tensor:
    value = torch.from_numpy(np.array(leaf))
    if value.ndim == 4:
      value = value.permute(3, 2, 0, 1).contiguous(memory_format=memory_format)
    return value

  trained, counted = (flatten_dict(variables[key], sep='/') for key in ('params', 'batch_stats'))
  return {name: nn.Parameter(converted(leaf)) for name, leaf in trained.items()} | {
    name: converted(leaf) for name, leaf in counted.items()
  }


def vgg13(params: Params, inputs: Mapping[str, torch.Tensor], train: bool = True) -> torch.Tensor:
  """The VGG of the paper, whose last pool is a mean."""
  norm = partial(_norm, params, train, 1e-3)
  x, layer = _darkness(inputs['image']), 0
  for group, depth in enumerate((2, 2, 3, 3, 3)):
    for _ in range(depth):
      x = functional.relu(norm(f'BatchNorm_{layer}', _conv(params, f'Conv_{layer}', x)))
      layer += 1
    x = functional.avg_pool2d(x, 2) if group == 4 else functional.max_pool2d(x, 2)
  return _dense(params, 'Dense_0', _flat(x))


def resnet25(
  params: Params, inputs: Mapping[str, torch.Tensor], train: bool = True
) -> torch.Tensor:
  """The ResNet of the paper."""
  norm = partial(_norm, params, train, 1e-3)
  x = _darkness(inputs['image'])
  x = functional.relu(norm('BatchNorm_0', _conv(params, 'Conv_0', x)))
  number = 0
  for group, depth in enumerate((1, 2, 3, 3, 3)):
    x = functional.max_pool2d(x, 2) if group else x
    for _ in range(depth):
      block = f'Block_{number}'
      y = _conv(params, f'{block}/Conv_0', x)
      y = functional.relu(norm(f'{block}/BatchNorm_0', y))
      y = norm(f'{block}/BatchNorm_1', _conv(params, f'{block}/Conv_1', y))
      if f'{block}/Conv_2/kernel' in params:
        x = _conv(params, f'{block}/Conv_2', x)
      x = functional.relu(x + y)
      number += 1
  return _dense(params, 'Dense_0', _flat(functional.avg_pool2d(x, 2)))


def preact_resnet11(
  params: Params, inputs: Mapping[str, torch.Tensor], train: bool = True
) -> torch.Tensor:
  """Our fast network as in `homus.py`, without dropout."""
  norm = partial(_norm, params, train, 1e-5)
  x, number = _conv(params, 'Conv_0', _darkness(inputs['image']), 2), 0
  for group, blocks in enumerate((1, 2, 2)):
    for index in range(blocks):
      block, stride = f'Block_{number}', 2 if group and not index else 1
      y = functional.relu(norm(f'{block}/BatchNorm_0', x))
      convs = [f'{block}/Conv_{i}' for i in range(3) if f'{block}/Conv_{i}/kernel' in params]
      if len(convs) == 3:
        x = _conv(params, convs[0], y, stride)
      y = _conv(params, convs[-2], y, stride)
      y = functional.relu(norm(f'{block}/BatchNorm_1', y))
      x = x + _conv(params, convs[-1], y)
      number += 1
  x = functional.avg_pool2d(functional.relu(norm('BatchNorm_0', x)), 2)
  size = functional.relu(_dense(params, 'Dense_0', inputs['size']))
  return _dense(params, 'Dense_1', torch.cat([_flat(x), size], 1))


NETWORKS: dict[str, Network] = {
  'vgg13': vgg13,
  'resnet25': resnet25,
  'preact_resnet11': preact_resnet11,
}


class _Module(nn.Module):
  """A network with its tensors in it, so that `torch.compile` knows that they stay in place."""

  def __init__(self, network: Network, params: Params):
    super().__init__()
    self._network, self._names = network, {name: name.replace('/', '_') for name in params}
    for name, value in params.items():
      if isinstance(value, nn.Parameter):
        self.register_parameter(self._names[name], value)
      else:
        self.register_buffer(self._names[name], value)

  def params(self) -> dict[str, torch.Tensor]:
    """The tensors by path, as they are now."""
    return {name: getattr(self, own) for name, own in self._names.items()}

  def forward(self, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    return self._network(self.params(), inputs)


def module(name: str, variables: Mapping, memory_format: torch.memory_format) -> _Module:
  """A network of `NETWORKS` with converted Flax variables, as a module that can be moved."""
  return _Module(NETWORKS[name], tensors(variables, memory_format))


def _darkness(image: torch.Tensor) -> torch.Tensor:
  return 1 - image.float() / 255


def _conv(params: Params, name: str, x: torch.Tensor, stride: int = 1) -> torch.Tensor:
  """A convolution with the padding 'same' of Flax, which pads one pixel more at the end if odd."""
  kernel = params[f'{name}/kernel']
  bias = params.get(f'{name}/bias')
  total = [
    max(k - (stride if n % stride == 0 else n % stride), 0)
    for k, n in zip(kernel.shape[2:], x.shape[2:], strict=True)
  ]
  if all(t % 2 == 0 for t in total):
    return functional.conv2d(x, kernel, bias, stride, (total[0] // 2, total[1] // 2))
  (top, left), (bottom, right) = [t // 2 for t in total], [t - t // 2 for t in total]
  return functional.conv2d(functional.pad(x, (left, right, top, bottom)), kernel, bias, stride)


def _norm(params: Params, train: bool, epsilon: float, name: str, x: torch.Tensor) -> torch.Tensor:
  """Batch norm. In training it uses the batch's statistics, which also update the moving ones."""
  mean, var, scale, bias = (params[f'{name}/{key}'] for key in ('mean', 'var', 'scale', 'bias'))
  return functional.batch_norm(x, mean, var, scale, bias, train, 0.01, epsilon)


def _dense(params: Params, name: str, x: torch.Tensor) -> torch.Tensor:
  return x @ params[f'{name}/kernel'] + params[f'{name}/bias']


def _flat(x: torch.Tensor) -> torch.Tensor:
  return x.permute(0, 2, 3, 1).flatten(1)
