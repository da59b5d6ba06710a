"""The paper's two networks in Keras on TensorFlow, as the original systems have them."""

import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import keras
import numpy as np
import tensorflow as tf
from keras import layers

CLASSES = 32
Conv = partial(
  layers.Conv2D, kernel_size=3, padding='same', kernel_regularizer=keras.regularizers.l2(1e-4)
)


def vgg13(shape: tuple[int, int, int]) -> keras.Model:
  """The VGG of the paper, whose last pool is a mean."""
  image = x = layers.Input(shape)
  for group, (width, depth) in enumerate(
    zip((32, 64, 128, 256, 512), (2, 2, 3, 3, 3), strict=True)
  ):
    for _ in range(depth):
      x = layers.ReLU()(layers.BatchNormalization()(Conv(width)(x)))
    x = layers.AveragePooling2D(2)(x) if group == 4 else layers.MaxPooling2D(2)(x)
  return _classifier(image, x)


def resnet25(shape: tuple[int, int, int]) -> keras.Model:
  """The ResNet of the paper."""
  image = layers.Input(shape)
  x = layers.ReLU()(layers.BatchNormalization()(Conv(16)(image)))
  for group, (width, depth) in enumerate(zip((16, 32, 64, 128, 256), (1, 2, 3, 3, 3), strict=True)):
    x = layers.MaxPooling2D(2)(x) if group else x
    for block in range(depth):
      y = layers.ReLU()(layers.BatchNormalization()(Conv(width)(x)))
      y = layers.BatchNormalization()(Conv(width)(y))
      shortcut = Conv(width)(x) if group and not block else x
      x = layers.ReLU()(layers.Add()([shortcut, y]))
  return _classifier(image, layers.AveragePooling2D(2)(x))


NETWORKS = {'vgg13': vgg13, 'resnet25': resnet25}


def contender(
  network: str, batch: dict[str, np.ndarray]
) -> tuple[Callable[[], None], Callable[[], None]]:
  """Two functions: a forward pass and a training step, both in Keras's compiled graph."""
  image = 1 - batch['image'].astype(np.float32) / 255
  model = NETWORKS[network](image.shape[1:])
  model.compile(
    keras.optimizers.Adadelta(1.0, rho=0.95, epsilon=1e-8),
    keras.losses.SparseCategoricalCrossentropy(),
  )
  image, label = keras.ops.convert_to_tensor(image), keras.ops.convert_to_tensor(batch['label'])
  forward = tf.function(lambda: model(image, training=True))
  return lambda: forward().numpy(), lambda: model.train_on_batch(image, label)


def _classifier(image: keras.KerasTensor, x: keras.KerasTensor) -> keras.Model:
  dense = layers.Dense(
    CLASSES, activation='softmax', kernel_regularizer=keras.regularizers.l2(1e-4)
  )
  return keras.Model(image, dense(layers.Flatten()(x)))
