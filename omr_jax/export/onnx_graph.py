"""An ONNX model under construction: its nodes, its constants, and the order of tensors' axes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from omr_jax.errors import UserError

FIRST = (0, 3, 1, 2)  # Permutation of axes from channels last to channels first.
_LAST = (0, 2, 3, 1)  # Permutation of axes from channels first to channels last.


class Operand(NamedTuple):
  """A value of the jaxpr, as the ONNX model holds it.

  Attributes:
    data: The array, if it does not depend on the model's inputs; else the name of a tensor.
    first: Whether the model has it with channels first, while JAX has channels last.
    spread: Whether some axes have length 1 in the model and are longer in the jaxpr; operations of
      ONNX broadcast them to the length of their other operands.
  """

  data: np.ndarray | str
  first: bool = False
  spread: bool = False

  @property
  def known(self) -> bool:
    """Whether the value does not depend on the model's inputs."""
    return isinstance(self.data, np.ndarray)


class Graph:
  """The nodes and the constants of a model under construction.

  Args:
    example: Name of one of the inputs.
    batch: The symbol that JAX has for the length of the batch.
  """

  def __init__(self, example: str, batch: Any):
    self.example, self.batch = example, batch
    self.nodes: list[onnx.NodeProto] = []
    self.known: list[onnx.TensorProto] = []
    self._shared: dict[tuple, str] = {}  # Names by content, so that no array is stored twice.
    self._count = 0

  def name(self, data: np.ndarray | str) -> str:
    """The name of a tensor. An array becomes a constant of the model, with a new name."""
    if isinstance(data, str):
      return data
    data = np.ascontiguousarray(data)
    key = data.dtype.str, data.shape, data.tobytes()
    if key not in self._shared:
      self._shared[key] = f'known_{len(self._shared)}'
      self.known.append(numpy_helper.from_array(data, self._shared[key]))
    return self._shared[key]

  def add(self, kind: str, *data: np.ndarray | str, **attributes) -> str:
    """Adds a node; returns the name of its result."""
    self._count += 1
    result = f'{kind}_{self._count}'
    inputs = [self.name(each) for each in data]
    self.nodes.append(helper.make_node(kind, inputs, [result], name=result, **attributes))
    return result

  def reshaped(self, data: np.ndarray | str, shape: Sequence[Any]) -> Operand:
    """An array or tensor in a shape of the jaxpr; a symbol stands for what the rest leaves.

    Pictures with one channel get it first, which moves no number: ONNX Runtime computes element by
    element where a constant meets a tensor whose last axis has length 1.
    """
    first = is_grey(shape)
    if first:
      shape = [shape[axis] for axis in FIRST]
    lengths = np.array([-1 if is_free(length) else length for length in shape], np.int64)
    if isinstance(data, np.ndarray):
      return Operand(data.reshape(lengths), first)
    return Operand(self.add('Reshape', data, lengths), first)

  def plain(self, operand: Operand) -> Operand:
    """The operand in JAX's order of axes."""
    if not operand.first:
      return operand
    return operand._replace(data=self.transposed(operand.data, _LAST), first=False)

  def channels_first(self, operand: Operand) -> Operand:
    """The operand with channels first. Constants with other than four axes stay as they are."""
    if operand.first or (isinstance(operand.data, np.ndarray) and operand.data.ndim != 4):
      return operand
    return operand._replace(data=self.transposed(operand.data, FIRST), first=True)

  def whole(self, operand: Operand, shape: Sequence[Any]) -> Operand:
    """The operand in JAX's order of axes and with its full shape, without axes to broadcast."""
    operand = self.plain(operand)
    if not operand.spread:
      return operand
    if not any(map(is_free, shape)):
      return Operand(self.add('Expand', operand.data, np.array(shape)))
    size = [self._length(length) for length in shape]
    return Operand(self.add('Expand', operand.data, self.add('Concat', *size, axis=0)))

  def transposed(self, data: np.ndarray | str, axes: Sequence[int]) -> np.ndarray | str:
    """An array or tensor with its axes in another order."""
    if isinstance(data, np.ndarray):
      return data.transpose(axes)
    return self.add('Transpose', data, perm=axes)

  def _length(self, length: Any) -> np.ndarray | str:
    if not is_free(length):
      return np.array([length])
    if length != self.batch:
      raise UserError(f'An array of {length} along an axis cannot be exported.')
    return self.add('Shape', self.example, start=0, end=1)


def is_grey(shape: Sequence[Any]) -> bool:
  """Whether an array of that shape in the jaxpr is pictures with one channel."""
  return len(shape) == len(FIRST) and not is_free(shape[-1]) and shape[-1] == 1


def is_free(length: Any) -> bool:
  """Whether the length of an axis is not a number, but a symbol such as that of the batch."""
  return not isinstance(length, int)
