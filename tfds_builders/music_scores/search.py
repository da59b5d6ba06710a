"""Finds the pictures in folders with `scores/` and `other/`."""

import os
import re
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.inputs import pictures as reading
from tfds_builders import raw_data
from tfds_builders.archives import SYSTEM_NAMES

_SUFFIXES = re.compile(r'\.(jpe?g|jpe|png|tiff?|webp|bmp|gif|hei[cf])', re.IGNORECASE)
_REMEDY = 'put pictures of music into scores/ and others into other/, and name the folder of both'


def locate(raw_dir: str | os.PathLike | None) -> list[Path]:
  """The folders with `scores/` and `other/`: those named, or the only such one inside each.

  Args:
    raw_dir: The folder, or several (`raw_data.folders`); if None, $OMR_RAW_DIR.

  Raises:
    UserError: There is none, or there are several in one that is named.
  """
  named = raw_data.folders(raw_dir, _REMEDY)
  if not named:
    raise UserError(f'no raw_dir: {_REMEDY} with raw_dir or $OMR_RAW_DIR.')
  return [_with_both(folder) for folder in named]


def find(folder: Path) -> tuple[list[str], list[str]]:
  """The paths of all pictures, and those of all other files, relative to `folder` and sorted.

  A picture has a known suffix or begins with the bytes of a known format. Hidden files, and files
  that operating systems add, are ignored.

  Raises:
    UserError: A folder can't be read, a label has no picture, a name isn't UTF-8.
  """
  found: list[str] = []
  others: list[str] = []
  for label in reading.CLASSES:
    names = _files(folder, label)
    chosen = [name for name in names if _is_picture(folder / name)]
    if not chosen:
      raise UserError(f'{folder / label}: no picture in it; put some there.')
    found += chosen
    others += set(names).difference(chosen)
  return sorted(found), sorted(others)


def _with_both(folder: Path) -> Path:
  here = [label for label in reading.CLASSES if (folder / label).is_dir()]
  if len(here) == len(reading.CLASSES):
    return folder
  if here:
    missing = ', '.join(f'{label}/' for label in reading.CLASSES if label not in here)
    raise UserError(f'{folder}: no {missing} beside {here[0]}/; {_REMEDY}.')
  below = [
    child
    for child in sorted(folder.iterdir())
    if all(os.path.isdir(child / label) for label in reading.CLASSES)
  ]
  if not below:
    raise UserError(f'{folder}: no scores/ and no other/; {_REMEDY}.')
  if len(below) > 1:
    names = ', '.join(child.name for child in below)
    raise UserError(
      f'{folder}: scores/ and other/ are in several folders: {names}; name one, '
      f'or several with {os.pathsep} between them.'
    )
  return below[0]


def _files(folder: Path, label: str) -> list[str]:
  """Relative paths of all visible files below a label's folder; links are followed."""
  names, seen = [], set()
  for path, subfolders, files in os.walk(folder / label, followlinks=True, onerror=_refuse):
    if (real := os.path.realpath(path)) in seen:  # Links can form a circle.
      subfolders.clear()
      continue
    seen.add(real)
    subfolders[:] = sorted(filter(_visible, subfolders))
    names += [Path(path, name).relative_to(folder).as_posix() for name in filter(_visible, files)]
  for name in names:
    try:
      name.encode()
    except UnicodeEncodeError:
      raise UserError(f'{folder}: the name {name!r} is not UTF-8; rename the file.') from None
  return names


def _visible(name: str) -> bool:
  return not name.startswith('.') and name.lower() not in SYSTEM_NAMES


def _refuse(error: OSError) -> None:
  raise raw_data.unreadable(error.filename, error) from error


def _is_picture(path: Path) -> bool:
  if _SUFFIXES.fullmatch(path.suffix):
    return path.is_file() or path.is_symlink()  # A broken link is refused later.
  if not path.is_file():
    return False
  try:
    with open(path, 'rb') as file:
      reading.opened(file, str(path))
  except OSError as error:
    raise raw_data.unreadable(path, error) from error
  except UserError:
    return False
  return True
