"""The files that `omr detect` writes for a page."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from omr_jax.detect import overlay, page_json, page_mung
from omr_jax.detect.pages import Detected
from omr_jax.errors import UserError
from omr_jax.structure import structure_json
from omr_jax.utils.files import write_file

SYMBOLS = 'symbols.csv'
# All of them. Those for symbols are written only if symbols were looked for.
NAMES = (structure_json.FILE, overlay.FILE, page_json.FILE, page_mung.FILE, SYMBOLS)

_COLUMNS = ('class', 'smufl', 'confidence', 'left', 'top', 'right', 'bottom', 'staff', 'position')


def write(out: Path, folder: str, found: Detected, path: str, number: int) -> None:
  """Writes the files of a page into its folder, each whole or not at all.

  Args:
    out: The folder of all results.
    folder: The name of the page's folder in it.
    found: What was found.
    path: The path of the page's file.
    number: The number of the page in this file, from 1.

  Raises:
    UserError: A file can't be written, or an earlier one can't be removed.
  """
  contents = {
    structure_json.FILE: _json(structure_json.as_json(found.structure)),
    overlay.FILE: overlay.svg(found).encode(),
  }
  if found.classes:
    contents |= {
      page_json.FILE: _json(page_json.as_json(found, folder, path, number)),
      page_mung.FILE: page_mung.written(found, folder),
      SYMBOLS: _csv(found).encode(),
    }
  for name, content in contents.items():
    write_file(out / folder / name, content)
  remove(out / folder, [name for name in NAMES if name not in contents])


def remove(folder: Path, names: Iterable[str] = NAMES) -> None:
  """Removes files of an earlier run from the folder of a page.

  Raises:
    UserError: One can't be removed.
  """
  for name in names:
    try:
      (folder / name).unlink(missing_ok=True)
    except OSError as error:
      raise irremovable(folder, error) from error


def irremovable(folder: Path, error: OSError) -> UserError:
  """The error to raise where a folder of an earlier run can't be removed."""
  return UserError(f'{folder}: an earlier result cannot be removed ({error.strerror}); remove it.')


def _json(value: dict[str, Any]) -> bytes:
  return (json.dumps(value) + '\n').encode()


def _csv(found: Detected) -> str:
  file = io.StringIO()
  rows = csv.writer(file, lineterminator='\n')
  rows.writerow(_COLUMNS)
  for symbol in found.symbols:
    box = [round(side, 2) for side in symbol.box]
    share = round(symbol.confidence, 6)
    rows.writerow([symbol.label, symbol.smufl, share, *box, symbol.staff, symbol.position])
  return file.getvalue()
