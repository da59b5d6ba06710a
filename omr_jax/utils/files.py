"""Writes files whole or not at all, writes output to a file or a pipe, reads JSON and bytes."""

import contextlib
import errno
import json
import os
import secrets
import shutil
import stat
import sys
import tempfile
import time
import tokenize
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from omr_jax.errors import UserError, reason
from omr_jax.utils.streams import forget, is_closed

# What NumPy raises on a damaged file. The header of an array may claim any size, or be any text.
UNREADABLE_ARRAYS = (
  *(OSError, EOFError, LookupError, ValueError, SyntaxError, RuntimeError, MemoryError),
  *(OverflowError, TypeError, tokenize.TokenError),
)
TEMPORARY = '.omr_new.'  # How the name of the folder begins in which `write_files` prepares files.
_DAY = 24 * 3600  # Seconds.
_DEEPEST = 100  # The deepest nesting of objects and lists in JSON; our own files have 6 levels.


def write_file(path: Path, content: bytes) -> None:
  """Writes a file completely or not at all; makes its folder where that is missing.

  Raises:
    UserError: The file cannot be written.
  """
  temporary = path.with_name(f'.{path.name}.tmp')
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.unlink(missing_ok=True)  # Left by a process that was killed, or somebody's link.
    with temporary.open('xb') as file:
      file.write(content)
    os.replace(temporary, path)
  except OSError as error:
    with contextlib.suppress(OSError):
      temporary.unlink()
    raise UserError(
      f'{path}: cannot be written ({error.strerror}); make room, give write permission or take '
      'away what is in its place, then run the same command again.'
    ) from error


def write_files(folder: Path, files: Mapping[str, bytes], gone: Collection[str] = ()) -> None:
  """Writes files into a folder, all or none; makes the folder where it is missing.

  Args:
    folder: The folder. What else is in it stays.
    files: The content of each file by its name.
    gone: The names of files to be taken away with the earlier ones, if they are there.

  Raises:
    UserError: They cannot be written, or a folder has one of the names; all stays as it was.
  """
  is_new = not os.path.lexists(folder)
  try:
    folder.mkdir(parents=True, exist_ok=True)
    _remove_left(folder, TEMPORARY)
    with tempfile.TemporaryDirectory(dir=folder, prefix=TEMPORARY) as temporary:
      new, old = Path(temporary) / 'new', Path(temporary) / 'old'
      new.mkdir()
      old.mkdir()
      for name, content in files.items():
        (new / name).write_bytes(content)
      for name in dict.fromkeys((*files, *gone)):
        if os.path.lexists(folder / name):
          _kept(folder / name, old / name)
      try:
        for name in files:
          os.replace(new / name, folder / name)
        for name in set(gone) - files.keys():
          (folder / name).unlink(missing_ok=True)
      except BaseException:  # Also after Ctrl-C.
        for name in files:
          if not os.path.lexists(old / name):
            (folder / name).unlink(missing_ok=True)
        for earlier in old.iterdir():
          os.replace(earlier, folder / earlier.name)
        raise
  except BaseException as error:  # Also after Ctrl-C.
    if is_new:
      with contextlib.suppress(OSError):
        folder.rmdir()
    if not isinstance(error, OSError):
      raise
    raise UserError(
      f'{folder}: cannot be written ({reason(error)}); make room, or choose another folder.'
    ) from error


def _remove_left(folder: Path, start: str, end: str = '') -> None:
  """Removes what programs that were killed have left: none that works takes a day."""
  for left in folder.iterdir():
    if left.name.startswith(start) and left.name.endswith(end):
      with contextlib.suppress(OSError):
        status = left.lstat()
        if status.st_mtime < time.time() - _DAY:
          shutil.rmtree(left) if stat.S_ISDIR(status.st_mode) else left.unlink()


def _kept(path: Path, name: Path) -> None:
  """Gives a file a second name, or copies it where the file system has no such names."""
  try:
    os.link(path, name, follow_symlinks=False)
  except OSError:
    shutil.copy2(path, name, follow_symlinks=False)


