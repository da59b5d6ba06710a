"""The values that the task's own keys of a config may have, and their copies in `model.json`.

Nothing here needs JAX.
"""

from collections.abc import Mapping
from typing import Any

from omr_jax.errors import UserError
from omr_jax.inputs import geometry, render
from omr_jax.tasks.classifiers import limits
from omr_jax.utils import rules
from omr_jax.utils.rules import AT_LEAST_0, CHANCE, FLAG, SHARE, Rule

# The section of a config that the picture settings are made from.
PICTURE = 'drawing'
# Keys that the configs of earlier versions lack, with values that say what these did.
LATER: Mapping[str, Any] = {}
GONE: tuple[str, ...] = ()  # Keys that only the configs of earlier versions have.
LIMITS: Mapping[str, Rule] = {
  **limits.LOSS,
  'data.allow_changed': FLAG,
  'drawing.height': rules.whole(1, 4096),
  'drawing.width': rules.whole(1, 4096),
  'drawing.layout': rules.one_of(render.LAYOUTS),
  'drawing.thickness': (
    'a list of widths above 0 and up to 4096',
    lambda value: (
      isinstance(value, tuple)
      and len(value) > 0
      and all(rules.is_number(width) and 0 < width <= 4096 for width in value)
    ),
  ),
  'drawing.staff_lines': (
    'a list of whole numbers from 0 to 4096',
    lambda value: isinstance(value, tuple) and all(rules.is_whole(y, 0, 4096) for y in value),
  ),
  'drawing.margin': rules.whole(0, 4096),
  'drawing.max_stretch': ('at least 1', lambda value: rules.is_number(value) and value >= 1),
  'drawing.max_zoom': ('at least 0.01', lambda value: rules.is_number(value) and value >= 0.01),
  'drawing.antialias': FLAG,
  'drawing.thinned': FLAG,
  'augment.thickness': rules.RANGE,
  'augment.stroke_zoom': SHARE,
  'augment.stroke_shift': AT_LEAST_0,
  'augment.bend': SHARE,
  'augment.around': CHANCE,
  'augment.staff': CHANCE,
  'augment.worn': CHANCE,
}
# The threshold of an exported network.
THRESHOLD: Rule = ('null, as the most probable symbol is the answer', lambda value: value is None)


def refuse_unfit(drawing: render.Drawing, where: str) -> None:
  """Refuses values that are allowed each by itself, but make no drawing together.

  Args:
    drawing: How symbols become pictures.
    where: Where its values stand, such as 'config.drawing', for messages.

  Raises:
    UserError: It names the key.
  """
  if drawing.layout != 'centered' and min(drawing.height, drawing.width) <= 1 + 2 * drawing.margin:
    raise UserError(
      f'{where}.margin is {drawing.margin!r}; it must leave room in {drawing.height}x'
      f'{drawing.width} pixels.'
    )
  lowest = drawing.height - 1 - 4 * geometry.STAFF_SPACE
  if any(y > lowest for y in drawing.staff_lines):
    raise UserError(
      f'{where}.staff_lines is {drawing.staff_lines!r}; the first of five lines, '
      f'{geometry.STAFF_SPACE} apart, must be at {lowest} or above.'
    )
  if drawing.staff_lines and drawing.layout != 'centered':
    raise UserError(
      f'{where}.staff_lines need the layout centered, not {drawing.layout}: scaled symbols have no '
      'common staff.'
    )
  if not drawing.thinned and drawing.layout != 'resized':
    raise UserError(
      f'{where}.thinned=False needs the layout resized, not {drawing.layout}: the others know no '
      'ink but lines.'
    )
