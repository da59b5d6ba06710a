"""HOMUS from pictures and strokes in one network: for data that has the points of the pen.

  python -m omr_jax.main --config homus_fused --workdir runs/homus_fused

Picture and points are made from the same strokes, which are distorted anew in every training step.
The network is as accurate as that of `homus_strokes.py` and takes twice the time
(docs/experiments.md).
"""

from ml_collections import ConfigDict

from omr_jax.configs import homus


def get_config() -> ConfigDict:
  config = homus.get_config()
  config.drawing.height = 112
  config.drawing.width = 80

  config.augment.rotation = 15.0
  config.augment.zoom = (0.7, 1.35)
  config.augment.shear = 0.25
  config.augment.stroke_zoom = 0.1
  config.augment.stroke_shift = 2.5
  config.augment.bend = 0.04

  with config.unlocked():
    config.model = ConfigDict()
    config.model.name = 'fused_resnet30'
    # Of the branch that reads the picture:
    config.model.widths = (16, 32, 64, 128)
    config.model.blocks = (1, 1, 2, 2)
    config.model.stem_stride = 2
    # Of the branch that reads the points in their order:
    config.model.pen_widths = (64, 96, 144, 168)
    config.model.pen_blocks = (2, 2, 2, 2)
    config.model.hidden = 128
    config.model.dropout = 0.3
  return config
