"""HOMUS from pictures: the most accurate single network.

  python -m omr_jax.main --config homus_best --workdir runs/homus_best

Like `homus.py`, with a finer canvas on which the flags of notes stay apart, a larger network,
stronger augmentation and more epochs. It takes six to seven times as long on a CPU.
"""

from ml_collections import ConfigDict

from omr_jax.configs import homus


def get_config() -> ConfigDict:
  config = homus.get_config()
  config.epochs = 30

  config.drawing.height = 112
  config.drawing.width = 80

  config.augment.rotation = 15.0
  config.augment.zoom = (0.7, 1.35)
  config.augment.shear = 0.25
  config.augment.stroke_zoom = 0.1
  config.augment.stroke_shift = 2.5
  config.augment.bend = 0.04

  config.model.name = 'preact_resnet13'
  config.model.widths = (24, 48, 96, 160)
  config.model.blocks = (1, 1, 2, 2)
  return config
