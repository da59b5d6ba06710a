"""A function of JAX as an ONNX model: the operations that the networks here are made of.

JAX's own record of the function, its jaxpr, is walked equation by equation, so that the model
computes what the network computes, whatever it is. What depends on weights alone is computed while
walking. Pictures are [batch, height, width, channels] in JAX; in the model they become [batch,
channels, height, width] at the first convolution, and stay so, as every runtime likes them.

`jax2onnx` does this for all of JAX, but needs a version of orbax older than this project's
checkpoints, and a dozen packages more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import onnx
from jax.extend import core
from onnx import helper, numpy_helper

from omr_jax.errors import UserError

OPSET = 18
_FIRST = (0, 3, 1, 2)  # To channels first, from channels last.
_LAST = (0, 2, 3, 1)


class Operand(NamedTuple):
  """A value of the jaxpr as the model has it.

  Attributes:
    data: An array that is known already, or the name of a tensor.
    first: It is stored with channels first.
    spread: Stored with ones along axes where it is as long as what it meets (broadcasting).
  """

  data: np.ndarray | str
  first: bool = False
  spread: bool = False

  @property
  def known(self) -> bool:
    """Whether it doesn't depend on the model's inputs."""
    return isinstance(self.data, np.ndarray)


def convert(function: Callable, inputs: Mapping[str, jax.ShapeDtypeStruct]) -> onnx.ModelProto:
  """The model of a function of a dict of arrays to a dict of arrays.

  Args:
    function: What JAX can trace.
    inputs: Shapes and dtypes; the first axis of each is the batch, of any size in the model.

  Raises:
    UserError: The function has an operation without a form here.
  """
  (batch,) = jax.export.symbolic_shape('batch')
  free = {k: jax.ShapeDtypeStruct((batch, *v.shape[1:]), v.dtype) for k, v in inputs.items()}
  traced, shapes = jax.make_jaxpr(function, return_shape=True)(free)
  names = sorted(inputs)  # As JAX orders the keys of a dict.
  graph = Graph(names[0], batch)
  found = graph.walk(traced.jaxpr, traced.consts, [Operand(name) for name in names])
  outputs = sorted(shapes)
  for name, operand, var in zip(outputs, found, traced.jaxpr.outvars, strict=True):
    last = graph.whole(operand, var.aval.shape)
    graph.nodes.append(helper.make_node('Identity', [graph.name(last.data)], [name]))
  return helper.make_model(
    helper.make_graph(
      graph.nodes,
      'omr_jax',
      [_info(name, free[name]) for name in names],
      [_info(name, shapes[name]) for name in outputs],
      graph.known,
    ),
    opset_imports=[helper.make_opsetid('', OPSET)],
    producer_name='omr_jax',
    ir_version=9,
  )


class Graph:
  """Nodes and known tensors of a model that is being made."""

  def __init__(self, example: str, batch: Any):
    self.example, self.batch = example, batch  # An input, and how JAX calls its length.
    self.nodes: list[onnx.NodeProto] = []
    self.known: list[onnx.TensorProto] = []
    self._shared: dict[tuple, str] = {}  # By contents, so that nothing is stored twice.
    self._count = 0

  def name(self, data: np.ndarray | str) -> str:
    """Of a tensor; one that is known is stored."""
    if isinstance(data, str):
      return data
    data = np.ascontiguousarray(data)
    key = data.dtype.str, data.shape, data.tobytes()
    if key not in self._shared:
      self._shared[key] = f'known_{len(self._shared)}'
      self.known.append(numpy_helper.from_array(data, self._shared[key]))
    return self._shared[key]

  def add(self, kind: str, *data: np.ndarray | str, **attributes) -> str:
    """A node more; the name of its result."""
    self._count += 1
    result = f'{kind}_{self._count}'
    inputs = [self.name(each) for each in data]
    self.nodes.append(helper.make_node(kind, inputs, [result], name=result, **attributes))
    return result

  def plain(self, operand: Operand) -> Operand:
    """The same, in JAX's order of axes."""
    if not operand.first:
      return operand
    return operand._replace(data=self._transposed(operand.data, _LAST), first=False)

  def channels_first(self, operand: Operand) -> Operand:
    """The same, with channels first if it has four axes."""
    if operand.first or (operand.known and operand.data.ndim != 4):
      return operand
    return operand._replace(data=self._transposed(operand.data, _FIRST), first=True)

  def whole(self, operand: Operand, shape: Sequence[Any]) -> Operand:
    """The same, plain and in its full shape."""
    operand = self.plain(operand)
    if not operand.spread:
      return operand
    if not any(map(_is_free, shape)):
      return Operand(self.add('Expand', operand.data, np.array(shape)))
    size = [self._length(length) for length in shape]
    return Operand(self.add('Expand', operand.data, self.add('Concat', *size, axis=0)))

  def walk(self, jaxpr: core.Jaxpr, consts: Sequence, operands: Sequence[Operand]) -> list[Operand]:
    """Adds the nodes of a jaxpr; its results."""
    found = dict(
      zip(jaxpr.constvars, (Operand(np.asarray(const)) for const in consts), strict=True)
    )
    found |= zip(jaxpr.invars, operands, strict=True)

    def read(atom) -> Operand:
      if isinstance(atom, core.Literal):
        return Operand(np.asarray(atom.val, atom.aval.dtype))
      return found[atom]

    for equation in jaxpr.eqns:
      results = self._equation(equation, [read(atom) for atom in equation.invars])
      found |= zip(equation.outvars, results, strict=True)
    return [read(atom) for atom in jaxpr.outvars]

  def _equation(self, equation: core.JaxprEqn, operands: Sequence[Operand]) -> list[Operand]:
    kind, params = equation.primitive.name, equation.params
    if kind in _INSIDE:
      inner = params[_INSIDE[kind]]
      return self.walk(inner.jaxpr, inner.consts, operands)
    if kind == 'cond' and operands[0].known:
      inner = params['branches'][int(operands[0].data)]
      return self.walk(inner.jaxpr, inner.consts, operands[1:])
    if kind == 'platform_index':
      return [Operand(np.array(len(params['platforms']) - 1))]  # The form for other platforms.
    shape = equation.outvars[0].aval.shape
    if all(each.known and not each.spread for each in operands) and not any(map(_is_free, shape)):
      values = equation.primitive.bind(*(each.data for each in operands), **params)
      return [Operand(np.asarray(values))]
    if kind in _ELEMENTWISE:
      return [self._elementwise(_ELEMENTWISE[kind], operands)]
    if kind not in _OTHERS:
      raise UserError(f'The operation {kind} of this network has no form in ONNX here.')
    return [_OTHERS[kind](self, equation, *operands)]

  def _elementwise(self, kind: str, operands: Sequence[Operand]) -> Operand:
    first = any(each.first for each in operands)
    if first:
      operands = [self.channels_first(each) for each in operands]
    if kind == 'Max' and len(operands) == 2 and _is_zero(operands[1]):
      kind, operands = 'Relu', operands[:1]
    # Numbers alone have no axes that could be too short.
    spread = all(each.spread or (each.known and each.data.ndim == 0) for each in operands)
    return Operand(self.add(kind, *(each.data for each in operands)), first, spread)

  def _transposed(self, data: np.ndarray | str, axes: Sequence[int]) -> np.ndarray | str:
    return (
      data.transpose(axes)
      if isinstance(data, np.ndarray)
      else self.add('Transpose', data, perm=axes)
    )

  def _length(self, length: Any) -> np.ndarray | str:
    if not _is_free(length):
      return np.array([length])
    if length != self.batch:
      raise UserError(f'An array of {length} along an axis can not be exported.')
    return self.add('Shape', self.example, start=0, end=1)


