"""Files that are written whole or not at all, and JSON that is read with care."""

import contextlib
import json
import os
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


def read_json(path: Path, remedy: str) -> dict:
  """The object in a JSON file. UserError with the remedy where there is none."""
  try:
    value = json.loads(path.read_text('utf-8'))
  except (OSError, ValueError, RecursionError) as error:
    raise UserError(f'{path}: unreadable ({error}); {remedy}.') from error
  if not isinstance(value, dict):
    raise UserError(f'{path}: damaged (not a JSON object); {remedy}.')
  return value
