"""The pages in configs/, made so small that a test can train them, and small pictures."""

import importlib.util
import io
from pathlib import Path
from types import ModuleType

import numpy as np
from ml_collections import ConfigDict
from PIL import Image

ROOT = Path(__file__).parent.parent

# Flags of omr_jax.main for `small_config` with longer epochs.
SMALL = (
  '--config=configs/homus.py',
  '--config.data.protocol=writers_0',
  '--config.tested=best',
  '--config.data.allow_changed',
  '--config.drawing.height=16',
  '--config.drawing.width=16',
  '--config.model.widths=(4, 8)',
  '--config.model.blocks=(1, 1)',
  '--config.batch_size=2',  # 152 steps an epoch
  '--config.epochs=20',
)


# One step an epoch, so that metrics.jsonl has the loss of every step.
STEPS = (*SMALL[:-2], '--config.batch_size=304')
# Flags for `plain_config`, but for its epochs and its batches of 8; and for one step an epoch.
PLAIN = (
  *SMALL[:-4],
  '--config.augment.space=none',
  '--config.model.widths=(4,)',
  '--config.model.blocks=(1,)',
)
PLAIN_STEPS = (*PLAIN, '--config.batch_size=304')


def load_page(name: str) -> ModuleType:
  """A page in configs/."""
  spec = importlib.util.spec_from_file_location(name, ROOT / 'omr_jax' / 'configs' / f'{name}.py')
  page = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(page)
  return page


def config_page(name: str, *variant: str) -> ConfigDict:
  """The config of a page."""
  return load_page(name).get_config(*variant)


def small_config() -> ConfigDict:
  """configs/homus.py made small: 3 epochs of 304 // 8 = 38 steps."""
  config = config_page('homus')
  config.epochs = 3
  config.tested = 'best'
  config.batch_size = 8
  config.data.protocol = 'writers_0'
  config.data.allow_changed = True
  config.drawing.height = config.drawing.width = 16
  config.model.widths = (4, 8)
  config.model.blocks = (1, 1)
  return config


def plain_config() -> ConfigDict:
  """`small_config` with a network that compiles faster, and without augmentation.

  It is for tests of what surrounds the steps of a run.
  """
  config = small_config()
  config.model.widths, config.model.blocks = (4,), (1,)
  with config.unlocked():
    config.augment = ConfigDict({'space': 'none'})
  return config


def picture_file(seed: int, stripes: bool) -> bytes:
  """A PNG of 60x80 pixels: a coarse pattern, of greys behind dark stripes, or of colours."""
  coarse = np.random.default_rng(seed).integers(60, 256, (6, 8, 3), np.uint8)
  if stripes:
    coarse[:] = coarse[..., :1]
  pixels = coarse.repeat(10, 0).repeat(10, 1)
  if stripes:
    pixels[::4] = 0
  file = io.BytesIO()
  Image.fromarray(pixels).save(file, 'PNG')
  return file.getvalue()


def small_score_config() -> ConfigDict:
  """configs/scores.py made small."""
  config = config_page('scores')
  config.epochs = 4
  config.batch_size = 16
  config.average_decay = 0.5
  config.picture.height = config.picture.width = 16
  config.picture.tiles = 2
  config.picture.papers = 1
  config.picture.scenes = 4
  config.picture.drawn = 0
  config.model.widths = (8, 16)
  config.model.blocks = (1, 1)
  config.model.stem_size = 3
  config.model.stem_stride = 1
  return config
