"""Opens trained networks: those that come with the package, exported folders, and runs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omr_jax.errors import UserError, nearest
from omr_jax.predict import model_json, onnx_session
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.utils import extras, paths

# A batch of inputs to what the network makes of it, by name: the outputs that
# `model_json.Described.gives` names.
Run = Callable[[Inputs], Inputs]

_PRETRAINED = Path(__file__).parent.parent / 'pretrained'


class Opened:
  """A trained network that was opened. Pickled, it is its path or name, without the weights.

  Attributes:
    model: The description of the network: its task, classes, threshold and facts.
  """

  def __init__(self, model: Described, run: Run, again: Callable[[], Any] | None = None):
    """Keeps the network.

    Args:
      model: Its description.
      run: What computes it.
      again: Opens it once more, in another process; without it, it can't be pickled.
    """
    self.model = model
    self._run = run
    self._again = again

  def __reduce__(self) -> tuple[Callable[[], Any], tuple[()]]:
    if self._again is None:
      raise TypeError('only a model that `load` has returned can be pickled.')
    return self._again, ()


def opened(
  path_or_name: str | os.PathLike[str], threads: int | None = None
) -> tuple[Described, Run]:
  """The description of a trained network, and the function that computes it.

  Args:
    path_or_name: What `omr_jax.load` takes.
    threads: How many threads compute, for a program that has several processes; None for one on
      each core. JAX, with which a run computes, takes all cores.

  Raises:
    UserError: There is no such model, or it is damaged.
  """
  if not isinstance(path_or_name, str | os.PathLike):
    raise UserError(f'{path_or_name!r:.200}: is no path; give the name of a model, or a path.')
  path = paths.path(path_or_name)
  if path.suffix == '.onnx':
    model = model_json.read(path.parent)._replace(file=path.name)
    return model, onnx_session.open_model(path, model, threads)
  # os.path.exists returns False for a path that may not be read or is no valid name; Path.exists
  # raises.
  if os.path.exists(path / model_json.FILE):
    model = model_json.read(path)
    only_int8 = list(model.facts.get('files', ())) == [onnx_session.INT8]
    name = onnx_session.INT8 if only_int8 else onnx_session.MODEL
    return model._replace(file=name), onnx_session.open_model(path / name, model, threads)
  if os.path.exists(path / 'config.json'):
    with extras.needed():
      from omr_jax.predict import from_run  # And with it JAX.

    return from_run.open_run(path)
  own = pretrained()
  if str(path_or_name) in own:
    return opened(_PRETRAINED / path_or_name, threads)
  if os.path.exists(path):
    raise UserError(f'{path}: holds no model (model.json) and no run (config.json); give one.')
  raise UserError(f'{path_or_name}: no such file, folder or model{nearest(str(path), own)}')


def lasting(path_or_name: str | os.PathLike[str]) -> str:
  """Names the same trained network whatever the current folder is, for other processes."""
  path = paths.path(path_or_name)
  holds = any(os.path.exists(path / name) for name in (model_json.FILE, 'config.json'))
  return os.path.abspath(path) if holds or path.suffix == '.onnx' else str(path_or_name)


def pretrained() -> tuple[str, ...]:
  """Names of the models that come with the package."""
  return tuple(sorted(path.parent.name for path in _PRETRAINED.glob(f'*/{model_json.FILE}')))
