"""Songs as MusicXML files: where they are, who composed them, and how they are split."""

import hashlib
import html
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from omr_jax.errors import UserError
from tfds_builders import raw_data

_SUFFIXES = ('.mxl', '.musicxml', '.xml')
_REMEDY = 'put MusicXML files (.mxl, .musicxml or .xml) into a folder and name it'
_MOST_BYTES = 100_000_000  # Of a song, unpacked.
_EVERY = 6  # One composer of so many is for the test, and one for the validation.
# Lengths have bounds, as searching would take hours in some damaged files.
_COMPOSER = re.compile(
  r'<creator\s[^<>]{0,999}type=["\']composer["\'][^<>]{0,999}>([^<]{0,999})</creator>'
)


def find(raw_dir: str | os.PathLike | None) -> dict[str, Path]:
  """The files with songs in a folder and in all folders in it, by name relative to the folder.

  Raises:
    UserError: There is no folder, or no song in it, or the name of one is not UTF-8.
  """
  places = raw_data.folders(raw_dir, _REMEDY)
  if not places:
    raise UserError(f'no raw_dir: {_REMEDY} with raw_dir or $OMR_RAW_DIR.')
  found = {
    _name(path, place): path
    for place in places
    for path in sorted(place.rglob('*'))
    if path.suffix.lower() in _SUFFIXES and not path.name.startswith('.') and _is_song(path)
  }
  if not found:
    raise UserError(f'{" or ".join(map(str, places))}: no MusicXML in it; {_REMEDY}.')
  return found


def digests(paths: Mapping[str, Path]) -> dict[str, str]:
  """SHA-256 of each file, by its name."""
  found = {}
  for name, path in paths.items():
    try:
      with open(path, 'rb') as file:
        found[name] = hashlib.file_digest(file, 'sha256').hexdigest()
    except OSError as error:
      raise UserError(
        f'{path}: cannot be read ({error.strerror}); change its permissions or remove it.'
      ) from error
  return found


def read(path: Path) -> str:
  """The MusicXML of a file, which may be compressed.

  Raises:
    UserError: It is damaged, or larger than any song.
  """
  try:
    if path.stat().st_size > _MOST_BYTES:
      raise ValueError(f'larger than {_MOST_BYTES} bytes')
    content = path.read_bytes() if path.suffix.lower() != '.mxl' else _unpacked(path)
    return content.decode('utf-16' if content[:2] in (b'\xff\xfe', b'\xfe\xff') else 'utf-8')
  except Exception as error:  # zipfile alone raises about ten kinds.
    raise UserError(f'{path}: not MusicXML, or damaged ({error}); remove it.') from error


def composer_of(path: Path, name: str) -> str:
  """`composer` of a file, as a function that a child process can call (`inputs.isolated`)."""
  return composer(read(path), name)


def composer(music: str, name: str) -> str:
  """The surname of the composer in lower case; without one the name of the file.

  Songs of composers with the same surname are not told apart.
  """
  match = _COMPOSER.search(music)
  words = re.sub(r'\(.*?\)', ' ', html.unescape(match[1]), flags=re.DOTALL) if match else ''
  surname = words.partition(',')[0].split()
  return surname[-1].lower() if surname else PurePosixPath(name).stem


def split(composers: Mapping[str, str]) -> dict[str, list[str]]:
  """The songs of each split; no composer is in two of them.

  Composers, in the order of the SHA-256 of their names, are dealt to six parts in turn: the first
  is the test, the second the validation.

  Args:
    composers: The composer of each song, by the song's name.

  Raises:
    UserError: There are too few composers.
  """
  order = sorted(set(composers.values()), key=lambda one: hashlib.sha256(one.encode()).digest())
  splits = {one: _split(place) for place, one in enumerate(order)}
  found: dict[str, list[str]] = {'train': [], 'validation': [], 'test': []}
  for name in sorted(composers):
    found[splits[composers[name]]].append(name)
  if empty := [name for name, songs in found.items() if not songs]:
    raise UserError(
      f'{len(order)} composers leave no songs for {" and ".join(empty)}; add songs of others.'
    )
  return found


def _split(place: int) -> str:
  return {0: 'test', 1: 'validation'}.get(place % _EVERY, 'train')


def _name(path: Path, place: Path) -> str:
  name = path.relative_to(place).as_posix()
  try:
    name.encode()
  except UnicodeEncodeError as error:
    raise UserError(f'{str(path)!a}: its name is not UTF-8; rename it.') from error
  return name


def _is_song(path: Path) -> bool:
  """Whether a file is MusicXML: other formats end in .xml too."""
  if path.suffix.lower() != '.xml' or not path.is_file():
    return path.is_file()
  try:
    with open(path, 'rb') as file:
      return re.search(rb'<score-(partwise|timewise)', file.read(4096)) is not None
  except OSError:
    return True  # `digests` says what is wrong with it.


def _unpacked(path: Path) -> bytes:
  with zipfile.ZipFile(path) as files:
    names = [
      info
      for info in files.infolist()
      if info.filename.lower().endswith(('.xml', '.musicxml'))
      and not info.filename.startswith('META-INF')
    ]
    if not names:
      raise ValueError('no score in it')
    if names[0].file_size > _MOST_BYTES:
      raise ValueError(f'larger than {_MOST_BYTES} bytes')
    with files.open(names[0]) as file:
      return file.read(names[0].file_size)
