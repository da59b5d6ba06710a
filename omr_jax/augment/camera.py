"""Random pictures as a phone's camera would take them, inside jit.

For every example alike, whatever it shows: the camera must tell nothing about the class. Every
example has its own draw, and those of a batch depend on `rng` alone, not on how many devices share
the batch; an effect's draws don't depend on which others are on.
"""

import jax
import jax.numpy as jnp

from omr_jax.augment import camera_geometry, camera_photometry
from omr_jax.utils.rules import is_on

_EFFECTS = (
  *('clean', 'background', 'inverse', 'grey', 'defocus', 'motion', 'direction', 'exposure'),
  *('light', 'white_balance', 'shadow', 'second_shadow', 'moire', 'contrast', 'midtones'),
  *('noise', 'jpeg'),
)
_NUMBERS = 11  # random ones per effect and example; uneven light takes all of them


def look(
  rng: jax.Array,
  images: jax.Array,
  *,
  clean: float = 0.0,
  chance: float = 1.0,
  rare: float = 1.0,
  flip: float = 0.0,
  turn: float = 0.0,
  rotation: float = 0.0,
  perspective: float = 0.0,
  smaller: float = 0.0,
  larger: float = 0.0,
  stretch: float = 0.0,
  shift: float = 0.0,
  background: float = 0.0,
  inverse: float = 0.0,
  grey: float = 0.0,
  defocus: float = 0.0,
  motion: float = 0.0,
  dark: float = 0.0,
  bright: float = 0.0,
  light: float = 0.0,
  white_balance: float = 0.0,
  shadow: float = 0.0,
  moire: float = 0.0,
  contrast: float = 0.0,
  midtones: float = 0.0,
  noise: float = 0.0,
  jpeg: float = 0.0,
) -> jax.Array:
  """Takes a photo of every picture.

  With a strength of 0 the effect is off and costs nothing, and with all at 0 the output equals the
  input. An effect comes to each example by a draw of its own, its strength uniform up to the one
  that is given.

  Args:
    rng: A key.
    images: [batch, height, width, 3] in 0..255, any dtype.
    clean: Probability that an example is left as it is.
    chance: Probability of each effect that is neither a probability itself nor `rare`.
    rare: Probability of motion, of moire, of jpeg, and of each of two shadows.
    flip: Probability of a mirrored picture.
    turn: Probability of one, two or three quarter turns.
    rotation: Largest angle in degrees, to both sides.
    perspective: Largest relative change of scale from the picture's middle to a side, per axis.
    smaller: Most octaves by which the picture shrinks: 1 halves its sides.
    larger: Most octaves by which it grows, so that the frame shows a part of it.
    stretch: Largest relative change of its width, and of its height.
    shift: Largest move of the picture beyond what its size leaves free, in halves of the frame.
    background: Probability that another picture or a surface shows where the picture ends,
      instead of its edges repeated.
    inverse: Probability that light and dark are swapped.
    grey: Probability that colour is lost.
    defocus: Largest standard deviation of the blur in pixels, up to about 1.
    motion: Longest way of the camera in pixels, up to about 5.
    dark: Most octaves by which values are darkened.
    bright: Most octaves by which they are brightened; white is cut off.
    light: Largest loss by light that is uneven over the frame, in octaves.
    white_balance: Largest change of red and of blue against green, in octaves to both sides; the
      strongest of the three stays as it is, so that white paper is tinted, not burnt out.
    shadow: Largest share of the light that a shadow takes, 0..1.
    moire: Largest contrast of a screen's fringes, 0..1.
    contrast: Largest relative change of contrast, to both sides.
    midtones: Largest move of middle grey as a share of white, to both sides, up to 0.25.
    noise: Largest standard deviation of the noise in grey levels.
    jpeg: Largest loss of quality: the file's quality is from 100 - `jpeg` to 100.

  Returns:
    float32 [batch, height, width, 3] in 0..255.
  """
  batch, height, width, _ = images.shape
  rng, view_rng, around_rng, grain_rng = jax.random.split(rng, 4)
  drawn = camera_geometry.numbers(rng, len(_EFFECTS) * _NUMBERS, batch)
  drawn = dict(zip(_EFFECTS, drawn.reshape(-1, _NUMBERS, batch), strict=True))

  def amount(name: str, low: float, high: float, chance: float = chance) -> jax.Array:
    return camera_geometry.amount(drawn[name], chance, low, high)

  def chosen(name: str, probability: float) -> jax.Array:
    return (drawn[name][0] < probability)[:, None, None, None]

  view = {
    'flip': flip,
    'turn': turn,
    'rotation': rotation,
    'perspective': perspective,
    'smaller': smaller,
    'larger': larger,
    'stretch': stretch,
    'shift': shift,
  }
  original = planes = jnp.moveaxis(images.astype(jnp.float32), -1, 1)
  if is_on(inverse):
    planes = jnp.where(chosen('inverse', inverse), 255 - planes, planes)
  if any(map(is_on, view.values())):
    maps = camera_geometry.homography(view_rng, batch, chance, **view)
    planes, coverage = camera_geometry.warp(planes, maps)
    if is_on(background):
      around = camera_geometry.surroundings(around_rng, original)
      share = jnp.where(chosen('background', background), coverage[:, None], 1)
      planes = around + share * (planes - around)
    (planes,) = camera_photometry.kept(planes)
  if is_on(grey):
    planes = jnp.where(chosen('grey', grey), camera_photometry.grey(planes), planes)
  if is_on(defocus) or is_on(motion):
    way = amount('motion', 0, motion, rare)
    angle = jnp.pi * drawn['direction'][0]
    planes = camera_photometry.blur(planes, amount('defocus', 0, defocus), way, angle)
  if is_on(dark) or is_on(bright):
    planes *= jnp.exp2(amount('exposure', -dark, bright))[:, None, None, None]
  if is_on(white_balance):
    planes *= _colour(drawn['white_balance'], chance, white_balance)
  if is_on(light):
    planes *= _uneven(drawn['light'], chance, light, height, width)
  if is_on(shadow):
    for each in ('shadow', 'second_shadow'):
      planes *= _shadow(drawn[each], rare, shadow, height, width)
  if is_on(moire):
    planes *= _moire(drawn['moire'], rare, moire, height, width)
  if is_on(contrast) or is_on(midtones):
    contrasts = amount('contrast', -contrast, contrast)
    planes = camera_photometry.tone(planes, contrasts, amount('midtones', -midtones, midtones))
  if is_on(noise):
    sigma = amount('noise', 0, noise)[:, None, None, None]
    planes += sigma * camera_photometry.grain(grain_rng, planes.shape)
  if is_on(jpeg):
    (planes,) = camera_photometry.kept(jnp.clip(planes, 0, 255))
    loss = amount('jpeg', 0, jpeg, rare)
    packed = camera_photometry.jpeg(planes, 100 - loss)
    planes = jnp.where((loss > 0)[:, None, None, None], packed, planes)
  planes = jnp.clip(planes, 0, 255)
  if is_on(clean):
    planes = jnp.where(chosen('clean', clean), original, planes)
  return jnp.moveaxis(planes, 1, -1)


