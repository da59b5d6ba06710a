"""The files that a command line names: files, folders, and names on standard input."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# What is looked at in a folder; a file that is named itself is looked at whatever its name.
PICTURES = frozenset(
  ('.bmp', '.gif', '.heic', '.heif', '.jfif', '.jpeg', '.jpg', '.pdf', '.png', '.tif', '.tiff')
  + ('.webp',)
)
STROKES = frozenset(('.txt',))


def files(paths: Iterable[str], names: Iterable[str], suffixes: frozenset[str]) -> Iterator[Path]:
  """The files in their order, one by one.

  A folder gives its files by name, then those of its folders, whatever their depth. Left out there
  are files of other kinds, and what is hidden or belongs to a Mac's archives (`.x`, `__MACOSX`);
  links to folders are not followed, so nothing comes twice.

  Args:
    paths: Of files and folders; `-` stands for `names`. What doesn't exist is given as it is.
    names: Lines, each the name of a file or folder.
    suffixes: Of the files in folders, in small letters.
  """
  for path in paths:
    if path == '-':
      yield from files((n for n in (line.rstrip('\r\n') for line in names) if n), (), suffixes)
    elif os.path.isdir(path):
      yield from _in_folder(path, suffixes)
    else:
      yield Path(path)


def _in_folder(folder: str, suffixes: frozenset[str]) -> Iterator[Path]:
  for root, folders, names in os.walk(folder):
    folders[:] = sorted(name for name in folders if not _is_hidden(name))
    for name in sorted(names):
      if not _is_hidden(name) and os.path.splitext(name)[1].lower() in suffixes:
        yield Path(root, name)


def _is_hidden(name: str) -> bool:
  return name.startswith('.') or name == '__MACOSX'
