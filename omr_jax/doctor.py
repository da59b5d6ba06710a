"""Says what is installed, which devices, models and caches there are, and what each extra adds.

  python -m omr_jax.doctor

It needs no more than `omr_jax.predict` does, and changes nothing.
"""

import contextlib
import functools
import importlib.util
import os
import pkgutil
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import tfds_builders
from omr_jax.errors import UserError
from omr_jax.tasks.pages import card
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import machine, paths
from omr_jax.utils.ending import answered
from omr_jax.utils.extras import LIBRARIES
from omr_jax.utils.files import output
from omr_jax.utils.revision import VERSION, revision
from omr_jax.utils.words import counted, one_line, size

_BASE = ('numpy', 'onnxruntime', 'PIL', 'scipy', 'tqdm')
# What each extra is for.
_FOR = {
  'train': 'to train, test, report and compare networks',
  'engrave': 'to typeset pages of music with Verovio',
  'export': 'to export trained networks',
  'heic': 'to read HEIC pictures',
  'pdf': 'to read PDFs',
  'sweep': 'to train many runs with Ray',
  'shards': 'to write answers as Parquet, and to answer on a cluster',
  'tflite': 'to export model.tflite',
}


def report() -> Iterator[str]:
  """The lines of the report, one by one: some take seconds to find out."""
  yield f'omr_jax {VERSION} ({revision()}) in {Path(__file__).parent}'
  yield f'Python {platform.python_version()} on {platform.platform()}'
  yield from _section('libraries', _libraries())
  yield from _section('devices', _devices())
  yield from _section('models', _models())
  yield from _section('folders', _folders())
  missing = [
    f"{_FOR[extra]}: pip install 'omr_jax[{extra}]'"
    for extra, libraries in LIBRARIES.items()
    if any(_version(each) is None for each in libraries)
  ]
  yield from _section('missing', missing or ['nothing'])


def _section(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
  yield f'\n{title}'
  yield from (f'  {one_line(line)}' for line in lines)


def _libraries() -> Iterator[str]:
  for extra, libraries in {'base': _BASE, **LIBRARIES}.items():
    versions = {name: _version(name) for name in libraries}
    found = [f'{name} {number}' for name, number in versions.items() if number is not None]
    lacking = [name for name, number in versions.items() if number is None]
    words = [', '.join(found)] if found else []
    words += [f'missing: {", ".join(lacking)}'] if lacking else []
    yield f'{extra:8}{"; ".join(words)}'


def _version(library: str) -> str | None:
  """The version of the library that is imported by this name; None if it is not installed."""
  if importlib.util.find_spec(library) is None:
    return None
  names = _distributions().get(library)
  return version(names[0]) if names else '(unknown version)'


# The distributions that bring each import name; it takes long to find out.
_distributions = functools.cache(packages_distributions)


def _devices() -> Iterator[str]:
  yield counted(machine.cores(), 'CPU core')
  if importlib.util.find_spec('jax') is None:
    return
  # JAX must not reserve the memory of a GPU on which another program may be running.
  os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
  try:
    import jax

    found = [f'{device.platform} ({device.device_kind})' for device in jax.devices()]
  except Exception as error:  # Whatever a driver or a broken installation raises.
    yield f'JAX does not start: {error}'
    return
  yield f'JAX computes on {", ".join(found)}'
  if shutil.which('nvidia-smi') and not any(each.startswith(('gpu', 'cuda')) for each in found):
    yield "There is an NVIDIA driver, which JAX does not use; pip install 'omr_jax[cuda]'."


def _models() -> Iterator[str]:
  try:
    from omr_jax.predict import models
  except ImportError as error:
    yield f'cannot be loaded: {error}'
    return
  for name in models.pretrained():
    try:
      model, _ = models.opened(name)
    except UserError as error:
      yield f'{name:18}{error}'
      continue
    files = model.facts['files']
    yield (
      f'{name:18}{len(model.classes)} classes, {_tested(model.facts)}; '
      + ', '.join(f'{file} {size(entry["bytes"])}' for file, entry in files.items())
    )


def _tested(facts: Mapping[str, Any]) -> str:
  """The result of a model's test, in a few words."""
  if 'test' in facts:
    return f'{facts["test"]["correct"]} of {facts["test"]["n"]} right'
  # What was measured of the exported files, or else of the run before it was exported.
  measured = next((each for each in facts.get('figures', ()) if 'ap50' in each), facts['measured'])
  return card.ap50_in_words(measured)


def _folders() -> Iterator[str]:
  cache, data = paths.cache_dir(), paths.data_dir(None)
  kept = [f'{each.name} {size(_bytes(each))}' for each in _inside(cache)]
  yield f'cache ($OMR_CACHE_DIR): {cache}: {", ".join(kept) or "empty"}'
  # Sets of other raw data than the published have a folder of their own, `made_up-HASH` for one.
  builders = [each.name for each in pkgutil.iter_modules(tfds_builders.__path__) if each.ispkg]
  sets = [folder / name for folder in (data, *_inside(data)) for name in builders]
  kept = [f'{each.relative_to(data)} {size(_bytes(each))}' for each in sets if os.path.isdir(each)]
  yield f'prepared data ($TFDS_DATA_DIR): {data}: {", ".join(kept) or "empty"}'
  try:
    raw = paths.raw_dirs(None)
    here = [f'{each}' if each.is_dir() else f'{each}: no such folder' for each in raw]
  except UserError as error:
    here = [f'{error}']
  yield f'raw data ($OMR_RAW_DIR): {", ".join(here) or "not set"}'


def _inside(folder: Path) -> list[Path]:
  with contextlib.suppress(OSError):
    return sorted(each for each in folder.iterdir() if each.is_dir())
  return []


def _bytes(folder: Path) -> int:
  total = 0
  for place, _, files in os.walk(folder):
    for name in files:
      with contextlib.suppress(OSError):  # Gone meanwhile.
        total += os.lstat(os.path.join(place, name)).st_size
  return total


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  command_arguments.parse(command_arguments.parser('doctor', __doc__), arguments)
  return answered(_print)


def _print() -> None:
  with output(None) as file:
    for line in report():
      print(line, file=file, flush=True)


if __name__ == '__main__':
  sys.exit(main())
