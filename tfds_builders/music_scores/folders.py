"""The pictures in a folder with `scores/` and `other/`: their content and their groups."""

import concurrent.futures
import functools
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import tqdm

from omr_jax.errors import UserError
from omr_jax.inputs import documents, resizing, signatures
from omr_jax.inputs import pictures as reading
from tfds_builders import raw_data
from tfds_builders.archives import SYSTEM_NAMES
from tfds_builders.music_scores import perceptual
from tfds_builders.music_scores.groups import Picture, by_name, merged

MAX_BYTES = 500_000_000  # of a file; no picture that can be decoded is larger

_SUFFIXES = re.compile(r'\.(jpe?g|jpe|png|tiff?|webp|bmp|gif|hei[cf])', re.IGNORECASE)


def locate(raw_dir: str | os.PathLike | None) -> Path:
  """The folder with `scores/` and `other/`: the one named, or the only such one inside it.

  Args:
    raw_dir: The folder; if None, $OMR_RAW_DIR.

  Raises:
    UserError: There is none, or there are several.
  """
  remedy = 'put pictures of music into scores/ and others into other/, and name the folder of both'
  folder = raw_data.folder(raw_dir, remedy)
  if not folder:
    raise UserError(f'no raw_dir: {remedy} with raw_dir or $OMR_RAW_DIR.')
  here = [label for label in reading.CLASSES if (folder / label).is_dir()]
  if len(here) == len(reading.CLASSES):
    return folder
  if here:
    missing = ', '.join(f'{label}/' for label in reading.CLASSES if label not in here)
    raise UserError(f'{folder}: no {missing} beside {here[0]}/; {remedy}.')
  below = [
    child
    for child in sorted(folder.iterdir())
    if all((child / label).is_dir() for label in reading.CLASSES)
  ]
  if not below:
    raise UserError(f'{folder}: no scores/ and no other/; {remedy}.')
  if len(below) > 1:
    names = ', '.join(child.name for child in below)
    raise UserError(f'{folder}: scores/ and other/ are in several folders: {names}; name one.')
  return below[0]


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


def digests(folder: Path, names: Sequence[str]) -> dict[str, str]:
  """SHA-256 of each file's content, by name.

  Raises:
    UserError: A file can't be read.
  """
  hashes = {}
  for name in _progress(names, 'hashed'):
    try:
      with open(folder / name, 'rb') as file:
        hashes[name] = hashlib.file_digest(file, 'sha256').hexdigest()
    except OSError as error:
      raise _unreadable(folder / name, error) from error
  return hashes


def contradictions(hashes: Mapping[str, str]) -> list[tuple[str, str]]:
  """Pairs of names of different labels whose files have the same content.

  Args:
    hashes: Of each file's content, by name.
  """
  first: dict[tuple[str, str], str] = {}
  for name, content in hashes.items():
    first.setdefault((content, _label(name)), name)
  scores, other = (
    {content: name for (content, label), name in first.items() if label == each}
    for each in ('scores', 'other')
  )
  return [(scores[content], other[content]) for content in scores if content in other]


def group(folder: Path, names: Sequence[str]) -> tuple[list[Picture], list[str]]:
  """Decodes all pictures and groups those that belong together, by their names and their looks.

  Returns:
    The pictures that can be decoded, in the order of `names`, and a line for each that can't.

  Raises:
    UserError: A file can't be read, or none of a label can be decoded.
  """
  # Decoding takes most of the time and releases the interpreter lock, so threads help. Only the
  # fingerprints are kept in memory.
  with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    found = pool.map(functools.partial(_look, folder), names)
    looks = dict(zip(names, _progress(found, 'decoded', len(names)), strict=True))
  broken = [str(look) for look in looks.values() if isinstance(look, UserError)]
  whole = [name for name in names if not isinstance(looks[name], UserError)]
  for label in reading.CLASSES:
    if not any(_label(name) == label for name in whole):
      raise UserError(
        f'{folder / label}: no picture can be decoded; put others there.\n' + '\n'.join(broken[:10])
      )
  clusters = perceptual.clusters(np.stack([looks[name] for name in whole]))
  groups = merged([by_name(name) for name in whole], clusters.tolist())
  pictures = [Picture(n, _label(n), _source(n), g) for n, g in zip(whole, groups, strict=True)]
  return pictures, broken


def contents(
  folder: Path, hashes: Mapping[str, str], pictures: Sequence[Picture]
) -> Iterator[tuple[Picture, bytes]]:
  """The pictures with the bytes of their files, one at a time.

  Args:
    folder: The folder.
    hashes: SHA-256 of each file's content, by name.
    pictures: The pictures to read.

  Raises:
    UserError: A file can't be read, or its content has changed.
  """
  for picture in pictures:
    content = _read(folder / picture.id)
    if hashlib.sha256(content).hexdigest() != hashes[picture.id]:
      raise UserError(f'{folder / picture.id}: changed while it was being prepared; start again.')
    yield picture, content


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
  raise _unreadable(error.filename, error) from error


def _unreadable(path: str | os.PathLike, error: OSError) -> UserError:
  return UserError(
    f'{path}: cannot be read ({error.strerror}); change its permissions or remove it.'
  )


def _is_picture(path: Path) -> bool:
  if _SUFFIXES.fullmatch(path.suffix):
    return path.is_file() or path.is_symlink()  # A broken link is refused later.
  if not path.is_file():
    return False
  try:
    with open(path, 'rb') as file:
      reading.opened(file, str(path))
  except OSError as error:
    raise _unreadable(path, error) from error
  except UserError:
    return False
  return True


def _read(path: Path) -> bytes:
  try:
    return path.read_bytes()
  except OSError as error:
    raise _unreadable(path, error) from error


def _look(folder: Path, name: str) -> np.ndarray | UserError:
  path = folder / name
  try:
    size = path.stat().st_size
  except OSError as error:
    raise _unreadable(path, error) from error
  if size > MAX_BYTES:
    return UserError(f'{name}: {size} bytes are too many for a picture; save a smaller one.')
  try:
    with open(path, 'rb') as file:
      kind = signatures.kind(file.read(signatures.LENGTH))
  except OSError as error:
    raise _unreadable(path, error) from error
  if kind == 'PDF':
    return UserError(f'{name}: a PDF; save its pages as pictures.')
  # As `perceptual.fingerprint`, but what would end the program is found here, and left out.
  shrink = functools.partial(resizing.resized, height=perceptual.SIDE, width=perceptual.SIDE)
  _, found = next(documents.pages(path, 2 * perceptual.SIDE, shrink, name=name))
  return found if isinstance(found, UserError) else perceptual.of_pixels(found)


def _label(name: str) -> str:
  return name.partition('/')[0]


def _source(name: str) -> str:
  return '/'.join(PurePosixPath(name).parent.parts[:2])


def _progress(items, unit: str, total: int | None = None):
  return tqdm.tqdm(items, total=total, unit=f' pictures {unit}', delay=1, leave=False, disable=None)
