"""The output `unknown` of an ONNX model: whether what it reads is none of its classes.

A small network, the head, reads features that the model computes on its way to the logits. It is
trained to tell true examples from foreign ones (outlier exposure: Hendrycks et al., 2019), while
the model itself stays as it is. The last features alone have lost much of what tells a letter from
a symbol, so those of earlier layers are read too.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from omr_jax.tasks.classifiers.outputs import UNKNOWN
from omr_jax.utils import extras, progress

with extras.needed():
  import onnx
  from onnx import helper, numpy_helper

FEATURES = f'{UNKNOWN}_features'  # The name of the features, where they are an output.
_HIDDEN = 64
_STEPS, _BATCH = 1500, 256
_DROPOUT = 0.3
_OPTIMIZER = optax.adamw(optax.cosine_decay_schedule(2e-3, _STEPS), weight_decay=1e-3)


class Head(NamedTuple):
  """A dense layer, ReLU, and a dense layer.

  Attributes:
    inside: Weights [features, hidden] and bias [hidden] of the first layer.
    last: Weights [hidden, 1] and bias [1] of the second one.
  """

  inside: tuple[np.ndarray, np.ndarray]
  last: tuple[np.ndarray, np.ndarray]

  def log_odds(self, features: np.ndarray) -> np.ndarray:
    """The log-odds that examples are foreign: float32 [examples, features] to [examples]."""
    hidden = np.maximum(0, features @ self.inside[0] + self.inside[1])
    return (hidden @ self.last[0] + self.last[1])[:, 0]

  def moved(self, threshold: float) -> 'Head':
    """The head whose log-odds are 0 where those of this one are the threshold."""
    weights, bias = self.last
    return self._replace(last=(weights, (bias - threshold).astype(np.float32)))


def threshold(log_odds: np.ndarray, lost: float) -> float:
  """The threshold above which as many log-odds lie as the share `lost` of them allows."""
  count = int(lost * len(log_odds))
  return float(np.sort(log_odds)[::-1][max(0, count - 1) : count + 1].mean())


def fit(true: np.ndarray, foreign: Sequence[tuple[float, np.ndarray]], seed: int) -> Head:
  """Trains a head.

  Args:
    true: Features of true examples, float32 [examples, features]: half of each batch.
    foreign: The same of foreign ones, each with its share of the other half; shares add up to 1.
    seed: Of weights, batches and dropout.
  """
  mean, spread = true.mean(0), true.std(0) + 0.05
  groups = [(1.0, true), *foreign]
  counts = [len(group) for _, group in groups]
  examples = (np.concatenate([group for _, group in groups]) - mean) / spread
  is_foreign = np.repeat(np.arange(len(groups)) > 0, counts)
  chances = np.repeat([share / len(group) for share, group in groups], counts)
  rng = np.random.default_rng(seed)
  rows = rng.choice(len(examples), (_STEPS, _BATCH), p=chances / chances.sum())
  keys = jax.random.split(jax.random.key(seed), 3)
  wide = examples.shape[1]
  params = [
    (jax.random.normal(keys[0], (wide, _HIDDEN)) * np.sqrt(2 / wide), jnp.zeros(_HIDDEN)),
    (jax.random.normal(keys[1], (_HIDDEN, 1)) * np.sqrt(0.02 / _HIDDEN), jnp.zeros(1)),
  ]
  state = _OPTIMIZER.init(params)
  for n, chosen in enumerate(progress.shown(rows, 'learning', 'step')):
    labels = is_foreign[chosen].astype(np.float32)
    key = jax.random.fold_in(keys[2], n)
    params, state = _step(params, state, key, examples[chosen], labels)
  (weights, bias), last = jax.tree.map(np.asarray, params)
  scaled = weights / spread[:, None]
  return Head((scaled.astype(np.float32), (bias - mean @ scaled).astype(np.float32)), last)


@jax.jit
def _step(params, state, key: jax.Array, features: jax.Array, labels: jax.Array):
  """One step of training: new params and state of the optimizer."""

  def loss(params) -> jax.Array:
    (inside, bias), (last, last_bias) = params
    keys = jax.random.split(key)
    hidden = jax.nn.relu(_dropped(keys[0], features) @ inside + bias)
    logits = (_dropped(keys[1], hidden) @ last + last_bias)[:, 0]
    return optax.sigmoid_binary_cross_entropy(logits, labels).mean()

  updates, state = _OPTIMIZER.update(jax.grad(loss)(params), state, params)
  return optax.apply_updates(params, updates), state


def _dropped(key: jax.Array, x: jax.Array) -> jax.Array:
  return jnp.where(jax.random.bernoulli(key, 1 - _DROPOUT, x.shape), x / (1 - _DROPOUT), 0)


def with_features(content: bytes) -> bytes:
  """An ONNX model that also has the output FEATURES, float32 [batch, features]."""
  model = without_unknown(content)
  _add_features(model.graph)
  model.graph.output.append(helper.make_tensor_value_info(FEATURES, onnx.TensorProto.FLOAT, None))
  return model.SerializeToString()


def with_unknown(content: bytes, head: Head) -> bytes:
  """An ONNX model with the output `unknown`, float32 [batch], in place of one that it may have."""
  model = without_unknown(content)
  graph, own = model.graph, [f'{UNKNOWN}_{n}' for n in range(3)]
  known = {
    f'{UNKNOWN}_weights': head.inside[0],
    f'{UNKNOWN}_bias': head.inside[1],
    f'{UNKNOWN}_last_weights': head.last[0],
    f'{UNKNOWN}_last_bias': head.last[1],
    f'{UNKNOWN}_shape': np.array([-1], np.int64),
  }
  weights, bias, last_weights, last_bias, shape = known
  graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in known.items())
  _add_features(graph)
  make = helper.make_node
  graph.node.extend(
    [
      make('Gemm', [FEATURES, weights, bias], own[:1]),
      make('Relu', own[:1], own[1:2]),
      make('Gemm', [own[1], last_weights, last_bias], own[2:]),
      make('Reshape', [own[2], shape], [UNKNOWN]),
    ]
  )
  graph.output.append(helper.make_tensor_value_info(UNKNOWN, onnx.TensorProto.FLOAT, ['batch']))
  onnx.checker.check_model(model, full_check=True)
  return model.SerializeToString()


def _add_features(graph: onnx.GraphProto) -> None:
  """Adds the nodes that make the features.

  Features are what dense layers read, and, of what convolutions with strides read, the mean and the
  maximum over all places. Each group of blocks but the first begins with such a convolution.
  """
  made_by = {name: node for node in graph.node for name in node.output}
  constants = {constant.name for constant in graph.initializer}
  read, pooled = [], []
  for node in graph.node:
    if node.op_type in ('Gemm', 'MatMul') and node.input[1] in constants:
      read.append(node.input[0])
    elif node.op_type == 'Conv' and max(_attribute(node, 'strides')) > 1:
      name = _unquantized(node.input[0], made_by)
      if made_by[name].op_type == 'Relu':  # The first convolution reads the picture.
        pooled.append(name)
  for n, name in enumerate(dict.fromkeys(pooled)):
    for kind in ('GlobalAveragePool', 'GlobalMaxPool'):
      own = f'{UNKNOWN}_{kind}_{n}'
      graph.node.append(helper.make_node(kind, [name], [f'{own}_pixel']))
      graph.node.append(helper.make_node('Flatten', [f'{own}_pixel'], [own], axis=1))
      read.append(own)
  graph.node.append(helper.make_node('Concat', [*dict.fromkeys(read)], [FEATURES], axis=1))


def _attribute(node: onnx.NodeProto, name: str):
  (found,) = (each for each in node.attribute if each.name == name)
  return helper.get_attribute_value(found)


def _unquantized(name: str, made_by: Mapping[str, onnx.NodeProto]) -> str:
  """The array of which this one is a rounded copy, or its own name."""
  while name in made_by and made_by[name].op_type in ('DequantizeLinear', 'QuantizeLinear'):
    name = made_by[name].input[0]
  return name


def without_unknown(content: bytes) -> onnx.ModelProto:
  """The ONNX model without what `with_unknown` has added."""
  model = onnx.load_from_string(content)
  graph = model.graph
  for added in (graph.node, graph.initializer, graph.output):
    kept = [each for each in added if not _names(each).startswith(UNKNOWN)]
    del added[:]
    added.extend(kept)
  return model


def _names(part) -> str:
  """What a node makes, or the name of a constant or an output."""
  return part.output[0] if isinstance(part, onnx.NodeProto) else part.name
