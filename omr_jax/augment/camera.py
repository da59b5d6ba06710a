"""Random changes of pictures, as a phone's camera makes them, inside jit.

All examples are treated alike, so that the camera says nothing about the class. Every example has
its own random numbers. They follow from `rng` alone, whatever the number of devices that share the
batch, and those of one effect do not depend on which other effects are on.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from omr_jax.augment import camera_geometry, camera_photometry
from omr_jax.utils.rules import is_on

_EFFECTS = (
  *('clean', 'background', 'inverse', 'grey', 'defocus', 'motion', 'direction', 'exposure'),
  *('light', 'white_balance', 'shadow', 'second_shadow', 'moire', 'contrast', 'midtones'),
  *('noise', 'jpeg'),
)
_NUMBERS = 11  # Random numbers of each effect and example; uneven light uses all of them.
_VIEW = ('flip', 'turn', 'rotation', 'perspective', 'smaller', 'larger', 'stretch', 'shift')


class Strengths(NamedTuple):
  """How strong each effect is. An effect of strength 0 is off and costs nothing.

  Some effects are given by their probability. Every other effect occurs in an example with the
  probability `chance` or `rare`; its strength there is uniform from 0 to the value given here.

  Attributes:
    clean: Probability that an example is left unchanged.
    chance: Probability of each effect that neither is a probability itself nor occurs by `rare`.
    rare: Probability of motion, of moire, of jpeg, and of each of two shadows.
    flip: Probability of a mirrored picture.
    turn: Probability of one, two or three quarter turns.
    rotation: Largest angle in degrees, in both directions.
    perspective: Largest relative change of scale from the picture's middle to a side, per axis.
    smaller: Most octaves by which the picture shrinks: 1 halves its sides.
    larger: Most octaves by which it grows, so that the frame shows a part of it.
    stretch: Largest relative change of its width, and of its height.
    shift: Largest move of the picture beyond the places where it still lies within the frame (or,
      if it is larger, covers the frame), in halves of the frame.
    background: Probability that another picture or a surface is seen beyond the picture's edge,
      instead of a repetition of the edge.
    inverse: Probability that light and dark are swapped.
    grey: Probability that the colours are removed.
    defocus: Largest standard deviation of the blur in pixels, up to about 1.
    motion: Longest movement of the camera in pixels, up to about 5.
    dark: Most octaves by which values are darkened.
    bright: Most octaves by which values are brightened; what exceeds white is clipped.
    light: Largest loss by light that is uneven over the frame, in octaves.
    white_balance: Largest change of red and of blue against green, in octaves in both directions.
      The strongest of the three colours keeps its value, so that white paper is tinted instead of
      overexposed.
    shadow: Largest share of the light that a shadow takes, 0..1.
    moire: Largest contrast of the fringes in a photo of a screen, 0..1.
    contrast: Largest relative change of contrast, in both directions.
    midtones: Largest move of middle grey as a share of white, in both directions, up to 0.25.
    noise: Largest standard deviation of the noise in grey levels.
    jpeg: Largest loss of quality: the quality of the JPEG is from 100 - `jpeg` to 100.
  """

  clean: float = 0.0
  chance: float = 1.0
  rare: float = 1.0
  flip: float = 0.0
  turn: float = 0.0
  rotation: float = 0.0
  perspective: float = 0.0
  smaller: float = 0.0
  larger: float = 0.0
  stretch: float = 0.0
  shift: float = 0.0
  background: float = 0.0
  inverse: float = 0.0
  grey: float = 0.0
  defocus: float = 0.0
  motion: float = 0.0
  dark: float = 0.0
  bright: float = 0.0
  light: float = 0.0
  white_balance: float = 0.0
  shadow: float = 0.0
  moire: float = 0.0
  contrast: float = 0.0
  midtones: float = 0.0
  noise: float = 0.0
  jpeg: float = 0.0


# The random numbers of each effect, float32 [_NUMBERS, batch].
Draws = Mapping[str, jax.Array]


def look(rng: jax.Array, images: jax.Array, **strengths: float) -> jax.Array:
  """Takes a photo of every picture: geometry, lens, light, then sensor and file.

  Args:
    rng: A key.
    images: [batch, height, width, 3] in 0..255, any dtype.
    **strengths: Fields of `Strengths`. With none of them the output equals the input.

  Returns:
    float32 [batch, height, width, 3] in 0..255.
  """
  strength = Strengths(**strengths)
  rng, view_rng, around_rng, grain_rng = jax.random.split(rng, 4)
  numbers = camera_geometry.numbers(rng, len(_EFFECTS) * _NUMBERS, len(images))
  drawn = dict(zip(_EFFECTS, numbers.reshape(-1, _NUMBERS, len(images)), strict=True))
  (original,) = camera_photometry.kept(jnp.moveaxis(images.astype(jnp.float32), -1, 1))
  planes = original
  if is_on(strength.inverse):
    planes = jnp.where(_chosen(drawn['inverse'], strength.inverse), 255 - planes, planes)
  planes = _placed(view_rng, around_rng, planes, original, drawn, strength)
  planes = _through_lens(planes, drawn, strength)
  planes = _lit(planes, drawn, strength)
  planes = _recorded(grain_rng, planes, drawn, strength)
  planes = jnp.clip(planes, 0, 255)
  if is_on(strength.clean):
    planes = jnp.where(_chosen(drawn['clean'], strength.clean), original, planes)
  return jnp.moveaxis(planes, 1, -1)


def _chosen(drawn: jax.Array, probability: float) -> jax.Array:
  """Which examples an effect of this probability occurs in: bool [batch, 1, 1, 1]."""
  return (drawn[0] < probability)[:, None, None, None]


def _placed(
  view_rng: jax.Array,
  around_rng: jax.Array,
  planes: jax.Array,
  original: jax.Array,
  drawn: Draws,
  strength: Strengths,
) -> jax.Array:
  """Moves each picture in the frame and fills what then lies beyond its edge."""
  view = {name: getattr(strength, name) for name in _VIEW}
  if not any(map(is_on, view.values())):
    return planes
  maps = camera_geometry.homography(view_rng, len(planes), strength.chance, **view)
  planes, coverage = camera_geometry.warp(planes, maps)
  if is_on(strength.background):
    around = camera_geometry.surroundings(around_rng, original)
    share = jnp.where(_chosen(drawn['background'], strength.background), coverage[:, None], 1)
    planes = around + share * (planes - around)
  (planes,) = camera_photometry.kept(planes)
  return planes


def _through_lens(planes: jax.Array, drawn: Draws, strength: Strengths) -> jax.Array:
  """Removes colours, and blurs by defocus and motion."""
  if is_on(strength.grey):
    planes = jnp.where(
      _chosen(drawn['grey'], strength.grey), camera_photometry.grey(planes), planes
    )
  if is_on(strength.defocus) or is_on(strength.motion):
    way = camera_geometry.amount(drawn['motion'], strength.rare, 0, strength.motion)
    angle = jnp.pi * drawn['direction'][0]
    defocus = camera_geometry.amount(drawn['defocus'], strength.chance, 0, strength.defocus)
    planes = camera_photometry.blur(planes, defocus, way, angle)
  return planes


def _lit(planes: jax.Array, drawn: Draws, strength: Strengths) -> jax.Array:
  """Changes exposure and colour of the light; adds uneven light, shadows and moire."""
  height, width = planes.shape[2:]
  light: list[jax.Array] = []
  if is_on(strength.dark) or is_on(strength.bright):
    octaves = camera_geometry.amount(
      drawn['exposure'], strength.chance, -strength.dark, strength.bright
    )
    light.append(jnp.exp2(octaves)[:, None, None, None])
  if is_on(strength.light):
    light.append(_uneven(drawn['light'], strength.chance, strength.light, height, width))
  if is_on(strength.shadow):
    for each in ('shadow', 'second_shadow'):
      light.append(_shadow(drawn[each], strength.rare, strength.shadow, height, width))
  if light:
    # Kept, because it is the same for the three colours.
    planes *= camera_photometry.kept(math.prod(light[1:], start=light[0]))[0]
  if is_on(strength.white_balance):
    colour = _colour(drawn['white_balance'], strength.chance, strength.white_balance)
    planes *= camera_photometry.kept(colour)[0]
  if is_on(strength.moire):
    planes *= _moire(drawn['moire'], strength.rare, strength.moire, height, width)
  return planes


def _recorded(
  grain_rng: jax.Array, planes: jax.Array, drawn: Draws, strength: Strengths
) -> jax.Array:
  """Changes contrast and midtones, adds noise, and compresses as a JPEG."""
  if is_on(strength.contrast) or is_on(strength.midtones):
    contrast = camera_geometry.amount(
      drawn['contrast'], strength.chance, -strength.contrast, strength.contrast
    )
    midtones = camera_geometry.amount(
      drawn['midtones'], strength.chance, -strength.midtones, strength.midtones
    )
    planes = camera_photometry.tone(planes, contrast, midtones)
  if is_on(strength.noise):
    sigma = camera_geometry.amount(drawn['noise'], strength.chance, 0, strength.noise)
    planes += sigma[:, None, None, None] * camera_photometry.grain(grain_rng, planes.shape)
  if is_on(strength.jpeg):
    (planes,) = camera_photometry.kept(jnp.clip(planes, 0, 255))
    loss = camera_geometry.amount(drawn['jpeg'], strength.rare, 0, strength.jpeg)
    packed = camera_photometry.jpeg(planes, 100 - loss)
    planes = jnp.where((loss > 0)[:, None, None, None], packed, planes)
  return planes


def _colour(drawn: jax.Array, chance: float, strength: float) -> jax.Array:
  """Factors of the three colours, the largest of them 1: float32 [batch, 3, 1, 1]."""
  red = camera_geometry.amount(drawn[0:2], chance, -strength, strength)
  blue = camera_geometry.amount(drawn[2:4], chance, -strength, strength)
  octaves = jnp.stack([red, jnp.zeros_like(red), blue], 1)[:, :, None, None]
  return jnp.exp2(octaves - octaves.max(1, keepdims=True))


def _uneven(drawn: jax.Array, chance: float, strength: float, height: int, width: int) -> jax.Array:
  """The share of the light that is left, which varies slowly over the frame.

  float32 [batch, 1, height, width].
  """
  most = camera_geometry.amount(drawn[0:2], chance, 0, strength)
  nodes = jnp.exp2(-most * drawn[2:11]).T.reshape(-1, 3, 3)
  return camera_photometry.field(nodes, height, width)[:, None]


def _shadow(drawn: jax.Array, rare: float, strength: float, height: int, width: int) -> jax.Array:
  """The share of the light that is left, less in a half-plane.

  float32 [batch, 1, height, width].
  """
  depth = camera_geometry.amount(drawn[0:2], rare, 0, strength)
  angle, start, softness = 2 * jnp.pi * drawn[2], 1.4 * drawn[3] - 0.7, 0.03 + 0.57 * drawn[4]
  return camera_photometry.shadow(depth, angle, start, softness, height, width)[:, None]


def _moire(drawn: jax.Array, rare: float, strength: float, height: int, width: int) -> jax.Array:
  """The factor of moire fringes, 20 over the frame at most: float32 [batch, 3, height, width]."""
  contrast = camera_geometry.amount(drawn[0:2], rare, 0, strength)
  # Largest values in radians: about ten periods over half the frame along x and along y, how much
  # the phase bends, any phase at the beginning, a tenth of a period from colour to colour.
  most = jnp.array([62.0, 62.0, 6.0, 6.0, 3.2, 0.7])
  return camera_photometry.moire(most * (2 * drawn[2:8].T - 1), contrast, height, width)
