"""Raw data of any builder: the folder or the archives that hold it, and one digest of all files."""

import hashlib
import os
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.utils import paths
from tfds_builders.archives import Archive

# Downloads a URL and returns the path of the file, as TFDS's `DownloadManager.download` does.
Fetch = Callable[[str], os.PathLike]

_TIMEOUT_S = 15


def folders(raw_dir: str | os.PathLike | None, remedy: str) -> list[Path]:
  """The folders that `raw_dir` names, else those that $OMR_RAW_DIR names, else none.

  Args:
    raw_dir: A folder, several as `paths.folders` separates them, or None.
    remedy: How to make such a folder; a part of the message.

  Raises:
    UserError: A folder doesn't exist.
  """
  found = paths.raw_dirs(raw_dir)
  for path in found:
    if not path.is_dir():
      raise UserError(f'{path}: no such folder; {remedy} with raw_dir or $OMR_RAW_DIR.')
  return found


def locate(
  wanted: Sequence[Archive], raw_dir: str | os.PathLike | None, fetch: Fetch
) -> list[Path]:
  """The path of each archive: in a folder or one level below it, else downloaded.

  Args:
    wanted: The archives.
    raw_dir: The folder to look in, or several (`folders`); if None, $OMR_RAW_DIR.
    fetch: Downloads an archive.

  Raises:
    UserError: The folder doesn't exist, or archives are neither there nor can be downloaded. The
      message names all of these.
  """
  names = ', '.join(archive.name for archive in wanted)
  places = folders(raw_dir, f'put {names} into a folder and name it')
  found, problems = [], []
  for archive in wanted:
    try:
      found.append(find(archive.name, places) or _download(archive, fetch))
    except UserError as error:
      problems.append(str(error))
  if problems:
    among = ' or '.join(map(str, places))
    searched = f'not in {among} or one level below' if places else 'no raw_dir is given'
    listed = '\n'.join(f'  {problem}' for problem in problems)
    raise UserError(
      f'raw data is missing ({searched}) and could not be downloaded:\n{listed}\n'
      'Download it on another machine, put it into a folder, and name that folder with raw_dir or '
      '$OMR_RAW_DIR.'
    )
  return found


def find(name: str, places: Sequence[Path]) -> Path | None:
  """The path of a file in one of the folders or one level below it; None if it is in none."""
  tried = (path for place in places for path in (place / name, *sorted(place.glob(f'*/{name}'))))
  return next((path for path in tried if path.is_file()), None)


def digest(hashes: Mapping[str, str], names: Iterable[str] | None = None) -> str:
  """SHA-256 of the lines `<SHA-256 of a file>  <its name>`, each with a newline.

  Args:
    hashes: SHA-256 of each file's content, by name.
    names: The files to include, in this order; by default all of them, sorted.
  """
  names = sorted(hashes) if names is None else names
  lines = [f'{hashes[name]}  {name}\n' for name in names]
  return hashlib.sha256(''.join(lines).encode()).hexdigest()


def file_digest(path: str | os.PathLike) -> str:
  """SHA-256 of a file's content, in hexadecimal.

  Raises:
    UserError: It can't be read.
  """
  try:
    with open(path, 'rb') as file:
      return hashlib.file_digest(file, 'sha256').hexdigest()
  except OSError as error:
    raise unreadable(path, error) from error


def unreadable(path: str | os.PathLike, error: OSError) -> UserError:
  """The error for a file or folder that can't be read."""
  return UserError(
    f'{path}: cannot be read ({error.strerror}); change its permissions or remove it.'
  )


def _download(archive: Archive, fetch: Fetch) -> Path:
  problems = []
  for url in archive.urls:
    try:
      # TFDS retries for minutes and waits without a limit. Opening the address first makes a
      # machine without a network fail at once.
      urllib.request.urlopen(url, timeout=_TIMEOUT_S).close()
      return paths.real(Path(fetch(url)))
    except Exception as error:  # A network, a proxy or a full disk can raise almost anything.
      problems.append(f'{url} ({error})')
  raise UserError(f'{archive.name} from {" or ".join(problems)}')
