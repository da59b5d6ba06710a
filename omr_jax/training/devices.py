"""How devices share the work: the members of a population, and the examples of a batch.

A mesh has two axes: along MEMBER_AXIS each device trains members of its own, along BATCH_AXIS the
devices share the batches of the same members.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, Sharding
from jax.sharding import PartitionSpec as P

from omr_jax.data.cache import Rows
from omr_jax.data.dataset import Split
from omr_jax.errors import UserError

MEMBER_AXIS = 'member'
BATCH_AXIS = 'batch'


def mesh(batch_size: int, members: int = 1) -> Mesh:
  """All devices, as many as possible of them along MEMBER_AXIS and the others along BATCH_AXIS.

  Args:
    batch_size: Examples in a step of one member.
    members: Size of the population.

  Raises:
    UserError: The batch size is no multiple of the number of devices that share a batch.
  """
  of_members = math.gcd(members, jax.device_count())
  of_batch = jax.device_count() // of_members
  if batch_size % of_batch:
    raise UserError(
      f'config.batch_size={batch_size} does not divide among the {of_batch} devices that share '
      'it; choose a multiple.'
    )
  return jax.make_mesh(
    (of_members, of_batch), (MEMBER_AXIS, BATCH_AXIS), axis_types=(AxisType.Auto,) * 2
  )


def for_members(function: Callable, mesh: Mesh, members: int, own: Sequence[bool]) -> Callable:
  """Makes a function of all members from a function of one; the only `vmap` over members.

  Args:
    function: A function from trees of arrays to a tree of arrays.
    mesh: The devices, from `mesh`.
    members: Size of the population.
    own: Whether every member has its own value, for each argument. Such arguments of the returned
      function have a leading axis [members], and so has its result.
  """
  if members == 1:  # Without vmap, so that XLA compiles the function as it is.

    def alone(*arguments):
      first = [
        jax.tree.map(lambda leaf: leaf[0], argument) if is_own else argument
        for argument, is_own in zip(arguments, own, strict=True)
      ]
      return jax.tree.map(lambda leaf: leaf[None], function(*first))

    return alone
  mapped = jax.vmap(function, [0 if is_own else None for is_own in own])
  if mesh.shape[MEMBER_AXIS] == 1:
    return mapped
  # With vmap alone XLA would choose how the devices share the work, and move members between them.
  return jax.shard_map(
    mapped,
    mesh=mesh,
    in_specs=tuple(P(MEMBER_AXIS) if is_own else P() for is_own in own),
    out_specs=P(MEMBER_AXIS),
    axis_names={MEMBER_AXIS},
    check_vma=False,
  )


def shared_batch(batch: Any, mesh: Mesh) -> Any:
  """Inside jit: lets devices along BATCH_AXIS share a member's batch, a tree of [batch, ...]."""
  inside = jax.sharding.get_abstract_mesh()  # Not empty inside the shard_map of `for_members`.
  sharding = NamedSharding(mesh if inside.empty else inside, P(BATCH_AXIS))
  return jax.lax.with_sharding_constraint(batch, sharding)


def place(tree: Any, sharding: Sharding) -> Any:
  """Puts arrays on the devices of all processes, each of which must have the whole arrays."""
  arrays = jax.tree.map(np.asarray, tree)
  return jax.tree.map(
    lambda array: jax.make_array_from_callback(array.shape, sharding, array.__getitem__), arrays
  )


def placed_shape(array: np.ndarray | Rows, sharding: Sharding) -> jax.ShapeDtypeStruct:
  """What `place` makes of an array, without its numbers."""
  dtype = jax.dtypes.canonicalize_dtype(array.dtype)
  return jax.ShapeDtypeStruct(array.shape, dtype, sharding=sharding)


def place_examples(
  arrays: Split, names: Sequence[str], chosen: np.ndarray, mesh: Mesh
) -> dict[str, jax.Array]:
  """Puts a batch on the devices; each process reads only the examples of its own devices.

  Args:
    arrays: The arrays of a split by name, each [examples, ...].
    names: Names of the arrays to put there.
    chosen: Indices of the examples, int [batch], or [members, batch] if each member has its own.
    mesh: The devices, from `mesh`.
  """
  sharding = NamedSharding(mesh, P(*(MEMBER_AXIS, BATCH_AXIS)[-chosen.ndim :]))

  def placed(array: np.ndarray | Rows) -> jax.Array:
    def part(index: Any) -> np.ndarray:
      return array[chosen[index[: chosen.ndim]]]

    shape = (*chosen.shape, *array.shape[1:])
    return jax.make_array_from_callback(shape, sharding, part)

  return {name: placed(arrays[name]) for name in names}
