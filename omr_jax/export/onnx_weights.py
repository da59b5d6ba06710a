"""Stores the kernels of an ONNX model's convolutions in 8 bits; it still computes in float32."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

_STEPS = 127  # The largest weight of each output channel of a kernel is so many steps.
_ONE = 'one'  # The name of the factor of inputs.


def in_eight_bits(content: bytes) -> bytes:
  """The model in about a quarter of the bytes; its weights are off by at most half a step.

  Each kernel becomes whole numbers and a factor for each output channel, whose product ONNX Runtime
  computes once, when it loads the model, if `session.disable_quant_qdq` is 1, and else in each run.

  The file has no Cast, not even of its inputs, if these are uint8. ONNX Runtime has one function of
  half a megabyte for all casts. Browsers compile it once more when it has run for a while, which
  takes a second and 217 MB.
  """
  model = onnx.load_from_string(content)
  graph = model.graph
  used = {node.input[1] for node in graph.node if node.op_type == 'Conv'}
  kernels = [each for each in graph.initializer if each.name in used]
  nodes = []
  for kernel in kernels:
    values = numpy_helper.to_array(kernel)
    largest = np.abs(values).max(tuple(range(1, values.ndim)), keepdims=True)
    factor = (np.where(largest > 0, largest, 1) / _STEPS).astype(np.float32)
    whole, scale = f'{kernel.name}_int8', f'{kernel.name}_factor'
    steps = np.rint(values / factor).astype(np.int8)
    graph.initializer.extend(
      [numpy_helper.from_array(steps, whole), numpy_helper.from_array(factor.ravel(), scale)]
    )
    nodes.append(helper.make_node('DequantizeLinear', [whole, scale], [kernel.name], axis=0))
    graph.initializer.remove(kernel)
  nodes += _without_casts(model)
  del graph.node[:]
  graph.node.extend(nodes)
  onnx.checker.check_model(model, full_check=True)
  return model.SerializeToString()


def _without_casts(model: onnx.ModelProto) -> list[onnx.NodeProto]:
  """The nodes of a model, with other ones that give the same in place of casts of uint8."""
  graph = model.graph
  known = onnx.shape_inference.infer_shapes(model).graph
  types = {each.name: each.type.tensor_type.elem_type for each in [*known.input, *known.value_info]}
  to_float = [
    node
    for node in graph.node
    if node.op_type == 'Cast' and types[node.input[0]] == onnx.TensorProto.UINT8
  ]
  if to_float:
    graph.initializer.append(numpy_helper.from_array(np.array(1, np.float32), _ONE))
  return [
    helper.make_node('DequantizeLinear', [node.input[0], _ONE], node.output)
    if node in to_float
    else node
    for node in graph.node
  ]