def _is_free(length: Any) -> bool:
  """Whether an axis is as long as the batch is large."""
  return not isinstance(length, int)


def _is_zero(operand: Operand) -> bool:
  return operand.known and operand.data.ndim == 0 and operand.data == 0


def _info(name: str, array: jax.ShapeDtypeStruct) -> onnx.ValueInfoProto:
  shape = [str(length) if _is_free(length) else length for length in array.shape]
  return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape)


def _lengths(shape: Sequence[Any]) -> np.ndarray:
  """For ONNX's Reshape: the one length that isn't known follows from the others."""
  return np.array([-1 if _is_free(length) else length for length in shape], np.int64)


# Where an equation holds others, the name of the parameter with them.
_INSIDE = {
  'jit': 'jaxpr',
  'custom_jvp_call': 'call_jaxpr',
  'custom_vjp_call': 'call_jaxpr',
  'custom_vmap_call': 'call',
}
_ELEMENTWISE = {
  'abs': 'Abs',
  'add': 'Add',
  'and': 'And',
  'div': 'Div',
  'exp': 'Exp',
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
  return graph._elementwise('Where', (which, *cases[::-1]))


def _reduction(kind: str) -> Callable:
  def reduce(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
    axes = equation.params['axes']
    if x.first and axes == (1, 2) and not x.spread:
      axes = (2, 3)
    else:
      x = graph.whole(x, equation.invars[0].aval.shape)
    return Operand(graph.add(kind, x.data, np.array(axes, np.int64), keepdims=0))

  return reduce


def _reshape(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  x, shape = graph.whole(x, equation.invars[0].aval.shape), equation.outvars[0].aval.shape
  return Operand(graph.add('Reshape', x.data, _lengths(shape)))


def _broadcast(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  old, shape = equation.invars[0].aval.shape, equation.params['shape']
  if len(old) == len(shape):  # Axes keep their order.
    return x._replace(spread=x.spread or old != shape)
  if x.spread:
    x = graph.whole(x, old)
  lengths = [1] * len(shape)
  for axis, length in zip(equation.params['broadcast_dimensions'], old, strict=True):
    lengths[axis] = length
  spread = tuple(lengths) != tuple(shape)
  if x.known:
    return Operand(x.data.reshape(lengths), spread=spread)
  return Operand(graph.add('Reshape', graph.plain(x).data, _lengths(lengths)), spread=spread)


def _join(graph: Graph, equation: core.JaxprEqn, *parts: Operand) -> Operand:
  whole = [
    graph.whole(each, var.aval.shape) for each, var in zip(parts, equation.invars, strict=True)
  ]
  axis = equation.params['dimension']
  return Operand(graph.add('Concat', *(each.data for each in whole), axis=axis))


def _stack(graph: Graph, equation: core.JaxprEqn, *parts: Operand) -> Operand:
  axis = np.array([equation.params['axis']])
  longer = []
  for each, var in zip(parts, equation.invars, strict=True):
    longer.append(graph.add('Unsqueeze', graph.whole(each, var.aval.shape).data, axis))
  return Operand(graph.add('Concat', *longer, axis=int(axis[0])))


def _slice(graph: Graph, equation: core.JaxprEqn, x: Operand) -> Operand:
  old, new, params = equation.invars[0].aval.shape, equation.outvars[0].aval.shape, equation.params
  axes = np.array([axis for axis in range(len(old)) if old[axis] != new[axis]], np.int64)
  strides = params['strides'] or (1,) * len(old)
  where = [params['start_indices'], params['limit_indices'], strides]
  starts, limits, steps = (np.array([each[axis] for axis in axes], np.int64) for each in where)
  return Operand(graph.add('Slice', graph.whole(x, old).data, starts, limits, axes, steps))


def _product(graph: Graph, equation: core.JaxprEqn, x: Operand, y: Operand) -> Operand:
  if equation.params['dimension_numbers'] != (((1,), (0,)), ((), ())):
    raise UserError('A product other than of two matrices has no form in ONNX here.')
  return Operand(graph.add('MatMul', x.data, y.data))


def _convolution(graph: Graph, equation: core.JaxprEqn, x: Operand, kernel: Operand) -> Operand:
  params = equation.params
  numbers = params['dimension_numbers']
  usual = (numbers.lhs_spec, numbers.out_spec) == (_FIRST, _FIRST) and numbers.rhs_spec == (
    3,
    2,
    0,
    1,
  )
  if not usual or params['batch_group_count'] != 1 or set(params['lhs_dilation']) != {1}:
    raise UserError('A convolution of this kind has no form in ONNX here.')
  (top, bottom), (left, right) = params['padding']
  result = graph.add(
    'Conv',
    graph.channels_first(x).data,
    graph._transposed(kernel.data, numbers.rhs_spec),
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


_OTHERS = {
  'broadcast_in_dim': _broadcast,
  'concatenate': _join,
  'conv_general_dilated': _convolution,
  'convert_element_type': _cast,
  'dot_general': _product,
  'is_finite': _is_finite,
  'reduce_max': _reduction('ReduceMax'),
  'reduce_sum': _reduction('ReduceSum'),
  'reduce_window_sum': _window_sum,
  'reshape': _reshape,
  'rsqrt': _reciprocal_root,
  'select_n': _select,
  'slice': _slice,
  'square': _square,
  'squeeze': _reshape,
  'stack': _stack,
}
