"""Shared by all benchmarks: measuring contenders in turn, tables, a description of the machine."""

import argparse
import importlib.metadata
import importlib.util
import math
import multiprocessing
import os
import platform
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from omr_jax.predict import model_json
from omr_jax.predict.model_json import Described
from omr_jax.predict.prepare import Inputs
from omr_jax.recipe import pages
from omr_jax.utils.revision import revision

# Calls by name, and a result by which to check that all contenders compute the same.
Contender = tuple[Mapping[Any, Callable[[], Any]], Any]

PACKAGES = (
  *('jax', 'jaxlib', 'flax', 'torch', 'tensorflow', 'tensorflow-cpu', 'keras', 'onnxruntime'),
  *('numpy', 'pillow'),
)


def parser_of(description: str | None) -> argparse.ArgumentParser:
  """The parser of a script, whose docstring --help shows unchanged."""
  return argparse.ArgumentParser(
    description=description, formatter_class=argparse.RawDescriptionHelpFormatter
  )


def random_inputs(model: Described, count: int) -> Inputs:
  """Random black pixels on white, about as many as symbols have, and random numbers."""
  rng, found = np.random.default_rng(0), {}
  for name, (dtype, (_, *shape)) in model_json.inputs(model).items():
    pixels = np.where(rng.random((count, *shape)) < 0.05, 0, 255)
    found[name] = (pixels if dtype == 'uint8' else rng.normal(4, 1, (count, *shape))).astype(dtype)
  return found


def config_page(name: str, *variant: str) -> ConfigDict:
  """The config of a page of the package."""
  path = Path(__file__).parent.parent / 'omr_jax' / 'configs' / f'{name}.py'
  spec = importlib.util.spec_from_file_location(name, path)
  page = importlib.util.module_from_spec(spec)
  with pages.from_text():
    spec.loader.exec_module(page)
    return page.get_config(*variant)


def initialized(config: ConfigDict) -> tuple[Any, Any]:
  """The recipe of a config, and its network's variables from the seed 0."""
  from omr_jax.training import backend

  backend.start()
  import jax

  from omr_jax.recipe import recipe as recipes

  recipe = recipes.create(config)
  init = jax.jit(
    partial(recipe.module.init, train=False),
    compiler_options=backend.for_one_call(jax.default_backend()),
  )
  return recipe, init(jax.random.key(0), recipes.example_inputs(recipe))


def trainer_of(
  config: ConfigDict, arrays: Any, steps: int, members: int = 1, whole_epochs: bool = False
) -> tuple[Any, Any, Any]:
  """The recipe of a config, the devices, and the `Trainer` of a population with seeds from 0.

  `arrays` are the training split, `steps` the number of steps in an epoch.
  """
  from omr_jax.recipe import hyperparameters
  from omr_jax.recipe import recipe as recipes
  from omr_jax.training import devices, trainer
  from omr_jax.training.step import Training

  recipe = recipes.create(config)
  training = Training(recipe, config.batch_size, steps, epochs=1000, loss=recipe.loss(arrays))
  mesh = devices.mesh(config.batch_size, members)
  numbers = [hyperparameters.of_config(config)._replace(seed=seed) for seed in range(members)]
  return recipe, mesh, trainer.create(training, numbers, mesh, whole_epochs)


def by_turns(
  calls: Mapping[str, Callable[[], Any]], rounds: int, repeats: int = 2
) -> dict[str, list[float]]:
  """Times of each call in milliseconds, `rounds * repeats` for every call.

  In every round each of them has a turn, so that all are measured while the machine is fast and
  while it is slow. Each turn begins with a call that is not counted, because the caches then hold
  another contender's data.
  """
  times: dict[str, list[float]] = {name: [] for name in calls}
  for call in calls.values():
    call()  # Compiles.
  for _ in range(rounds):
    for name, call in calls.items():
      times[name] += turn(call, repeats)
  return times


def turn(call: Callable[[], Any], repeats: int = 2) -> list[float]:
  """Times of a call in milliseconds, after one that is not counted."""
  call()
  taken = []
  for _ in range(repeats):
    began = time.perf_counter()
    call()
    taken.append(1e3 * (time.perf_counter() - began))
  return taken


