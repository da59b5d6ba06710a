"""Converts a function of JAX to an ONNX model, with the operations that the networks here use.

The conversion goes through the function's jaxpr, equation by equation, and so does not depend on
how a network is written. Whatever depends only on weights is computed during the conversion.
Pictures are [batch, height, width, channels] in JAX. In the model the first convolution makes them
[batch, channels, height, width], the order that runtimes expect, and they stay in this order.

`jax2onnx` can convert all of JAX, but needs a dozen more packages, and a version of orbax that
can't read the checkpoints of this project.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
import onnx
from jax.extend import core
from onnx import helper

from omr_jax.errors import UserError
from omr_jax.export import onnx_ops
from omr_jax.export.onnx_graph import Graph, Operand, is_free, is_grey

OPSET = 18
# Operations that contain a jaxpr, and the name of the parameter that holds it.
_INSIDE = {
  'jit': 'jaxpr',
  'custom_jvp_call': 'call_jaxpr',
  'custom_vjp_call': 'call_jaxpr',
  'custom_vmap_call': 'call',
}


def convert(function: Callable, inputs: Mapping[str, jax.ShapeDtypeStruct]) -> onnx.ModelProto:
  """Converts a function from a dict of arrays to a dict of arrays.

  Args:
    function: A function that JAX can trace.
    inputs: Shapes and dtypes of the inputs by name. The first axis of each is the batch, which may
      have any size in the model.

  Raises:
    UserError: The function has an operation that cannot be converted.
  """
  (batch,) = jax.export.symbolic_shape('batch')
  free = {k: jax.ShapeDtypeStruct((batch, *v.shape[1:]), v.dtype) for k, v in inputs.items()}
  traced, shapes = jax.make_jaxpr(function, return_shape=True)(free)
  names = sorted(inputs)  # As JAX orders the keys of a dict.
  graph = Graph(names[0], batch)
  given = [_given(graph, name, free[name].shape) for name in names]
  found = _walk(graph, traced.jaxpr, traced.consts, given)
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


def _walk(
  graph: Graph, jaxpr: core.Jaxpr, consts: Sequence, operands: Sequence[Operand]
) -> list[Operand]:
  """Adds the nodes of a jaxpr to the graph; returns the results of the jaxpr."""
  found = dict(zip(jaxpr.constvars, (Operand(np.asarray(const)) for const in consts), strict=True))
  found |= zip(jaxpr.invars, operands, strict=True)

  def read(atom: Any) -> Operand:
    is_literal = isinstance(atom, core.Literal)
    return Operand(np.asarray(atom.val, atom.aval.dtype)) if is_literal else found[atom]

  for equation in jaxpr.eqns:
    results = _equation(graph, equation, [read(atom) for atom in equation.invars])
    found |= zip(equation.outvars, results, strict=True)
  return [read(atom) for atom in jaxpr.outvars]


def _equation(graph: Graph, equation: core.JaxprEqn, operands: Sequence[Operand]) -> list[Operand]:
  kind, params = equation.primitive.name, equation.params
  if kind in _INSIDE:
    inner = params[_INSIDE[kind]]
    return _walk(graph, inner.jaxpr, inner.consts, operands)
  if kind == 'cond' and operands[0].known:
    inner = params['branches'][int(operands[0].data)]
    return _walk(graph, inner.jaxpr, inner.consts, operands[1:])
  if kind == 'platform_index':
    # The last branch is for all other platforms.
    return [Operand(np.array(len(params['platforms']) - 1))]
  shape = onnx_ops.shape_of(equation.outvars[0])
  if all(each.known and not each.spread for each in operands) and not any(map(is_free, shape)):
    values = equation.primitive.bind(*(each.data for each in operands), **params)
    return [Operand(np.asarray(values))]
  if kind in onnx_ops.ELEMENTWISE:
    return [onnx_ops.elementwise(graph, onnx_ops.ELEMENTWISE[kind], operands)]
  if kind not in onnx_ops.OTHERS:
    raise UserError(f'The operation {kind} of this network has no form in ONNX here.')
  return [onnx_ops.OTHERS[kind](graph, equation, *operands)]


def _given(graph: Graph, name: str, shape: Sequence) -> Operand:
  return graph.reshaped(name, shape) if is_grey(shape) else Operand(name)


def _info(name: str, array: jax.ShapeDtypeStruct) -> onnx.ValueInfoProto:
  shape = [str(length) if is_free(length) else length for length in array.shape]
  return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape)
