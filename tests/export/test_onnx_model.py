"""Functions of JAX as ONNX models, run by ONNX Runtime."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks import drawn_variables

from omr_jax import models
from omr_jax.errors import UserError

onnx = pytest.importorskip('onnx', reason='needs the extra [export]')
import onnxruntime  # noqa: E402

from omr_jax.export import onnx_model  # noqa: E402
from omr_jax.predict import classifier, model_json, onnx_session  # noqa: E402


def converted(function, **arrays):
  """The function as a model, made of other batches than these arrays have: it takes any."""
  shapes = {name: jax.ShapeDtypeStruct((7, *a.shape[1:]), a.dtype) for name, a in arrays.items()}
  model = onnx_model.convert(lambda inputs: {'out': function(**inputs)}, shapes)
  onnx.checker.check_model(model, full_check=True)
  session = onnxruntime.InferenceSession(
    model.SerializeToString(), providers=['CPUExecutionProvider']
  )
  return lambda **arrays: session.run(['out'], arrays)[0]


def run(function, **arrays):
  """What the model gives for arrays."""
  return converted(function, **arrays)(**arrays)


def test_convolution_by_hand():
  """A kernel that is 1 above and 10 to the right; pixels 1 to 4, two pictures."""
  picture = np.array([[[[1], [2]], [[3], [4]]]], np.uint8).repeat(2, 0)
  kernel = np.zeros((3, 3, 1, 1), np.float32)
  kernel[0, 1], kernel[1, 2] = 1, 10

  def function(image):
    return jax.lax.conv_general_dilated(
      image.astype(jnp.float32),
      kernel,
      (1, 1),
      'SAME',
      dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
    )

  expected = [[20, 0], [1 + 40, 2]]
  np.testing.assert_array_equal(run(function, image=picture)[..., 0], [expected, expected])


def test_grey_pictures_get_their_channel_first():
  """It moves no number; runtimes are slow where the last axis of pictures has length 1.

  Of pictures of black and white pixels, half and a quarter black; darkness less its mean.
  """
  picture = np.array([[[0, 255], [0, 255]], [[255, 255], [0, 255]]], np.uint8)[..., None]

  def function(image):
    dark = 1 - image.astype(jnp.float32) / 255
    return (dark - dark.mean((1, 2, 3), keepdims=True)).max((1, 2))

  shapes = {'image': jax.ShapeDtypeStruct(picture.shape, picture.dtype)}
  model = onnx_model.convert(lambda inputs: {'out': function(**inputs)}, shapes)
  assert 'Transpose' not in [node.op_type for node in model.graph.node]
  np.testing.assert_array_equal(run(function, image=picture), [[0.5], [0.75]])


def test_operations_by_hand():
  x = np.array([[1.0, 4.0, 9.0], [0.25, 1.0, 16.0]], np.float32)
  roots = np.array([[1, 2, 3], [0.5, 1, 4]])
  for function, expected in (
    (lambda x: jnp.sqrt(x).sum(1), roots.sum(1)),
    (lambda x: 1 / jax.lax.rsqrt(x), roots),
    (lambda x: jnp.where(x > 3, -x, jnp.float32(7)), [[7, -4, -9], [7, 7, -16]]),
    (lambda x: jnp.square(jax.lax.slice_in_dim(x, 1, 3, axis=1)).max(1), [81, 256]),
    (lambda x: jnp.concatenate([jnp.zeros_like(x), x], 1).sum(1), [14, 17.25]),
    (
      lambda x: jnp.where(x == jnp.floor(x), x.min(1, keepdims=True), 5),
      [[1] * 3, [5, 0.25, 0.25]],
    ),
    (lambda x: jnp.stack([x.max(1), x.sum(1)], 1), [[9, 14], [16, 17.25]]),
    (lambda x: x @ np.array([[1.0], [10], [100]], np.float32), [[941], [1610.25]]),
    (lambda x: (x.reshape(x.shape[0] * 3) * 2).reshape(x.shape), 2 * x),
  ):
    np.testing.assert_allclose(run(function, x=x), expected, rtol=1e-6)


# The first two groups of our networks; further ones are of the same operations.
PICTURE = {'widths': (24, 48), 'blocks': (1, 2)}
PEN = {'widths': (64, 96), 'blocks': (1, 2)}
BOTH = {'widths': (16, 48), 'blocks': (1, 2), 'pen_widths': (64, 96), 'pen_blocks': (1, 2)}
CLOSE_UP = {'close_up': (32, 24)}


@pytest.mark.parametrize(
  ('name', 'height', 'width', 'arguments'),
  [
    ('preact_resnet11', 16, 24, PICTURE),
    ('preact_resnet13', 48, 32, PICTURE | CLOSE_UP),
    ('stroke_resnet17', 1, 1, PEN),
    ('stroke_resnet28', 1, 1, BOTH),
    *(
      pytest.param(*whole, marks=pytest.mark.slow)
      for whole in (
        ('preact_resnet13', 48, 32, CLOSE_UP),
        ('stroke_resnet28', 1, 1, {}),
        ('fused_resnet30', 32, 24, {}),
        ('preact_resnet9', 64, 64, {}),
        ('vgg13', 32, 48, {}),
        ('resnet25', 48, 32, {}),
        ('resnet21_strided', 128, 128, {}),
      )
    ),
  ],
)
def test_networks(name, height, width, arguments):
  """With batch statistics of all kinds, on one picture and on three."""
  module = models.create(name, 5, **arguments)
  rng = np.random.default_rng(0)
  inputs = {
    'image': rng.integers(0, 256, (3, height, width, 1), np.uint8),
    'size': rng.normal(4, 1, (3, 2)).astype(np.float32),
    'pen': np.cumsum(rng.integers(0, 3, (3, 96, 3)), axis=1).astype(np.float32) / 2,
  }
  inputs = {key: inputs[key] for key in module.inputs}
  variables = drawn_variables(module, inputs)

  @jax.jit
  def function(**inputs):
    return jax.nn.softmax(module.apply(variables, inputs, train=False))

  model = converted(function, **inputs)
  for count in (1, 3):
    some = {key: value[:count] for key, value in inputs.items()}
    np.testing.assert_allclose(model(**some), function(**some), atol=2e-5)


def test_unknown_operations_are_named():
  with pytest.raises(UserError, match='operation sin '):
    run(lambda x: jnp.sin(x), x=np.ones((1, 2), np.float32))


def test_weights_in_a_file_beside_the_model_are_refused(tmp_path, monkeypatch):
  """They have no checksum, and would be read from the current folder."""
  shipped, folder = Path(classifier.__file__).parent.parent / 'pretrained' / 'scores', tmp_path
  about = json.loads((shipped / 'model.json').read_text())
  del about['files']
  (folder / 'model.json').write_text(json.dumps(about))
  model = model_json.read(folder)
  monkeypatch.chdir(folder)
  for size in (0, 1024):  # All constants, or only the large ones, which are weights.
    onnx.save_model(
      onnx.load(shipped / 'model.onnx'),
      'model.onnx',
      save_as_external_data=True,
      location=f'weights_{size}',
      size_threshold=size,
    )
    with pytest.raises(UserError, match=r'model\.onnx: no ONNX model, or damaged .*xternal'):
      onnx_session.open_model(Path('model.onnx'), model)
