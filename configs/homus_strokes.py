"""HOMUS from strokes: for data that has the points of the pen.

  python -m omr_jax.main --config homus_strokes --workdir runs/homus_strokes

The network reads 96 points along the path of the pen, both in their order and as a picture of 48x36
pixels that it draws from them. In every training step the strokes are distorted anew, as their
writers might have written them another time. The pictures of `config.drawing` are for the report
only.
"""

from ml_collections import ConfigDict

from omr_jax.configs import homus


def get_config() -> ConfigDict:
  config = homus.get_config()
  config.augment.rotation = 15.0
  config.augment.zoom = (0.7, 1.35)
  config.augment.shear = 0.25
  config.augment.stroke_zoom = 0.1
  config.augment.stroke_shift = 2.5
  config.augment.bend = 0.04

  with config.unlocked():
    # This network reads no pictures, so there is no ink to shift or to make thicker.
    del config.augment.shift
    del config.augment.thickness

    config.model = ConfigDict()
    config.model.name = 'stroke_resnet28'
    # Of the branch that sees the points as a picture:
    config.model.widths = (16, 48, 96)
    config.model.blocks = (1, 2, 2)
    config.model.stem_stride = 2
    # Of the branch that reads the points in their order:
    config.model.pen_widths = (64, 96, 144, 192)
    config.model.pen_blocks = (2, 2, 2, 2)
    config.model.hidden = 128
    config.model.dropout = 0.3
  return config
