"""The output `unknown` of an ONNX model: whether what it reads is none of its classes.

A small network, the head, reads the features from which the model computes its logits. It is
trained to tell true examples from foreign ones (outlier exposure: Hendrycks et al., 2019), while
the model itself stays as it is.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from omr_jax.tasks.classifiers.outputs import PROBABILITIES, UNKNOWN
from omr_jax.utils import extras

with extras.needed():
  import onnx
  from onnx import helper, numpy_helper

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
    """Of being foreign: float32 [examples, features] to [examples]."""
    hidden = np.maximum(0, features @ self.inside[0] + self.inside[1])
    return (hidden @ self.last[0] + self.last[1])[:, 0]

  def moved(self, threshold: float) -> 'Head':
    """The head whose log-odds are 0 where those of this one are the threshold."""
    weights, bias = self.last
    return self._replace(last=(weights, (bias - threshold).astype(np.float32)))


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
  for n, chosen in enumerate(rows):
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


def with_features(content: bytes) -> tuple[bytes, list[str]]:
  """An ONNX model that also gives its features, and the names of these outputs.

  The features are what its last dense layers read: those whose sum the logits are.
  """
  model = without_unknown(content)
  made_by = {name: node for node in model.graph.node for name in node.output}
  found: set[str] = set()
  seen: set[str] = set()
  ahead = [PROBABILITIES]
  while ahead:
    name = ahead.pop()
    if name not in made_by or name in seen:  # A constant, or one that was there before.
      continue
    seen.add(name)
    node = made_by[name]
    if node.op_type in ('Gemm', 'MatMul'):
      found.add(node.input[0])
    else:
      ahead += node.input
  names = sorted(found)
  for name in names:
    model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
  return model.SerializeToString(), names


def with_unknown(content: bytes, head: Head) -> bytes:
  """An ONNX model with the output `unknown`, float32 [batch], in place of one that it may have."""
  _, names = with_features(content)
  model = without_unknown(content)
  graph, own = model.graph, [f'{UNKNOWN}_{n}' for n in range(4)]
  known = {
    f'{UNKNOWN}_weights': head.inside[0],
    f'{UNKNOWN}_bias': head.inside[1],
    f'{UNKNOWN}_last_weights': head.last[0],
    f'{UNKNOWN}_last_bias': head.last[1],
    f'{UNKNOWN}_shape': np.array([-1], np.int64),
  }
  weights, bias, last_weights, last_bias, shape = known
  graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in known.items())
  make = helper.make_node
  graph.node.extend(
    [
      make('Concat', names, own[:1], axis=1),
      make('Gemm', [own[0], weights, bias], own[1:2]),
      make('Relu', own[1:2], own[2:3]),
      make('Gemm', [own[2], last_weights, last_bias], own[3:4]),
      make('Reshape', [own[3], shape], [UNKNOWN]),
    ]
  )
  graph.output.append(helper.make_tensor_value_info(UNKNOWN, onnx.TensorProto.FLOAT, ['batch']))
  onnx.checker.check_model(model, full_check=True)
  return model.SerializeToString()


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
