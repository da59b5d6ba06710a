"""HOMUS from pictures with staff lines at y = 74, each symbol in its own size (paper, V-B).

  python -m omr_jax.main --config homus_staff --workdir runs/homus_staff

The canvas is the paper's, 192x96 pixels; symbols that are larger are cropped. The network reads
the picture alone. It removes the staff lines, finds the symbol and enlarges it by itself. Every
training step draws its symbols anew on the same staff lines.
"""

from ml_collections import ConfigDict

from omr_jax.configs import homus


def get_config() -> ConfigDict:
  config = homus.get_config()
  config.epochs = 24

  config.drawing.height = 192
  config.drawing.width = 96
  config.drawing.layout = 'centered'
  config.drawing.thickness = (3.0,)
  config.drawing.staff_lines = (74,)

  config.augment.rotation = 15.0
  config.augment.zoom = (0.75, 1.25)
  config.augment.shear = 0.25
  config.augment.thickness = (2.0, 4.0)
  config.augment.stroke_zoom = 0.1
  config.augment.stroke_shift = 2.5
  config.augment.bend = 0.04

  config.model.name = 'preact_resnet13'
  config.model.widths = (16, 32, 64, 128)
  config.model.blocks = (1, 1, 2, 2)
  config.model.use_size = True  # the size of the symbol as the network finds it

  with config.unlocked():
    config.model.close_up = (112, 80)  # height and width of the enlarged symbol
    # The layout centered does not scale symbols.
    del config.drawing.margin
    del config.drawing.max_stretch
    del config.drawing.max_zoom
  return config
