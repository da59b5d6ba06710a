"""The forms of an exported network, each as the bytes of a file and as a function that runs them.

All forms have the same inputs and outputs, which `model.json` describes; model.jax and model.tflite
have the first output alone. All but model.tflite take any number of pictures at once.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from omr_jax.data.dataset import Split, Splits
from omr_jax.export import examples
from omr_jax.predict import from_run
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.training.trained import Trained
from omr_jax.utils import extras

with extras.needed():
  import onnx
  import onnxruntime
  import safetensors.numpy
  from onnxruntime import quantization

  from omr_jax.export import metadata, onnx_model, onnx_weights

_CALIBRATION = 256  # Examples from which the ranges of the activations in an int8 form are taken.
_PLATFORMS = ('cpu', 'cuda', 'tpu')


class Form(NamedTuple):
  """A network in one form.

  Attributes:
    content: The bytes of the file.
    run: Runs these bytes: from inputs to outputs by name.
  """

  content: bytes
  run: Callable[[Inputs], Inputs]


def make(name: str, network: Trained, about: Described, splits: Splits) -> Form:
  """Makes a form.

  Args:
    name: The name of its file.
    network: The network, in float32.
    about: The description of the network.
    splits: Examples by split: 'test', and for the int8 form 'validation'.
  """
  shapes = examples.shapes(splits['test'], about)
  if name == 'model.jax':
    return jax_form(network, about, shapes)
  if name == 'model.tflite':
    return tflite_form(network, about, shapes)
  if name == 'weights.safetensors':
    return weights_form(network, about, splits['test'])
  form = onnx_form(network, about, shapes)
  if name != 'model.onnx' and about.task.examples.COMPUTES_IN_INT8:
    form = int8_form(form, examples.batches(splits['validation'], about, _CALIBRATION))
  elif name != 'model.onnx':
    form = form._replace(content=onnx_weights.in_eight_bits(form.content))
  return _by_onnxruntime(metadata.added(form.content, metadata.properties(about)), about.gives)


def onnx_form(
  network: Trained, about: Described, shapes: Mapping[str, jax.ShapeDtypeStruct]
) -> Form:
  """An ONNX model in float32."""
  model = onnx_model.convert(partial(from_run.outputs, network, about), shapes)
  onnx.checker.check_model(model, full_check=True)
  return _by_onnxruntime(model.SerializeToString(), about.gives)


def int8_form(whole: Form, batches: Iterable[Inputs]) -> Form:
  """An ONNX model whose convolutions and matrix products compute with 8 bits.

  Args:
    whole: The model in float32.
    batches: Examples that show how large the activations become.
  """
  with tempfile.TemporaryDirectory() as folder:
    given, ready, path = (Path(folder) / f'{name}.onnx' for name in ('given', 'ready', 'int8'))
    given.write_bytes(whole.content)
    quantization.quant_pre_process(given, ready, skip_symbolic_shape=True)
    quantization.quantize_static(
      ready,
      path,
      _Batches(batches),
      quant_format=quantization.QuantFormat.QDQ,
      op_types_to_quantize=['Conv', 'MatMul'],
      per_channel=True,
      # CPUs without VNNI add two products in 16 bits, which can overflow with weights of 8 bits. So
      # the weights get 7 bits.
      reduce_range=True,
      activation_type=quantization.QuantType.QUInt8,
      weight_type=quantization.QuantType.QInt8,
    )
    return _by_onnxruntime(path.read_bytes(), ())


def jax_form(
  network: Trained, about: Described, shapes: Mapping[str, jax.ShapeDtypeStruct]
) -> Form:
  """A function for `jax.export.deserialize`, for CPU, CUDA and TPU."""
  (batch,) = jax.export.symbolic_shape('batch')
  free = {k: jax.ShapeDtypeStruct((batch, *v.shape[1:]), v.dtype) for k, v in shapes.items()}
  first = about.gives[0]
  function = jax.jit(lambda inputs: from_run.outputs(network, about, inputs)[first])
  content = jax.export.export(function, platforms=_PLATFORMS)(free).serialize()
  call = jax.jit(jax.export.deserialize(content).call)
  return Form(bytes(content), lambda inputs: {first: np.asarray(call(dict(inputs)))})


def tflite_form(
  network: Trained, about: Described, shapes: Mapping[str, jax.ShapeDtypeStruct]
) -> Form:
  """A model for LiteRT (TensorFlow Lite), one picture at a time.

  Raises:
    UserError: TensorFlow is not installed.
  """
  with extras.needed():
    import tensorflow as tf
  from jax.experimental import jax2tf

  names, first = sorted(shapes), about.gives[0]
  specs = [tf.TensorSpec((1, *shapes[name].shape[1:]), shapes[name].dtype, name) for name in names]

  def function(*inputs):
    found = dict(zip(names, inputs, strict=True))
    return {first: from_run.outputs(network, about, found)[first]}

  module = tf.Module()  # Without it the inputs of the model have no names.
  module.run = tf.function(jax2tf.convert(function), specs, autograph=False)
  converter = tf.lite.TFLiteConverter.from_concrete_functions(
    [module.run.get_concrete_function()], module
  )
  content = converter.convert()
  run = tf.lite.Interpreter(model_content=content).get_signature_runner()

  def one_by_one(inputs: Inputs) -> Inputs:
    rows = [{name: inputs[name][i : i + 1] for name in names} for i in range(len(inputs[names[0]]))]
    return {first: np.concatenate([run(**row)[first] for row in rows])}

  return Form(content, one_by_one)


def weights_form(network: Trained, about: Described, test: Split) -> Form:
  """A file in safetensors of `params` and `batch_stats`.

  The name of an array is its path, such as `params/Block_0/Conv_0/kernel`. The arrays are float16
  if that changes no answer to the examples, else float32. The metadata of the file has
  `metadata.properties` and, where there is one, the temperature that divides the logits.

  Args:
    network: The network, in float32.
    about: The description of the network.
    test: Examples.
  """
  told = metadata.properties(about)
  if 'temperature' in about.facts:
    told['temperature'] = repr(about.facts['temperature'])
  leaves = flatten_dict(jax.device_get(network.variables), sep='/')

  def answers(form: Form) -> np.ndarray:
    return np.concatenate([answers for _, answers in examples.outputs(form.run, test, about)])

  def stored(dtype: str) -> Form:
    tensors = {name: np.ascontiguousarray(leaf, dtype) for name, leaf in leaves.items()}
    content = safetensors.numpy.save(tensors, metadata=told)
    read = {k: v.astype(np.float32) for k, v in safetensors.numpy.load(content).items()}
    again = network._replace(variables=unflatten_dict(read, sep='/'))
    return Form(content, from_run.by_jax(again, about))

  half, whole = stored('float16'), stored('float32')
  return half if (answers(half) == answers(whole)).all() else whole


class _Batches(quantization.CalibrationDataReader):
  """Gives batches to the quantization of ONNX Runtime, one for each call of `get_next`."""

  def __init__(self, batches: Iterable[Inputs]):
    self._batches = iter(batches)

  def get_next(self) -> Inputs | None:
    return next(self._batches, None)


def _by_onnxruntime(content: bytes, gives: Sequence[str]) -> Form:
  session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])

  def run(inputs: Inputs) -> Inputs:
    return dict(zip(gives, session.run(gives, dict(inputs)), strict=True))

  return Form(content, run)
