"""Every symbol of a page of handwritten music, found and named.

  python -m omr_jax.main --config pages_handwriting --raw_dir raw --workdir runs/pages_handwriting

Like `pages.py`, with the pages of MUSCIMA++ (`raw` holds its archive).
"""

from ml_collections import ConfigDict

from omr_jax.configs import pages


def get_config() -> ConfigDict:
  config = pages.get_config()
  config.epochs = 6

  config.data.source = 'muscima_pp'
  config.data.protocol = 'most_writers'  # or writers_0 ... 4, independent, new_music
  config.data.tiles_per_epoch = 0
  config.data.made_up = 0
  config.data.pasted = 2

  config.distortion.lean = 0.4
  config.distortion.bend = 1.5

  config.model.widths = (64, 96, 128, 160)
  config.model.up = 64
  return config
