"""Conversions of the operations in the networks, from JAX to nodes of ONNX."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jax.extend import core
from onnx import helper

from omr_jax.errors import UserError
from omr_jax.export.onnx_graph import FIRST, Graph, Operand

ELEMENTWISE = {
  'abs': 'Abs',
  'add': 'Add',
  'and': 'And',
  'div': 'Div',
  'eq': 'Equal',
  'exp': 'Exp',
  'floor': 'Floor',
  'ge': 'GreaterOrEqual',
  'gt': 'Greater',
  'le': 'LessOrEqual',
  'log': 'Log',
  'logistic': 'Sigmoid',
  'lt': 'Less',
  'max': 'Max',
  'min': 'Min',
  'mul': 'Mul',
  'neg': 'Neg',
  'not': 'Not',
  'or': 'Or',
  'sign': 'Sign',
  'sqrt': 'Sqrt',
  'stop_gradient': 'Identity',
  'sub': 'Sub',
}


# Permutation of axes from JAX's kernels to those of ONNX: [height, width, in, out] to [out, in,
# height, width].
_KERNEL = (3, 2, 0, 1)
# Axes of pictures that may be reduced with channels first, and what they are then.
_WITH_CHANNELS_FIRST = {(1, 2): (2, 3), (1, 2, 3): (1, 2, 3)}


def shape_of(variable: Any) -> tuple[Any, ...]:
  """The shape that JAX gives a variable of the jaxpr. Lengths may be symbols."""
  return variable.aval.shape


def elementwise(graph: Graph, kind: str, operands: Sequence[Operand]) -> Operand:
  """Adds a node that computes element by element, with channels first if an operand has that."""
  first = any(each.first for each in operands)
  if first:
    operands = [graph.channels_first(each) for each in operands]
  if kind == 'Max' and len(operands) == 2 and _is_zero(operands[1]):
    kind, operands = 'Relu', operands[:1]
  # A constant without axes has none to broadcast.
  spread = all(
    each.spread or (isinstance(each.data, np.ndarray) and each.data.ndim == 0) for each in operands
  )
  return Operand(graph.add(kind, *(each.data for each in operands)), first, spread)


def _reciprocal_root(graph: Graph, _, x: Operand) -> Operand:
  return x._replace(data=graph.add('Reciprocal', graph.add('Sqrt', x.data)))


def _square(graph: Graph, _, x: Operand) -> Operand:
  return x._replace(data=graph.add('Mul', x.data, x.data))


def _is_finite(graph: Graph, _, x: Operand) -> Operand:
  wild = graph.add('Or', graph.add('IsInf', x.data), graph.add('IsNaN', x.data))
  return x._replace(data=graph.add('Not', wild))


def _cast(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  to = helper.np_dtype_to_tensor_dtype(np.dtype(equation.params['new_dtype']))
  return x._replace(data=graph.add('Cast', x.data, to=to))


def _select(graph: Graph, _, which: Operand, *cases: Operand) -> Operand:
  return elementwise(graph, 'Where', (which, *cases[::-1]))


def _reduction(kind: str) -> Callable:
  def reduce(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
    axes = equation.params['axes']
    if x.first and axes in _WITH_CHANNELS_FIRST and not x.spread:
      axes = _WITH_CHANNELS_FIRST[axes]
    else:
      x = graph.whole(x, shape_of(equation.invars[0]))
    return Operand(graph.add(kind, x.data, np.array(axes, np.int64), keepdims=0))

  return reduce


def _reshape(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  return graph.reshaped(
    graph.whole(x, shape_of(equation.invars[0])).data, shape_of(equation.outvars[0])
  )


def _transpose(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  data = graph.whole(x, shape_of(equation.invars[0])).data
  return Operand(graph.transposed(data, equation.params['permutation']))


def _broadcast(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  old, shape = shape_of(equation.invars[0]), equation.params['shape']
  if len(old) == len(shape):  # Axes keep their order.
    return x._replace(spread=x.spread or old != shape)
  if x.spread:
    x = graph.whole(x, old)
  lengths = [1] * len(shape)
  for axis, length in zip(equation.params['broadcast_dimensions'], old, strict=True):
    lengths[axis] = length
  spread = tuple(lengths) != tuple(shape)
  return graph.reshaped(graph.plain(x).data, lengths)._replace(spread=spread)


def _join(graph: Graph, equation: core.JaxprEqn, *parts: Operand) -> Operand:
  whole = [
    graph.whole(each, shape_of(var)) for each, var in zip(parts, equation.invars, strict=True)
  ]
  axis = equation.params['dimension']
  return Operand(graph.add('Concat', *(each.data for each in whole), axis=axis))


def _stack(graph: Graph, equation: core.JaxprEqn, *parts: Operand) -> Operand:
  axis = np.array([equation.params['axis']])
  longer = []
  for each, var in zip(parts, equation.invars, strict=True):
    longer.append(graph.add('Unsqueeze', graph.whole(each, shape_of(var)).data, axis))
  return Operand(graph.add('Concat', *longer, axis=int(axis[0])))


def _slice(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  old, new, params = shape_of(equation.invars[0]), shape_of(equation.outvars[0]), equation.params
  axes = np.array([axis for axis in range(len(old)) if old[axis] != new[axis]], np.int64)
  strides = params['strides'] or (1,) * len(old)
  where = [params['start_indices'], params['limit_indices'], strides]
  starts, limits, steps = (np.array([each[axis] for axis in axes], np.int64) for each in where)
  return Operand(graph.add('Slice', graph.whole(x, old).data, starts, limits, axes, steps))


def _product(graph: Graph, equation: core.JaxprEqn, x: Operand, y: Operand) -> Operand:
  # The product of two matrices, or of two matrices for each example.
  if equation.params['dimension_numbers'] not in (
    (((1,), (0,)), ((), ())),
    (((2,), (1,)), ((0,), (0,))),
  ):
    raise UserError('A product other than of two matrices has no form in ONNX here.')
  x, y = (
    graph.whole(each, shape_of(var)) for each, var in zip((x, y), equation.invars, strict=True)
  )
  return Operand(graph.add('MatMul', x.data, y.data))


def _convolution(graph: Graph, equation: core.JaxprEqn, x: Operand, kernel: Operand) -> Operand:
  params = equation.params
  numbers = params['dimension_numbers']
  specs = numbers.lhs_spec, numbers.out_spec, numbers.rhs_spec
  usual = specs == (FIRST, FIRST, _KERNEL)
  if not usual or params['batch_group_count'] != 1 or set(params['lhs_dilation']) != {1}:
    raise UserError('A convolution of this kind has no form in ONNX here.')
  (top, bottom), (left, right) = params['padding']
  result = graph.add(
    'Conv',
    graph.channels_first(x).data,
    graph.transposed(kernel.data, numbers.rhs_spec),
    strides=params['window_strides'],
    pads=[top, left, bottom, right],
    dilations=params['rhs_dilation'],
    group=params['feature_group_count'],
  )
  return Operand(result, first=True)


def _window_sum(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  params = equation.params
  window, strides = params['window_dimensions'], params['window_strides']
  plain = {(0, 0)} == set(params['padding']) and {1} == {
    *params['base_dilation'],
    *params['window_dilation'],
  }
  if len(window) != 4 or window[0] != 1 or window[3] != 1 or not plain:
    raise UserError('A pool of this kind has no form in ONNX here.')
  mean = graph.add(
    'AveragePool', graph.channels_first(x).data, kernel_shape=window[1:3], strides=strides[1:3]
  )
  return Operand(graph.add('Mul', mean, np.array(window[1] * window[2], np.float32)), first=True)


def _is_zero(operand: Operand) -> bool:
  data = operand.data
  return isinstance(data, np.ndarray) and data.ndim == 0 and bool(data == 0)


OTHERS: Mapping[str, Callable[..., Operand]] = {
  'broadcast_in_dim': _broadcast,
  'concatenate': _join,
  'conv_general_dilated': _convolution,
  'convert_element_type': _cast,
  'dot_general': _product,
  'is_finite': _is_finite,
  'reduce_max': _reduction('ReduceMax'),
  'reduce_min': _reduction('ReduceMin'),
  'reduce_sum': _reduction('ReduceSum'),
  'reduce_window_sum': _window_sum,
  'reshape': _reshape,
  'rsqrt': _reciprocal_root,
  'select_n': _select,
  'slice': _slice,
  'square': _square,
  'squeeze': _reshape,
  'stack': _stack,
  'transpose': _transpose,
}
