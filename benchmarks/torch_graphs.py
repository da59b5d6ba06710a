"""Networks in PyTorch, from the ONNX graphs to which `omr_jax.export` converts them.

It knows the operations that these graphs have. As PyTorch is fastest for inference on a CPU, a
graph is traced and frozen: multiplications and additions after a convolution go into its kernel,
and oneDNN computes.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn import functional

Call = Callable[[Mapping[str, np.ndarray]], np.ndarray]


class _Graph(nn.Module):
  """Computes one output of a graph, node by node."""

  def __init__(self, model: onnx.ModelProto, output: str):
    super().__init__()
    self._names = [value.name for value in model.graph.input]
    self._nodes, self._output = model.graph.node, output
    self._known = {
      value.name: torch.from_numpy(np.array(numpy_helper.to_array(value)))
      for value in model.graph.initializer
    }

  def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
    values = self._known | dict(zip(self._names, inputs, strict=True))
    for node in self._nodes:
      options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
      given = [values[name] if name else None for name in node.input]
      values[node.output[0]] = _OPERATIONS[node.op_type](*given, **options)
    return values[self._output]


def frozen(model: onnx.ModelProto, output: str, inputs: Mapping[str, np.ndarray]) -> Call:
  """A function that computes an output of a graph, for batches as large as these inputs."""
  names = [value.name for value in model.graph.input]

  def given(arrays: Mapping[str, np.ndarray]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(arrays[name]) for name in names)

  with warnings.catch_warnings(), torch.inference_mode():
    warnings.simplefilter('ignore')  # Shapes become constants, as they should.
    traced = torch.jit.trace(_Graph(model, output).eval(), given(inputs), check_trace=False)
    compiled = torch.jit.optimize_for_inference(torch.jit.freeze(traced))

  @torch.inference_mode()
  def call(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    return compiled(*given(arrays)).numpy()

  return call


def _conv(x, kernel, bias=None, *, strides=None, pads=None, dilations=None, group=1, **_):
  dimensions = kernel.ndim - 2
  pads = list(pads or [0] * 2 * dimensions)
  before, after = pads[:dimensions], pads[dimensions:]
  if before != after:
    x = functional.pad(x, [n for pair in zip(before[::-1], after[::-1], strict=True) for n in pair])
    before = [0] * dimensions
  convolution = (functional.conv1d, functional.conv2d)[dimensions - 1]
  strides, dilations = strides or [1] * dimensions, dilations or [1] * dimensions
  return convolution(x, kernel, bias, list(strides), before, list(dilations), group)


def _pool(function: Callable) -> Callable:
  def pool(x, *, kernel_shape, strides=None, pads=None, **_):
    if any(pads or ()):
      raise ValueError(f'a pool with the padding {list(pads)}, which no network here has')
    return function(x, list(kernel_shape), list(strides or [1] * len(kernel_shape)))

  return pool


def _reduce(function: Callable) -> Callable:
  def reduce(x, axes=None, *, keepdims=1, **options):
    axes = options['axes'] if axes is None else axes.tolist()
    return function(x, list(axes), keepdim=bool(keepdims))

  return reduce


def _reshape(x: torch.Tensor, shape: torch.Tensor, **_: Any) -> torch.Tensor:
  return x.reshape([n or x.shape[axis] for axis, n in enumerate(shape.tolist())])


def _slice(x, starts, ends, axes=None, steps=None):
  numbers = [each.tolist() for each in (starts, ends)]
  axes = range(len(numbers[0])) if axes is None else axes.tolist()
  steps = [1] * len(numbers[0]) if steps is None else steps.tolist()
  for start, end, axis, step in zip(*numbers, axes, steps, strict=True):
    if step < 0:
      raise ValueError('a slice with a negative step, which no network here has')
    x = x[(slice(None),) * (axis % x.ndim) + (slice(start, end, step),)]
  return x


def _unsqueeze(x: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
  for axis in sorted(axes.tolist()):
    x = x.unsqueeze(axis)
  return x


def _cast(x: torch.Tensor, to: int, **_: Any) -> torch.Tensor:
  return x.to(torch.from_numpy(np.zeros(1, helper.tensor_dtype_to_np_dtype(to))).dtype)


_OPERATIONS: dict[str, Callable] = {
  'Abs': torch.abs,
  'Add': torch.add,
  'And': torch.logical_and,
  'AveragePool': _pool(functional.avg_pool2d),
  'Cast': _cast,
  'Concat': lambda *parts, axis: torch.cat(parts, axis),
  'Conv': _conv,
  'Div': torch.div,
  'Equal': torch.eq,
  'Exp': torch.exp,
  'Expand': lambda x, shape: x.expand(torch.broadcast_shapes(x.shape, shape.tolist())),
  'Floor': torch.floor,
  'Greater': torch.gt,
  'GreaterOrEqual': torch.ge,
  'Identity': lambda x: x,
  'IsInf': torch.isinf,
  'IsNaN': torch.isnan,
  'Less': torch.lt,
  'LessOrEqual': torch.le,
  'Log': torch.log,
  'MatMul': torch.matmul,
  'Max': torch.maximum,
  'MaxPool': _pool(functional.max_pool2d),
  'Min': torch.minimum,
  'Mul': torch.mul,
  'Neg': torch.neg,
  'Not': torch.logical_not,
  'Or': torch.logical_or,
  'Reciprocal': torch.reciprocal,
  'ReduceMax': _reduce(torch.amax),
  'ReduceMin': _reduce(torch.amin),
  'ReduceSum': _reduce(torch.sum),
  'Relu': functional.relu,
  'Reshape': _reshape,
  'Shape': lambda x, start=0, end=None: torch.tensor(x.shape[start:end]),
  'Sigmoid': torch.sigmoid,
  'Sign': torch.sign,
  'Slice': _slice,
  'Softmax': lambda x, axis=-1: x.softmax(axis),
  'Sqrt': torch.sqrt,
  'Sub': torch.sub,
  'Transpose': lambda x, perm: x.permute(*perm),
  'Unsqueeze': _unsqueeze,
  'Where': torch.where,
}
