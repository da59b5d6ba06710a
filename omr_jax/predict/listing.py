"""The files that a command line names: files, folders, and names on standard input."""

import contextlib
import heapq
import os
from collections.abc import Callable, Iterable, Iterator

# What is looked at in a folder; a file that is named itself is looked at whatever its name.
PICTURES = frozenset(
  ('.bmp', '.gif', '.heic', '.heif', '.jfif', '.jpeg', '.jpg', '.pdf', '.png', '.tif', '.tiff')
  + ('.webp',)
)
# Names of one folder that are in memory. A folder with more is read once for each so many.
_NAMES = 10_000


def files(paths: Iterable[str], names: Iterable[bytes], suffixes: frozenset[str]) -> Iterator[str]:
  """The files in their order, one by one.

  A folder gives its files by name, then those of its folders, whatever their depth. Left out there
  are files of other kinds, and what is hidden or belongs to a Mac's archives (`.x`, `__MACOSX`);
  links to folders are not followed, so nothing comes twice.

  Args:
    paths: Of files and folders; `-` stands for `names`. What doesn't exist is given as it is, and
      so is a folder that can't be listed.
    names: Lines, each the name of a file or folder.
    suffixes: Of the files in folders, in small letters.
  """
  for path in paths:
    if path == '-':
      for line in names:
        if name := line.rstrip(b'\r\n'):
          yield from _at(os.fsdecode(name), suffixes)
    else:
      yield from _at(path, suffixes)


def _at(path: str, suffixes: frozenset[str]) -> Iterator[str]:
  if not os.path.isdir(path):
    yield path
    return
  folders = [iter((path,))]
  while folders:
    folder = next(folders[-1], None)
    if folder is None:
      folders.pop()
      continue
    try:
      yield from _by_name(folder, lambda entry: _is_wanted(entry, suffixes))
      folders.append(_folders_in(folder))
    except OSError:
      yield folder


def _folders_in(folder: str) -> Iterator[str]:
  with contextlib.suppress(OSError):  # Gone since its files were listed.
    yield from _by_name(folder, lambda entry: entry.is_dir(follow_symlinks=False))


def _by_name(folder: str, is_wanted: Callable[[os.DirEntry], bool]) -> Iterator[str]:
  last = ''
  while True:
    with os.scandir(folder) as entries:
      seen = (e.name for e in entries if e.name > last and not _is_hidden(e.name) and is_wanted(e))
      names = heapq.nsmallest(_NAMES, seen)
    yield from (os.path.join(folder, name) for name in names)
    if len(names) < _NAMES:
      return
    last = names[-1]


def _is_wanted(entry: os.DirEntry, suffixes: frozenset[str]) -> bool:
  suffix = os.path.splitext(entry.name)[1].lower()
  return suffix in suffixes and not entry.is_dir(follow_symlinks=False)


def _is_hidden(name: str) -> bool:
  return name.startswith('.') or name == '__MACOSX'
