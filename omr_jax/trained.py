"""What a run has trained, ready to be used: `--model RUN` of every command that reads one."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
from ml_collections import ConfigDict

from omr_jax import checkpoint, recipe
from omr_jax.errors import UserError
from omr_jax.strokes import CLASSES


class Trained(NamedTuple):
  """A run's network, as it was tested.

  Attributes:
    config: Of the run.
    parts: The recipe made from it: the network, and how pictures are drawn.
    variables: `params` and `batch_stats` of the tested epoch.
  """

  config: ConfigDict
  parts: recipe.Recipe
  variables: Any


def load(workdir: str | os.PathLike) -> Trained:
  """Reads config and variables of a run, finished or not.

  Raises:
    UserError: The folder is no run, has no checkpoint yet, or is damaged.
  """
  workdir = Path(workdir)
  try:
    config = ConfigDict(_tuples(json.loads((workdir / 'config.json').read_text())))
  except (OSError, ValueError, AttributeError) as error:
    raise UserError(
      f'{workdir}/config.json: unreadable ({error}); give the workdir of a run.'
    ) from error
  parts = recipe.create(config, len(CLASSES))
  if not (workdir / checkpoint.FOLDER).is_dir():
    raise UserError(f'{workdir}: has no checkpoints; let the run train for an epoch.')
  inputs = recipe.example_inputs(parts.drawing)
  shapes = jax.eval_shape(lambda: dict(parts.module.init(jax.random.key(0), inputs, train=False)))
  best = checkpoint.restore(checkpoint.open_folder(workdir, read_only=True), 'best', shapes)
  if best is None:
    raise UserError(f'{workdir}: has no checkpoint yet; let the run train for an epoch.')
  return Trained(config, parts, best)


def _tuples(tree: Any) -> Any:
  """JSON has lists where a config has tuples."""
  if isinstance(tree, dict):
    return {key: _tuples(value) for key, value in tree.items()}
  return tuple(tree) if isinstance(tree, list) else tree
