"""Songs as MusicXML files: where they are, who composed them, and how they are split."""

import hashlib
import html
import os
import posixpath
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from xml.etree import ElementTree

from omr_jax.errors import UserError
from tfds_builders import raw_data
from tfds_builders.folds import split_of

_SUFFIXES = ('.mxl', '.musicxml', '.xml')
_REMEDY = 'put MusicXML files (.mxl, .musicxml or .xml) into a folder and name it'
_MOST_BYTES = 100_000_000  # Of a song, unpacked.
_PARTS = 6  # Of the composers: one is for the test, and one for the validation.
_CONTAINER = 'META-INF/container.xml'  # Of a compressed file.
_NO_SURNAMES = (
  *('jr', 'jnr', 'sr', 'snr', 'ed', 'arr'),
  *('i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii'),
)
# Lengths have bounds, as searching would take hours in some damaged files.
_COMPOSER = re.compile(
  r'<creator\s[^<>]{0,999}type=["\']composer["\'][^<>]{0,999}>([^<]{0,999})</creator>'
)


def find(raw_dir: str | os.PathLike | None) -> dict[str, Path]:
  """The files with songs in a folder and in all folders in it, by name relative to the folder.

  Raises:
    UserError: There is no folder, or no song in it, or the name of one is not UTF-8, or two have
      the same name but for the suffix.
  """
  places = raw_data.folders(raw_dir, _REMEDY)
  if not places:
    raise UserError(f'no raw_dir: {_REMEDY} with raw_dir or $OMR_RAW_DIR.')
  found: dict[str, Path] = {}
  known: dict[str, Path] = {}  # By the name without its suffix, which names the pages.
  for place in places:
    for path in sorted(place.rglob('*')):
      if path.suffix.lower() in _SUFFIXES and not path.name.startswith('.') and _is_song(path):
        name = _name(path, place)
        stem = str(PurePosixPath(name).with_suffix(''))
        if stem in known and not path.samefile(known[stem]):
          raise UserError(f'{path}: {known[stem]} has the same name; rename or remove one of them.')
        found[name] = known[stem] = path
  if not found:
    raise UserError(f'{" or ".join(map(str, places))}: no MusicXML in it; {_REMEDY}.')
  return found


def digests(paths: Mapping[str, Path]) -> dict[str, str]:
  """SHA-256 of each file, by its name."""
  return {name: raw_data.file_digest(path) for name, path in paths.items()}


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

  It is the last word that has letters and no digits, and is neither in brackets, unless all is, nor
  one of _NO_SURNAMES. Songs of composers with the same surname are not told apart.
  """
  match = _COMPOSER.search(music)
  whole = unicodedata.normalize('NFC', html.unescape(match[1])).lower() if match else ''
  outside = re.sub(r'\(.*?\)|\[.*?\]', ' ', whole, flags=re.DOTALL)
  for words in (outside, whole):
    found = [word.strip('.:;()[]') for word in words.partition(',')[0].split()]
    surnames = [word for word in found if _is_name(word)]
    if surnames:
      return surnames[-1]
  return PurePosixPath(name).stem


def _is_name(word: str) -> bool:
  return (
    bool(re.search(r'[^\W\d_]', word)) and not re.search(r'\d', word) and word not in _NO_SURNAMES
  )


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
  splits = {one: split_of(place, 0, _PARTS) for place, one in enumerate(order)}
  found: dict[str, list[str]] = {'train': [], 'validation': [], 'test': []}
  for name in sorted(composers):
    found[splits[composers[name]]].append(name)
  if empty := [name for name, songs in found.items() if not songs]:
    raise UserError(
      f'{len(order)} composers leave no songs for {" and ".join(empty)}; add songs of others.'
    )
  return found


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
  """The file that the container names; without a container the first one that may be a score."""
  with zipfile.ZipFile(path) as files:
    infos = {info.filename: info for info in files.infolist()}
    scores = [
      name
      for name in infos
      if name.lower().endswith(('.xml', '.musicxml')) and not name.startswith('META-INF')
    ]
    if not scores:
      raise ValueError('no score in it')
    named = _roots(_member(files, infos[_CONTAINER])) if _CONTAINER in infos else []
    return _member(files, infos[next((name for name in named if name in scores), scores[0])])


def _roots(container: bytes) -> list[str]:
  """The names in a container, as they are written and with %20 and the like; none if damaged."""
  if b'<!DOCTYPE' in container or b'\0' in container:  # It might define endless words.
    return []
  try:
    root = ElementTree.fromstring(container)
  except (ElementTree.ParseError, ValueError, LookupError):
    return []
  found = [e.get('full-path', '') for e in root.iter() if e.tag.rpartition('}')[2] == 'rootfile']
  return [name for each in found for name in (each, posixpath.normpath(unquote(each)))]


def _member(files: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
  if info.file_size > _MOST_BYTES:
    raise ValueError(f'larger than {_MOST_BYTES} bytes')
  with files.open(info) as file:
    return file.read(info.file_size)
