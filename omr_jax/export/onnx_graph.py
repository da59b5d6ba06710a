"""An ONNX model that is being made: nodes, known tensors, and how a tensor lies in memory."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from omr_jax.errors import UserError

FIRST = (0, 3, 1, 2)  # To channels first, from channels last.
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
    return operand._replace(data=self.transposed(operand.data, _LAST), first=False)

  def channels_first(self, operand: Operand) -> Operand:
    """The same, with channels first if it has four axes."""
    if operand.first or (operand.known and operand.data.ndim != 4):
      return operand
    return operand._replace(data=self.transposed(operand.data, FIRST), first=True)

  def whole(self, operand: Operand, shape: Sequence[Any]) -> Operand:
    """The same, plain and in its full shape."""
    operand = self.plain(operand)
    if not operand.spread:
      return operand
    if not any(map(is_free, shape)):
      return Operand(self.add('Expand', operand.data, np.array(shape)))
    size = [self._length(length) for length in shape]
    return Operand(self.add('Expand', operand.data, self.add('Concat', *size, axis=0)))

  def transposed(self, data: np.ndarray | str, axes: Sequence[int]) -> np.ndarray | str:
    """With its axes in another order."""
    if isinstance(data, np.ndarray):
      return data.transpose(axes)
    return self.add('Transpose', data, perm=axes)

  def _length(self, length: Any) -> np.ndarray | str:
    if not is_free(length):
      return np.array([length])
    if length != self.batch:
      raise UserError(f'An array of {length} along an axis can not be exported.')
    return self.add('Shape', self.example, start=0, end=1)


def is_free(length: Any) -> bool:
  """Whether an axis is as long as the batch is large."""
  return not isinstance(length, int)