@contextlib.contextmanager
def output(path: Path | None) -> Iterator[TextIO]:
  """Opens standard output (None), or a file that is written completely or not at all.

  Raises:
    UserError: It cannot be written.
    SystemExit: Whatever reads the pipe has closed it, as `| head` does after ten lines. The program
      then ends with exit code 0 and without a message.
  """
  try:
    if path is None:
      if is_closed(sys.stdout):
        raise UserError('standard output: is closed; open it, or give a file where there is --out.')
      # A program may have replaced sys.stdout by an object that lacks this.
      if hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(encoding='utf-8', errors='backslashreplace')
      yield sys.stdout
      sys.stdout.flush()
      return
    # A path such as /dev/null is no regular file and must not be replaced by one, nor a pipe, whose
    # real path may be none. Of a symbolic link the file that it points to is replaced.
    whole = path.is_file() or not path.exists()
    if whole:
      path = Path(os.path.realpath(path))
    # Under a name of its own, since several commands may have one --out.
    mine = f'.{path.name}.{secrets.token_hex(4)}.tmp'
    written = path.with_name(mine) if whole else path
    try:
      if whole:
        _remove_left(path.parent, f'.{path.name}.', '.tmp')
      with written.open(
        'x' if whole else 'w', encoding='utf-8', errors='backslashreplace', newline=''
      ) as file:
        yield file
      if whole:
        written.replace(path)
    finally:
      if whole:
        written.unlink(missing_ok=True)
  except BrokenPipeError:
    forget(sys.stdout)
    raise SystemExit(0) from None
  except OSError as error:
    if path is None:
      forget(sys.stdout)
    raise UserError(
      f'{path or "standard output"}: cannot be written ({error.strerror}); make room, or choose '
      'another file with --out.'
    ) from error


def is_terminal(file: TextIO) -> bool:
  """Whether a file is a terminal, where a person sees what is written."""
  return hasattr(file, 'isatty') and file.isatty()


def read_bytes(path: Path) -> bytes:
  """The content of a regular file.

  Raises:
    OSError: It cannot be read, or is something else, such as a pipe, which may wait for ever, or a
      device, which may have no end.
  """
  if not stat.S_ISREG(os.stat(path).st_mode):
    raise OSError(errno.EINVAL, 'no regular file')
  return path.read_bytes()


def read_json(path: Path, remedy: str) -> dict[str, Any]:
  """Reads a file that holds one JSON object.

  Raises:
    UserError: There is no such file, or no JSON object in it. The message ends with `remedy`.
  """
  return as_object(read_any_json(path, remedy), path, remedy)


def as_object(value: Any, path: Path, remedy: str) -> dict[str, Any]:
  """What `read_any_json` has read from a file, as an object; UserError if it is none."""
  if not isinstance(value, dict):
    raise UserError(f'{path}: damaged (not a JSON object); {remedy}.')
  return value


def read_any_json(path: Path, remedy: str) -> Any:
  """Reads a file that holds any value in JSON.

  Raises:
    UserError: There is no such file, or no JSON in it. The message ends with `remedy`.
  """
  try:
    value = json.loads(read_bytes(path).decode(), object_pairs_hook=_object)
  except (OSError, ValueError, RecursionError) as error:
    raise UserError(f'{path}: unreadable ({reason(error)}); {remedy}.') from error
  if _is_deep(value):
    raise UserError(f'{path}: damaged (nested too deeply); {remedy}.')
  return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
  found = dict(pairs)
  if len(found) < len(pairs):  # Which of two values holds?
    raise ValueError('a key is there twice')
  return found


def _is_deep(value: Any) -> bool:
  """Whether objects and lists lie in each other so deep that no program here wrote them."""
  level: list[Any] = [value] if isinstance(value, dict | list) else []
  for _ in range(_DEEPEST):
    inner = [each.values() if isinstance(each, dict) else each for each in level]
    level = [each for one in inner for each in one if isinstance(each, dict | list)]
  return bool(level)
