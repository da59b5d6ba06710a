"""Kernels in 8 bits: what is stored, and what is computed from it."""

import numpy as np
import pytest

onnx = pytest.importorskip('onnx', reason='needs the extra [export]')
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from omr_jax.export import onnx_weights  # noqa: E402


def model(kernel):
  """A convolution with a bias, in float32, as bytes."""
  out, channels, *window = kernel.shape
  node = helper.make_node('Conv', ['x', 'kernel', 'bias'], ['y'], kernel_shape=window)
  graph = helper.make_graph(
    [node],
    'graph',
    [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, channels, *window])],
    [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, out, 1, 1])],
    [
      numpy_helper.from_array(kernel, 'kernel'),
      numpy_helper.from_array(np.arange(out, dtype=np.float32), 'bias'),
    ],
  )
  opset = [helper.make_opsetid('', 17)]
  return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def computed(content, x):
  session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
  return session.run(['y'], {'x': x})[0].ravel()


def test_each_output_channel_has_steps_of_its_own():
  # The largest weights are 127 steps of 0.01, 127 steps of 1, and none at all.
  kernel = np.zeros((3, 1, 1, 2), np.float32)
  kernel[0, 0, 0] = 1.27, 0.303
  kernel[1, 0, 0] = -127, 30.4
  small = onnx_weights.in_eight_bits(model(kernel))
  found = [computed(small, np.float32([[[one]]])) for one in ([1, 0], [0, 1])]
  np.testing.assert_allclose(found, [[1.27, 1 - 127, 2], [0.3, 1 + 30, 2]], rtol=1e-5)


def test_a_quarter_of_the_size():
  rng = np.random.default_rng(0)
  kernel = rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
  x = rng.normal(size=(1, 64, 3, 3)).astype(np.float32)
  whole = model(kernel)
  small = onnx_weights.in_eight_bits(whole)
  assert len(small) < 0.27 * len(whole)
  step = np.abs(kernel).max((1, 2, 3)) / 127
  off = np.abs(computed(small, x) - computed(whole, x))
  assert (off <= step / 2 * np.abs(x).sum() + 1e-4).all() and off.max() > 0


def test_no_casts_of_bytes():
  nodes = [
    helper.make_node('Cast', ['x'], ['light'], to=TensorProto.FLOAT),
    helper.make_node('Conv', ['light', 'kernel'], ['y'], kernel_shape=[1, 1]),
  ]
  graph = helper.make_graph(
    nodes,
    'graph',
    [helper.make_tensor_value_info('x', TensorProto.UINT8, [1, 1, 1, 3])],
    [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 1, 1, 3])],
    [numpy_helper.from_array(np.full((1, 1, 1, 1), 0.5, np.float32), 'kernel')],
  )
  opset = [helper.make_opsetid('', 17)]
  whole = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
  small = onnx_weights.in_eight_bits(whole)
  assert 'Cast' not in [node.op_type for node in onnx.load_from_string(small).graph.node]
  np.testing.assert_allclose(computed(small, np.uint8([[[[0, 7, 255]]]])), [0, 3.5, 127.5])
