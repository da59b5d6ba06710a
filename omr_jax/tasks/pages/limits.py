"""The values that the task's own keys of a config may have, and their copies in `model.json`.

Nothing here needs JAX.
"""

from collections.abc import Mapping
from typing import Any

from omr_jax.utils import rules
from omr_jax.utils.rules import Rule

SOURCES = ('muscima_pp', 'typeset', 'made_up')
# The section of a config on windows. The picture settings themselves are the same in all runs.
PICTURE = 'windows'
# Keys that the configs of earlier versions lack, with values that say what these did.
LATER: Mapping[str, Any] = {
  'data.tiles_per_epoch': 0,
  'data.made_up': 0,
  'data.pasted': 0,
  'distortion.blur': 0.0,
  'distortion.shadow': 0.0,
}
GONE: tuple[str, ...] = ()  # Keys that only the configs of earlier versions have.
LIMITS: Mapping[str, Rule] = {
  'data.source': rules.one_of(SOURCES),
  'data.tiles_per_epoch': rules.whole(0, 10_000_000),
  'data.made_up': rules.whole(0, 10_000),
  'data.pasted': rules.whole(0, 8),
  'windows.trained_side': (
    'a multiple of 32 from 32 to 256',
    lambda value: rules.is_whole(value, 32, 256) and value % 32 == 0,
  ),
  'distortion.zoom': ('from 0 to 2 octaves', lambda value: 0 <= value <= 2),
  'distortion.stretch': ('from 0 to 2 octaves', lambda value: 0 <= value <= 2),
  'distortion.lean': ('from 0 to 45', lambda value: 0 <= value <= 45),
  'distortion.bend': ('from 0 to 32 pixels', lambda value: 0 <= value <= 32),
  'distortion.ink': rules.CHANCE,
  'distortion.paper': rules.CHANCE,
  'distortion.noise': ('from 0 to 255', lambda value: 0 <= value <= 255),
  # More than one pixel needs a larger filter than `camera_photometry.blur` has.
  'distortion.blur': ('from 0 to 1 pixel', lambda value: 0 <= value <= 1),
  'distortion.shadow': rules.CHANCE,
}
# The threshold of an exported network: symbols with this confidence or more are found.
THRESHOLD: Rule = (
  'a confidence above 0 and below 1',
  lambda value: rules.is_number(value) and 0 < value < 1,
)
