"""How the devices share the work: the runs of a population, and the examples of a batch."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from omr_jax.errors import UserError

MEMBER_AXIS = 'member'
BATCH_AXIS = 'batch'


def mesh(batch_size: int, members: int = 1) -> Mesh:
  """All devices: as many of them as can take members of their own, the others share batches.

  Args:
    batch_size: Of each member.
    members: Runs that are trained together, 1 for one alone.

  Raises:
    UserError: Devices that share a batch can't share one of `batch_size`.
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
  """A function of one member, made one of all.

  Args:
    function: Of trees of arrays, to a tree of arrays.
    mesh: See `mesh`.
    members: How many there are.
    own: For each argument whether each member has one of its own. These have a leading axis
      [members] now, as has the result.
  """
  if members == 1:  # Not mapped, so that it compiles to the program of the function itself.

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
  # Not left to the compiler, which would move members between devices where it takes them apart.
  return jax.shard_map(
    mapped,
    mesh=mesh,
    in_specs=tuple(P(MEMBER_AXIS) if is_own else P() for is_own in own),
    out_specs=P(MEMBER_AXIS),
    axis_names={MEMBER_AXIS},
    check_vma=False,
  )


def shared_batch(batch: Any, mesh: Mesh) -> Any:
  """Lets the devices of BATCH_AXIS share a member's batch: a tree of [batch, ...], inside jit."""
  inside = jax.sharding.get_abstract_mesh()  # Of `for_members`, where devices have members.
  sharding = NamedSharding(mesh if inside.empty else inside, P(BATCH_AXIS))
  return jax.lax.with_sharding_constraint(batch, sharding)


def place(tree: Any, sharding: NamedSharding) -> Any:
  """Puts arrays, which every process has whole, on the devices of all processes."""
  arrays = jax.tree.map(np.asarray, tree)
  return jax.tree.map(
    lambda array: jax.make_array_from_callback(array.shape, sharding, array.__getitem__), arrays
  )


def place_examples(
  arrays: Mapping[str, np.ndarray], names: Sequence[str], chosen: np.ndarray, mesh: Mesh
) -> dict[str, jax.Array]:
  """Puts examples on the devices that share a batch; each process reads what its own ones need.

  Args:
    arrays: The named ones have leading axes [examples].
    names: Of those that are wanted.
    chosen: The examples' numbers, int [batch], or [members, batch] where each member has its own.
    mesh: See `mesh`.
  """
  sharding = NamedSharding(mesh, P(*(MEMBER_AXIS, BATCH_AXIS)[-chosen.ndim :]))

  def placed(array: np.ndarray) -> jax.Array:
    shape = (*chosen.shape, *array.shape[1:])
    return jax.make_array_from_callback(
      shape, sharding, lambda index: array[chosen[index[: chosen.ndim]]]
    )

  return {name: placed(arrays[name]) for name in names}
