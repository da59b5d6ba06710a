"""Checkpoints with Orbax: the latest state to go on from, and the variables of the best epoch.

Both are items of one checkpoint, which Orbax renames into place when it is whole: a run killed at
any moment finds a state and variables that belong together.
"""

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from omr_jax.data.digests import digest
from omr_jax.errors import UserError
from omr_jax.training import processes

FOLDER = 'checkpoints'
_KEPT = 2  # The one before is there should the disk have damaged the latest.


def open_folder(workdir: str | os.PathLike, read_only: bool = False) -> ocp.CheckpointManager:
  """The checkpoints of a run; `read_only` leaves a run that is still going on alone."""
  logging.getLogger('absl').setLevel(logging.CRITICAL)  # Orbax tells all it does, then raises.
  folder = Path(workdir).absolute() / FOLDER
  if folder.exists() and not folder.is_dir():
    raise UserError(f'{folder}: is no folder; choose another workdir.')
  options = ocp.CheckpointManagerOptions(
    max_to_keep=_KEPT,
    enable_async_checkpointing=False,
    read_only=read_only,
    cleanup_tmp_directories=not read_only,  # What a killed save has left.
  )
  try:
    return ocp.CheckpointManager(folder, options=options, item_names=('state', 'best', 'facts'))
  except (OSError, ValueError) as error:
    raise UserError(
      f'{folder}: cannot be used ({_first_line(error)}); choose another workdir.'
    ) from error


def save(manager: ocp.CheckpointManager, step: int, state: Any, best: Any, seconds: float) -> None:
  """Writes both; where `step` was saved before, nothing (the run is deterministic).

  Args:
    manager: Of `open_folder`.
    step: Of the state.
    state: To go on from.
    best: Variables of the best epoch so far.
    seconds: That the run has taken so far.

  Raises:
    UserError: A full disk or a read-only folder; the checkpoints before are untouched.
  """
  if step in manager.all_steps():
    return
  state, best = jax.device_get((state, best))
  # Stays after an error: the threads of a failed save end when they like.
  hook, sys.unraisablehook = sys.unraisablehook, _unraisable
  try:
    manager.save(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardSave(state),
        best=ocp.args.StandardSave(best),
        facts=ocp.args.JsonSave({'state': digest(state), 'best': digest(best), 'seconds': seconds}),
      ),
    )
  except (OSError, ValueError, RuntimeError) as error:  # TensorStore raises the latter two.
    if processes.is_loss(error):
      raise
    for left in (manager.directory / str(step), *manager.directory.glob(f'{step}.*')):
      shutil.rmtree(left, ignore_errors=True)
    raise UserError(
      f'{manager.directory}: the checkpoint of step {step} could not be written '
      f'({_first_line(error)}); make room, or choose another workdir.'
    ) from error
  sys.unraisablehook = hook


def restore(manager: ocp.CheckpointManager, item: str, like: Any) -> Any | None:
  """The latest `state` or `best` as a tree of NumPy arrays, or None where nothing was saved.

  Args:
    manager: Of `open_folder`.
    item: `state` or `best`.
    like: A tree of arrays or shapes: what the checkpoint has to hold.

  Raises:
    UserError: The checkpoint is damaged or of another network.
  """
  step = manager.latest_step()
  if step is None:
    return None
  folder = manager.directory / str(step)
  like = jax.tree.map(lambda leaf: np.empty(leaf.shape, leaf.dtype), like)
  try:
    loaded = manager.restore(
      step,
      args=ocp.args.Composite(
        **{item: ocp.args.StandardRestore(like)}, facts=ocp.args.JsonRestore()
      ),
    )
    whole = loaded.facts[item] == digest(loaded[item])
  except Exception as error:  # Orbax and TensorStore raise almost anything on damaged files.
    raise UserError(
      f'{folder}: damaged, or of another network ({_first_line(error)}). If the run has an older '
      'checkpoint, delete this folder to go on from there; else use another workdir.'
    ) from error
  if _shapes(loaded[item]) != _shapes(like):  # Orbax gives what is there, whatever was asked for.
    raise UserError(f'{folder}: of another network; use another workdir.')
  if not whole:
    raise UserError(
      f'{folder}: damaged, its digest differs. Delete this folder to go on from the checkpoint '
      'before, or use another workdir.'
    )
  return loaded[item]


def seconds(manager: ocp.CheckpointManager) -> float:
  """What the run had taken at its latest checkpoint; call it after `restore`, which checks it."""
  step = manager.latest_step()
  if step is None:
    return 0.0
  return manager.restore(step, args=ocp.args.Composite(facts=ocp.args.JsonRestore())).facts[
    'seconds'
  ]


def _unraisable(what: 'sys.UnraisableHookArgs') -> None:
  """Threads of a save that failed find its event loop closed, once each: no news to anybody."""
  if str(what.exc_value) != 'Event loop is closed':
    sys.__unraisablehook__(what)


def _shapes(tree: Any) -> list:
  leaves = jax.tree_util.tree_leaves_with_path(tree)
  return [(path, leaf.shape, leaf.dtype) for path, leaf in leaves]


def _first_line(error: Exception) -> str:
  return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
