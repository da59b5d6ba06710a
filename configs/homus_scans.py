"""Symbols cut out of scanned pages: any pen, any size, worn ink, and neighbours in the picture.

  python -m omr_jax.main --config homus_scans --workdir runs/homus_scans

Every training step draws its symbols anew as crops of a page (`omr_jax/augment`). The network does
not know how large a symbol was, and ink is not thinned: it reads lines as thick as they are. A
finer canvas with a larger network is no better here (docs/experiments.md).
"""

from ml_collections import ConfigDict

from omr_jax.configs import homus


def get_config() -> ConfigDict:
  config = homus.get_config()
  config.epochs = 48

  config.drawing.layout = 'resized'
  config.drawing.thickness = (3.0,)
  config.drawing.margin = 1  # half the thickness of the line around the points
  config.drawing.max_stretch = 2.0
  config.drawing.max_zoom = float('inf')
  config.drawing.thinned = False

  with config.unlocked():
    config.augment.space = 'crops'
    config.augment.thickness = (1.5, 5.0)  # in pixels of the tablet
    config.augment.bend = 0.04
    config.augment.around = 0.5
    config.augment.staff = 0.35
    config.augment.worn = 1.0
    del config.augment.shift

  config.model.use_size = False
  return config
