"""Checkpoints with Orbax: the latest state, and the variables of the best epoch.

Both are items of one checkpoint, which Orbax renames into place once it is complete. So even after
a kill the state and the variables that are found belong to the same step. Orbax is imported when it
is first needed, as that takes a fifth of a second.
"""

import functools
import logging
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from omr_jax.data.digests import digest
from omr_jax.errors import UserError, lines
from omr_jax.training import processes
from omr_jax.training.workdir import CHECKPOINTS
from omr_jax.utils import paths

if TYPE_CHECKING:
  import orbax.checkpoint as ocp

_KEPT = 2  # One more than needed, in case the disk has damaged the latest.


class Facts(NamedTuple):
  """What a checkpoint says about its run."""

  seconds: float  # How long the run had trained.
  starts: list[dict[str, str]]  # The different starts of the run (`training.starts`).


def _is_not_of_orbax(record: logging.LogRecord) -> bool:
  """Orbax logs each of its steps, and errors that it raises too, by absl's logger."""
  return 'orbax' not in record.pathname


def make_folder(workdir: str | os.PathLike) -> bool:
  """Makes the folder of a run's checkpoints; returns whether it has any.

  Raises:
    UserError: The folder can't be used.
  """
  folder = _of_run(workdir)
  try:
    folder.mkdir(parents=True, exist_ok=True)  # Orbax could not make it through a link.
    return any(folder.iterdir())
  except OSError as error:
    raise _unusable(folder, error) from error


def _of_run(workdir: str | os.PathLike) -> Path:
  folder = Path(workdir).absolute() / CHECKPOINTS
  if folder.exists() and not folder.is_dir():
    raise UserError(f'{folder}: is no folder; choose another workdir.')
  return folder


def _unusable(folder: Path, error: Exception) -> UserError:
  return UserError(f'{folder}: cannot be used ({lines(error)[0][:300]}); choose another workdir.')


def open_folder(workdir: str | os.PathLike, read_only: bool = False) -> 'ocp.CheckpointManager':
  """The manager of a run's checkpoints; `read_only` does not disturb a run that still trains.

  Raises:
    UserError: The folder can't be used.
  """
  import orbax.checkpoint as ocp

  logging.getLogger('absl').addFilter(_is_not_of_orbax)
  folder = _of_run(workdir)
  options = ocp.CheckpointManagerOptions(
    max_to_keep=_KEPT,
    enable_async_checkpointing=False,
    read_only=read_only,
    cleanup_tmp_directories=not read_only,  # Left by a save that was killed.
  )
  _hide_late_errors()
  if not read_only:
    make_folder(workdir)
  try:
    return ocp.CheckpointManager(
      paths.plain(folder), options=options, item_names=('state', 'best', 'facts')
    )
  except (OSError, ValueError) as error:
    raise _unusable(folder, error) from error


def save(
  manager: 'ocp.CheckpointManager',
  step: int,
  state: Any,
  best: Any,
  seconds: float,
  starts: Sequence[Mapping[str, str]] = (),
) -> None:
  """Saves a checkpoint.

  Args:
    manager: From `open_folder`.
    step: Number of steps that led to the state.
    state: The state to go on from.
    best: Variables of the best epoch so far.
    seconds: How long the run has trained so far.
    starts: The different starts of the run (`training.starts`).

  Raises:
    UserError: The disk is full or the folder is read-only; earlier checkpoints are untouched.
  """
  import orbax.checkpoint as ocp

  if step in manager.all_steps():  # Saved before an interruption; runs are deterministic.
    return
  state, best = jax.device_get((state, best))
  facts = {
    **{'state': digest(state), 'best': digest(best)},
    **{'seconds': seconds, 'starts': list(starts)},
  }
  try:
    manager.save(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardSave(state),
        best=ocp.args.StandardSave(best),
        facts=ocp.args.JsonSave(facts),
      ),
    )
    if processes.is_first():
      manager.item_metadata(step)  # Raises an error if an array cannot be found; reads no array.
  except (OSError, ValueError, RuntimeError) as error:  # TensorStore raises the last two.
    if processes.is_loss(error):
      raise
    for left in (manager.directory / str(step), *manager.directory.glob(f'{step}.*')):
      shutil.rmtree(left, ignore_errors=True)
    raise UserError(
      f'{_folder(manager)}: the checkpoint of step {step} could not be written '
      f'({lines(error)[0][:300]}); make room, or choose another workdir.'
    ) from error


def restore(manager: 'ocp.CheckpointManager', item: str, like: Any) -> Any:
  """The latest `state` or `best` as a tree of NumPy arrays, or None if nothing was saved.

  Args:
    manager: From `open_folder`.
    item: `state` or `best`.
    like: A tree of arrays or shapes with the structure that is expected.

  Raises:
    UserError: The checkpoint is damaged or of another network.
  """
  import orbax.checkpoint as ocp

  step = manager.latest_step()
  if step is None:
    return None
  folder = _folder(manager) / str(step)
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
      f'{folder}: damaged, or of another network ({lines(error)[0][:300]}). If the run has an '
      'older checkpoint, delete this folder to go on from there; else use another workdir.'
    ) from error
  if _shapes(loaded[item]) != _shapes(like):  # Orbax itself does not compare shapes.
    raise UserError(f'{folder}: of another network; use another workdir.')
  if not whole:
    raise UserError(
      f'{folder}: damaged, its digest differs. Delete this folder to go on from the checkpoint '
      'before, or use another workdir.'
    )
  return loaded[item]


def facts(manager: 'ocp.CheckpointManager') -> Facts:
  """What the latest checkpoint says about the run. Call `restore` before, which checks it."""
  import orbax.checkpoint as ocp

  step = manager.latest_step()
  if step is None:
    return Facts(0.0, [])
  found = manager.restore(step, args=ocp.args.Composite(facts=ocp.args.JsonRestore())).facts
  return Facts(found['seconds'], found.get('starts', []))  # Earlier versions noted no starts.


def _hide_late_errors() -> None:
  """Silences messages about reads and writes that were under way when another one failed.

  Orbax closes its event loop at the first error. Each thread of TensorStore that finishes later, up
  to the end of the process, finds the loop closed, and Python prints a traceback. If a second read
  has failed before the loop is closed, nobody asks for its error, and asyncio logs it: as that of a
  task, or of a future that no task was waiting for yet.
  """
  logging.getLogger('asyncio').addFilter(_is_asked_for)
  if getattr(sys.unraisablehook, 'func', None) is not _unraisable:
    sys.unraisablehook = functools.partial(_unraisable, sys.unraisablehook)


def _is_asked_for(record: logging.LogRecord) -> bool:
  unasked = tuple(f'{what} exception was never retrieved' for what in ('Task', 'Future'))
  return not record.getMessage().startswith(unasked)


def _unraisable(hook: Callable, what: 'sys.UnraisableHookArgs') -> None:
  if str(what.exc_value) != 'Event loop is closed':
    hook(what)


def _folder(manager: 'ocp.CheckpointManager') -> Path:
  """The folder of the checkpoints by the name that the user has given."""
  return paths.real(Path(manager.directory))


def _shapes(tree: Any) -> list:
  leaves = jax.tree_util.tree_leaves_with_path(tree)
  return [(path, leaf.shape, leaf.dtype) for path, leaf in leaves]
