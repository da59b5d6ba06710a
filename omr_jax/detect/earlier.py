"""Removes the page folders of an earlier run of `omr detect` from the folder of its results.

Left there, pages that are no longer among the inputs would count in `--compare`.
"""

import contextlib
import json
import os
from collections.abc import Collection
from pathlib import Path

from omr_jax.detect import files
from omr_jax.errors import UserError


def named(rows: Path) -> set[str]:
  """The names of the page folders that a pages.jsonl lists; none if there is no such file.

  Raises:
    UserError: It can't be read.
  """
  names = set()
  try:
    lines = rows.read_bytes().splitlines() if rows.exists() else []
  except OSError as error:
    raise UserError(f'{rows}: cannot be read ({error.strerror}); choose another --out.') from error
  for line in lines:
    with contextlib.suppress(ValueError, RecursionError):  # Somebody has changed the line.
      row = json.loads(line)
      name = row.get('folder') if isinstance(row, dict) else None
      # Only a folder right inside; never `..`, or a path to somewhere else.
      if isinstance(name, str) and name == Path(name).name and '\0' not in name:
        names.add(name)
  return names - {'', '.', '..'}


def remove(out: Path, names: Collection[str], kept: Collection[str]) -> None:
  """Removes the files that `omr detect` has written for pages, and their folders if empty then.

  Args:
    out: The folder of the results.
    names: The names of the folders of pages.
    kept: Those of the folders that stay.

  Raises:
    UserError: A file can't be removed.
  """
  # On some disks `Page` and `page` are the same folder.
  alike = {name.lower(): out / name for name in kept}
  for name in sorted(names):
    folder, new = out / name, alike.get(name.lower())
    # These two functions say False of a name that no folder can have.
    if os.path.islink(folder) or not os.path.isdir(folder):
      continue
    try:
      if new and new.samefile(folder):
        continue
    except OSError as error:
      raise files.irremovable(folder, error) from error
    files.remove(folder)
    with contextlib.suppress(OSError):  # Somebody has put other files there.
      folder.rmdir()