def _colour(drawn: jax.Array, chance: float, strength: float) -> jax.Array:
  """Gains of the three colours, at most 1: float32 [batch, 3, 1, 1]."""
  red = camera_geometry.amount(drawn[0:2], chance, -strength, strength)
  blue = camera_geometry.amount(drawn[2:4], chance, -strength, strength)
  octaves = jnp.stack([red, jnp.zeros_like(red), blue], 1)[:, :, None, None]
  return jnp.exp2(octaves - octaves.max(1, keepdims=True))


def _uneven(drawn: jax.Array, chance: float, strength: float, height: int, width: int) -> jax.Array:
  """A loss that changes slowly over the frame, as a gain: float32 [batch, 1, height, width]."""
  most = camera_geometry.amount(drawn[0:2], chance, 0, strength)
  nodes = jnp.exp2(-most * drawn[2:11]).T.reshape(-1, 3, 3)
  return camera_photometry.field(nodes, height, width)[:, None]


def _shadow(drawn: jax.Array, rare: float, strength: float, height: int, width: int) -> jax.Array:
  """A half-plane that gets less light: float32 [batch, 1, height, width]."""
  depth = camera_geometry.amount(drawn[0:2], rare, 0, strength)
  angle, start, softness = 2 * jnp.pi * drawn[2], 1.4 * drawn[3] - 0.7, 0.03 + 0.57 * drawn[4]
  return camera_photometry.shadow(depth, angle, start, softness, height, width)[:, None]


def _moire(drawn: jax.Array, rare: float, strength: float, height: int, width: int) -> jax.Array:
  """Fringes, 20 over the frame at most: float32 [batch, 3, height, width]."""
  contrast = camera_geometry.amount(drawn[0:2], rare, 0, strength)
  # Radians: half a frame of ten periods, some bending, any beginning, a tenth of a period apart.
  most = jnp.array([62.0, 62.0, 6.0, 6.0, 3.2, 0.7])
  return camera_photometry.moire(most * (2 * drawn[2:8].T - 1), contrast, height, width)
