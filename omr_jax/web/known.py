"""What the page's JavaScript knows of the Python modules that it repeats: constants, and symbols.

`site/structure/` and `site/pages/` repeat modules of `omr_jax/structure` and `omr_jax/inputs`. So
that each number has one home, their constants are written as JavaScript when the site is built.
"""

import json
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omr_jax.inputs import geometry, peaks, symbol_names, tall, whole_pages
from omr_jax.structure import (
  barlines,
  comb,
  find,
  paths,
  positions,
  scale,
  staves,
  straight,
  structure,
  structure_json,
  systems,
)

_REPEATED = (
  *(barlines, comb, find, geometry, paths, peaks, positions, scale, staves, straight, structure),
  *(structure_json, systems, tall, whole_pages),
)


def write(structure_folder: Path, pages_folder: Path, classes: Sequence[str]) -> None:
  """Writes `constants.js` into the first folder and `symbols.js` into the second.

  Args:
    structure_folder: Of the modules that find the structure of a page.
    pages_folder: Of the modules that find its symbols.
    classes: The names of all classes of symbols.
  """
  constants = {module.__name__.rpartition('.')[2]: _constants(module) for module in _REPEATED}
  (structure_folder / 'constants.js').write_text(_module('The constants of', constants))
  symbols = {'symbols': {name: _symbol(name) for name in classes}, 'kinds': symbol_names.COLOURS}
  (pages_folder / 'symbols.js').write_text(_module('The symbols and their colours, from', symbols))


def _constants(module: types.ModuleType) -> dict[str, Any]:
  """The numbers and lists that a module names in capitals, by name without `_`."""
  return {
    name.lstrip('_'): np.asarray(value).tolist()
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, int | float | tuple | range | np.ndarray)
  }


def _symbol(name: str) -> dict[str, Any]:
  return {
    'smufl': symbol_names.SMUFL.get(name),
    'kind': symbol_names.kind(name),
    'anchor': symbol_names.anchor(name),
  }


def _module(what: str, exports: Mapping[str, Any]) -> str:
  """A module of JavaScript that exports values by name."""
  lines = [f'export const {name} = {json.dumps(value)};\n' for name, value in exports.items()]
  return f'// {what} the Python package; `omr_jax.web.build` wrote this.\n\n' + ''.join(lines)
