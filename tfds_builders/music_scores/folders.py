"""The pictures in folders with `scores/` and `other/`: their content and their groups."""

import concurrent.futures
import functools
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from omr_jax.errors import UserError
from omr_jax.inputs import documents, resizing, signatures
from omr_jax.inputs import pictures as reading
from omr_jax.utils import machine, progress
from tfds_builders import raw_data
from tfds_builders.music_scores import perceptual
from tfds_builders.music_scores.groups import Picture, by_name, merged

MAX_BYTES = 500_000_000  # of a file; no picture that can be decoded is larger


def union(found: Mapping[Path, Sequence[str]]) -> dict[str, Path]:
  """The paths of the pictures of several folders by their names, sorted by name.

  A source may be spread over several folders: its pictures are those of all of them.

  Args:
    found: The names of the pictures in each folder.

  Raises:
    UserError: A name is in two folders.
  """
  paths: dict[str, Path] = {}
  for folder, names in found.items():
    for name in names:
      if name in paths:
        raise UserError(
          f'{folder / name}: {paths[name]} has the same name; rename one of them, or its folder.'
        )
      paths[name] = folder / name
  return dict(sorted(paths.items()))


def digests(paths: Mapping[str, Path]) -> dict[str, str]:
  """SHA-256 of each file's content, by name.

  Raises:
    UserError: A file can't be read.
  """
  with concurrent.futures.ThreadPoolExecutor(machine.cores()) as threads:
    hashes = threads.map(raw_data.file_digest, paths.values())
    shown = progress.shown(hashes, 'hashing', 'picture', len(paths))
    return dict(zip(paths, shown, strict=True))


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


def group(paths: Mapping[str, Path]) -> tuple[list[Picture], list[str]]:
  """Decodes all pictures and groups those that belong together, by their names and their looks.

  Args:
    paths: The files, by name.

  Returns:
    The pictures that can be decoded, in the order of `paths`, and a line for each that can't.

  Raises:
    UserError: A file can't be read, or none of a label can be decoded.
  """
  # Decoding takes most of the time and releases the interpreter lock, so threads help. Only the
  # fingerprints are kept in memory.
  with concurrent.futures.ThreadPoolExecutor(machine.cores()) as pool:
    decoded = pool.map(_look, paths.values(), paths)
    found = progress.shown(decoded, 'decoding', 'picture', len(paths))
    looks: dict[str, Any] = dict(zip(paths, found, strict=True))
  broken = [str(look) for look in looks.values() if isinstance(look, UserError)]
  whole = [name for name in paths if not isinstance(looks[name], UserError)]
  for label in reading.CLASSES:
    if not any(_label(name) == label for name in whole):
      raise UserError(
        f'{label}: no picture can be decoded; put others there.\n' + '\n'.join(broken[:10])
      )
  clusters = perceptual.clusters(np.stack([looks[name] for name in whole]))
  groups = merged([by_name(name) for name in whole], clusters.tolist())
  pictures = [Picture(n, _label(n), _source(n), g) for n, g in zip(whole, groups, strict=True)]
  return pictures, broken


def contents(
  paths: Mapping[str, Path], hashes: Mapping[str, str], pictures: Sequence[Picture]
) -> Iterator[tuple[Picture, bytes]]:
  """The pictures with the bytes of their files, one at a time.

  Args:
    paths: The files, by name.
    hashes: SHA-256 of each file's content, by name.
    pictures: The pictures to read.

  Raises:
    UserError: A file can't be read, or its content has changed.
  """
  for picture in pictures:
    try:
      content = paths[picture.id].read_bytes()
    except OSError as error:
      raise raw_data.unreadable(paths[picture.id], error) from error
    if hashlib.sha256(content).hexdigest() != hashes[picture.id]:
      raise UserError(f'{paths[picture.id]}: changed while it was being prepared; start again.')
    yield picture, content


def _look(path: Path, name: str) -> np.ndarray | UserError:
  try:
    with open(path, 'rb') as file:
      size, start = os.fstat(file.fileno()).st_size, file.read(signatures.LENGTH)
  except OSError as error:
    raise raw_data.unreadable(path, error) from error
  if size > MAX_BYTES:
    return UserError(f'{name}: {size} bytes are too many for a picture; save a smaller one.')
  if signatures.kind(start) == 'PDF':
    return UserError(f'{name}: a PDF; save its pages as pictures.')
  # What would end the program is found here, and left out.
  shrink = functools.partial(resizing.resized, height=perceptual.SIDE, width=perceptual.SIDE)
  _, found = next(documents.pages(path, 2 * perceptual.SIDE, shrink, name=name))
  return found if isinstance(found, UserError) else perceptual.fingerprint(found)


def _label(name: str) -> str:
  return name.partition('/')[0]


def _source(name: str) -> str:
  return '/'.join(PurePosixPath(name).parent.parts[:2])
