"""Pastes symbols from other pages onto tiles of pages."""

import jax
import jax.numpy as jnp

_OFTEN = 0.5  # The share of the sprites that are pasted.


def paste(
  rng: jax.Array,
  tiles: jax.Array,
  boxes: jax.Array,
  classes: jax.Array,
  sprites: jax.Array,
  sprite_boxes: jax.Array,
  sprite_classes: jax.Array,
) -> tuple[jax.Array, jax.Array, jax.Array]:
  """Each tile gets about half of its sprites, at random places; ink stays where ink is.

  Args:
    rng: A key.
    tiles: uint8 [batch, T, T], dark ink on bright paper.
    boxes: float32 [batch, objects, 4]: left, top, right and bottom edge in pixels of the tile.
    classes: int32 [batch, objects], -1 where there is no object.
    sprites: uint8 [batch, count, S, S].
    sprite_boxes: float32 [batch, count, 4], in pixels of the sprite.
    sprite_classes: int32 [batch, count]; -1 where there is none.

  Returns:
    The tiles, and all boxes and classes on them: those of the sprites follow the others.
  """
  keys = jax.random.split(rng)
  batch, count, side = sprites.shape[:3]
  is_pasted = jax.random.bernoulli(keys[0], _OFTEN, (batch, count)) & (sprite_classes >= 0)
  corners = jax.random.randint(keys[1], (batch, count, 2), 0, tiles.shape[1] - side + 1)
  shown = jnp.where(is_pasted[..., None, None], sprites, jnp.uint8(255))

  def pasted(tile: jax.Array, corner: jax.Array, sprite: jax.Array) -> jax.Array:
    place = corner[::-1]  # x and y to row and column
    under = jax.lax.dynamic_slice(tile, place, sprite.shape)
    return jax.lax.dynamic_update_slice(tile, jnp.minimum(under, sprite), place)

  for number in range(count):
    tiles = jax.vmap(pasted)(tiles, corners[:, number], shown[:, number])
  moved = sprite_boxes + jnp.tile(corners, 2)
  placed = jnp.where(is_pasted, sprite_classes, -1)
  return tiles, jnp.concatenate([boxes, moved], 1), jnp.concatenate([classes, placed], 1)
