"""Files that are written whole or not at all, rows for a pipe, and JSON that is read with care."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from omr_jax.errors import UserError


def write_file(path: Path, content: bytes) -> None:
  """Write a file whole or not at all, and the folder around it. UserError where it can't be."""
  temporary = path.with_name(f'.{path.name}.tmp')
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_bytes(content)
    os.replace(temporary, path)
  except OSError as error:
    with contextlib.suppress(OSError):
      temporary.unlink()
    raise UserError(
      f'{path}: cannot be written ({error.strerror}); make room, give write permission or take '
      'away what is in its place, then run the same command again.'
    ) from error


@contextlib.contextmanager
def output(path: Path | None) -> Iterator[io.TextIOBase]:
  """Standard output, or a file that is there whole at the end or not at all.

  Raises:
    UserError: It can't be written.
    SystemExit: Nobody reads on, as after `| head`: the program ends with 0 and no word.
  """
  try:
    if path is None:
      sys.stdout.reconfigure(encoding='utf-8', errors='backslashreplace')
      yield sys.stdout
      sys.stdout.flush()
      return
    # What isn't a file, such as /dev/null, must not be replaced by one; a link stays a link.
    path = Path(os.path.realpath(path))
    whole = path.is_file() or not path.exists()
    written = path.with_name(f'.{path.name}.tmp') if whole else path
    try:
      with written.open('w', encoding='utf-8', errors='backslashreplace', newline='') as file:
        yield file
      if whole:
        written.replace(path)
    finally:
      if whole:
        written.unlink(missing_ok=True)
  except BrokenPipeError:
    _forget_stdout()
    raise SystemExit(0) from None
  except OSError as error:
    if path is None:
      _forget_stdout()
    raise UserError(
      f'{path or "standard output"}: cannot be written ({error.strerror}); make room, or choose '
      'another file with --out.'
    ) from error


def _forget_stdout() -> None:
  """What is still to be written there would raise once more when Python ends."""
  os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def read_json(path: Path, remedy: str) -> dict:
  """The object in a JSON file. UserError with the remedy where there is none."""
  try:
    value = json.loads(path.read_text('utf-8'))
  except (OSError, ValueError, RecursionError) as error:
    raise UserError(f'{path}: unreadable ({error}); {remedy}.') from error
  if not isinstance(value, dict):
    raise UserError(f'{path}: damaged (not a JSON object); {remedy}.')
  return value
