"""Paths: those of the command line, the default folders, and names that are safe for libraries."""

import argparse
import functools
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from omr_jax.errors import UserError

# Names in which no library sees more than a name: neither a pattern, nor the address of a bucket,
# nor the number of a file's parts.
_PLAIN = re.compile(r'(?!/(gs|s3|az|hf)/)[\w/.,=+ -]+', re.ASCII)
_linked: dict[Path, Path] = {}  # For each link the folder that it leads to.


class EmptyPath(UserError, argparse.ArgumentTypeError):
  """A path without a character; argparse reports it as an error of the argument."""


def expanded(text: str | os.PathLike[str]) -> str:
  """A path that a person gives, with the home folder for a `~` that the shell has left.

  Raises:
    EmptyPath: It is empty. Python would take that for the current folder.
  """
  if not os.fspath(text):
    raise EmptyPath('the path is empty; is a variable not set?')
  return os.path.expanduser(text)


def path(text: str | os.PathLike[str]) -> Path:
  """The same as a `Path`; the type of arguments that are paths."""
  return Path(expanded(text))


def folders(text: str | os.PathLike[str]) -> list[Path]:
  """The folder that a text names, or the folders, with `:` between them (`;` on Windows).

  If a folder of this whole name exists, it is that one alone, even with such a sign in its name.

  Raises:
    UserError: One of them has no name.
  """
  text = os.fspath(text)
  parts = text.split(os.pathsep)
  if not all(parts):
    raise UserError(f'{text!r}: a folder without a name; write one {os.pathsep} between two.')
  return [path(text)] if path(text).exists() else [path(part) for part in parts]


def data_dir(given: str | None) -> Path:
  """The folder of prepared data: `given`, else $TFDS_DATA_DIR, else ~/tensorflow_datasets."""
  if given is not None:
    return path(given)
  return path(os.environ.get('TFDS_DATA_DIR') or '~/tensorflow_datasets')


def raw_dirs(given: str | os.PathLike[str] | None) -> list[Path]:
  """The folders of raw data, as `folders` separates them: `given`, else $OMR_RAW_DIR, else none."""
  named = given or os.environ.get('OMR_RAW_DIR')
  return folders(named) if named else []


def joined(several: Iterable[Path]) -> str:
  """The absolute paths of folders as one text, from which `folders` gives them back."""
  return os.pathsep.join(str(folder.absolute()) for folder in several)


def cache_dir() -> Path:
  """The folder of cached pictures: $OMR_CACHE_DIR, else ~/.cache/omr_jax."""
  return path(os.environ.get('OMR_CACHE_DIR') or '~/.cache/omr_jax')


def plain(folder: Path) -> Path:
  """A path to a folder that is safe for libraries which take names for patterns or addresses.

  etils, on which Orbax and TFDS build, searches with `glob` inside a folder and takes brackets in
  the folder's own name for a part of the pattern. So a name with special characters is replaced by
  a symbolic link, which lasts until this process ends.

  Raises:
    UserError: There is no temporary folder for the link.
  """
  folder = folder.absolute()
  if _PLAIN.fullmatch(str(folder)):
    return folder
  return _link(folder)


def real(path: Path) -> Path:
  """From a path inside of `plain(folder)` to the same one inside of `folder`, for messages."""
  for above in (path, *path.parents):
    if above in _linked:
      return _linked[above] / path.relative_to(above)
  return path


@functools.cache
def _link(folder: Path) -> Path:
  link = Path(_links().name) / str(len(_linked))
  link.symlink_to(folder)
  _linked[link] = folder
  return link


@functools.cache
def _links() -> tempfile.TemporaryDirectory[str]:
  """The private folder of all links of this process, which is removed when the process ends."""
  for parent in (tempfile.gettempdir(), '/tmp', '/var/tmp'):
    if _PLAIN.fullmatch(parent) and os.access(parent, os.W_OK | os.X_OK):
      return tempfile.TemporaryDirectory(prefix='omr_jax-', dir=parent)
  raise UserError(
    f'{tempfile.gettempdir()}: the temporary folder must have a name without special characters; '
    'set $TMPDIR to another one.'
  )
