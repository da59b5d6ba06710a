"""Writing a file completely or not at all, writing output to a file or a pipe, reading JSON."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from omr_jax.errors import UserError, forget, is_closed


def write_file(path: Path, content: bytes) -> None:
  """Writes a file completely or not at all; makes its folder where that is missing.

  Raises:
    UserError: The file cannot be written.
  """
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
  """Opens standard output (None), or a file that is written completely or not at all.

  Raises:
    UserError: It cannot be written.
    SystemExit: Whatever reads the pipe has closed it, as `| head` does after ten lines. The program
      then ends with exit code 0 and without a message.
  """
  try:
    if path is None:
      if is_closed(sys.stdout):
        raise UserError('standard output: is closed; open it, or choose a file with --out.')
      # What another program has put in its place may lack this.
      if hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(encoding='utf-8', errors='backslashreplace')
      yield sys.stdout
      sys.stdout.flush()
      return
    # A path such as /dev/null is no regular file and must not be replaced by one. A symbolic link
    # is resolved first, so that the file it points to is replaced and not the link.
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
    forget(sys.stdout)
    raise SystemExit(0) from None
  except OSError as error:
    if path is None:
      forget(sys.stdout)
    raise UserError(
      f'{path or "standard output"}: cannot be written ({error.strerror}); make room, or choose '
      'another file with --out.'
    ) from error


def is_terminal(file: io.TextIOBase) -> bool:
  """Whether a person sees what is written there."""
  return hasattr(file, 'isatty') and file.isatty()


def read_json(path: Path, remedy: str) -> dict:
  """Reads a file that holds one JSON object.

  Raises:
    UserError: There is no such file, or no JSON object in it. The message ends with `remedy`.
  """
  try:
    value = json.loads(path.read_text('utf-8'))
  except (OSError, ValueError, RecursionError) as error:
    raise UserError(f'{path}: unreadable ({error}); {remedy}.') from error
  if not isinstance(value, dict):
    raise UserError(f'{path}: damaged (not a JSON object); {remedy}.')
  return value