def in_processes(
  contenders: Mapping[Any, Callable[[], Contender]],
  rounds: int,
  patience: float | None = None,
  enough: float = math.inf,
) -> tuple[dict[Any, dict[Any, list[float]]], dict[Any, Any]]:
  """Measures contenders that each have a process of their own, of which one works at a time.

  In a common process they would disturb each other's memory and threads: after Keras our step takes
  a third longer.

  Args:
    contenders: By name a module's function that makes the contender; it runs in the new process.
    rounds: Number of turns of each contender.
    patience: If given, all compile at the same time, which takes less time where there are many
      cores. Then a contender that fails, or has not compiled after so many seconds, does not end
      the others; it has no times, and the error as its result.
    enough: A call whose counted times add up to so many seconds has no further turn.

  Returns:
    The times in milliseconds by contender and call, and by contender the result for comparison.
  """
  context = multiprocessing.get_context('spawn')
  processes, pipes, ready = {}, {}, {}
  for name, make in contenders.items():
    pipes[name], theirs = context.Pipe()
    processes[name] = context.Process(target=_serve, args=(theirs, make), daemon=True)
    processes[name].start()
    theirs.close()
    if patience is None:
      ready[name] = _said(pipes[name])
  if patience is not None:
    until = time.monotonic() + patience
    ready = {name: _said(pipe, until) for name, pipe in pipes.items()}
  found: dict[Any, Any] = {}
  times: dict[Any, dict[Any, list[float]]] = {}

  def lose(name: Any, error: Exception) -> None:
    if patience is None:
      raise SystemExit(f'{name} has failed: {error}')
    found[name], times[name] = error, {}
    processes[name].kill()  # It may still be compiling, or hold memory.

  for name, said in ready.items():
    if isinstance(said, Exception):
      lose(name, said)
      continue
    calls, found[name] = said
    times[name] = {call: [] for call in calls}
  for _ in range(rounds):
    for name, of_calls in times.items():
      for call, taken in list(of_calls.items()):
        if sum(taken) >= 1e3 * enough:
          continue
        said = _measured(pipes[name], call)
        if isinstance(said, Exception):
          lose(name, said)
          break
        taken += said
  return times, found


def _measured(pipe: Connection, call: Any) -> Any:
  """Lets a contender measure one of its calls; returns the times, or the error."""
  try:
    pipe.send(call)
  except OSError as error:
    return error
  return _said(pipe)


def _said(pipe: Connection, until: float | None = None) -> Any:
  """Waits for what a contender says: an error too if it has ended, or says nothing in time."""
  try:
    if not pipe.poll(until and max(0.0, until - time.monotonic())):
      return TimeoutError('it has not compiled in time')
    return pipe.recv()
  except (EOFError, OSError):
    return RuntimeError('its process has ended')


def _serve(pipe: Connection, make: Callable[[], Contender]) -> None:
  """Makes a contender, then measures the calls it is asked for until the pipe is closed."""

  def say(answer: Callable[[], Any]) -> None:
    try:
      said = answer()
    except Exception as error:
      traceback.print_exc()
      said = RuntimeError(str(error))
    pipe.send(said)

  def made() -> tuple[list, Any]:
    nonlocal calls
    calls, computed = make()
    for call in calls.values():
      call()  # Compiles.
    return list(calls), computed

  calls: Mapping[Any, Callable[[], Any]] = {}
  try:
    say(made)
    while True:
      name = pipe.recv()
      say(partial(turn, calls[name]))
  except (EOFError, OSError):
    pass


def spread(times: Sequence[float]) -> str:
  """The median and, from 10 ms on, the first and the third quartile, as text."""
  low, middle, high = np.percentile(times, [25, 50, 75])
  return f'{middle:.0f} ({low:.0f}-{high:.0f})' if middle >= 10 else f'{middle:.2f}'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
  """A table in Markdown."""
  lines = [header, ['---'] * len(header), *rows]
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def surroundings() -> str:
  """Versions, devices and the state of the repository, in one line."""
  import jax  # Only here, so that a contender without it starts sooner.

  from omr_jax.training import starts

  versions = []
  for name in PACKAGES:
    try:
      versions.append(f'{name} {importlib.metadata.version(name)}')
    except importlib.metadata.PackageNotFoundError:
      continue
  devices, processor = jax.devices(), ''.join(starts.processor()) or platform.machine()
  return (
    f'{", ".join(versions)}; Python {platform.python_version()}; {processor}, '
    f'{len(os.sched_getaffinity(0))} cores; JAX for {devices[0].device_kind}; '
    f'commit {revision()}'
  )
