"""The archive of MUSCIMA++ v2.0: its pages, and the official list of those for the test."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from omr_jax.errors import UserError
from tfds_builders import archives, raw_data
from tfds_builders.muscima_pp import annotations

_URLS = ('https://github.com/OMR-Research/muscima-pp/releases/download/v2.0/MUSCIMA-pp_v2.0.zip',)
# The release has 140 pages of up to a megabyte, and beside them pictures of masks.
_LIMITS = archives.Limits(entries=10_000, entry_bytes=50_000_000, total_bytes=2_000_000_000)
FULL = archives.Archive('MUSCIMA-pp_v2.0.zip', _URLS, _LIMITS)
# The same without the pages of the official test.
PARTIAL = archives.Archive('MUSCIMA-pp_v2.0_120-pages.zip', _URLS, _LIMITS)

_TEST = 'specifications/testset-independent.txt'


class Raw(NamedTuple):
  """An archive that was found.

  Attributes:
    archive: Which one it is.
    path: Where it is.
    pages: The names of the files with annotations, sorted.
    test: The ids of the official test that no writer shares with the other pages; some of them may
      not be in the archive.
  """

  archive: archives.Archive
  path: Path
  pages: list[str]
  test: list[str]


def locate(raw_dir: str | os.PathLike | None, fetch: raw_data.Fetch) -> Raw:
  """The full archive, else the partial one, else the full one is downloaded.

  Raises:
    UserError: There is none and it can't be downloaded, or it is damaged, unsafe or another one.
  """
  places = raw_data.folders(raw_dir, f'put {FULL.name} into a folder and name it')
  for archive in (FULL, PARTIAL):
    if path := raw_data.find(archive.name, places):
      return _opened(archive, path)
  return _opened(FULL, raw_data.locate([FULL], raw_dir, fetch)[0])


def contents(raw: Raw, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
  """The names and bytes of some files with annotations, one at a time."""
  with archives.opened(raw.archive, raw.path) as files:
    for name in names:
      yield name, files[name]()


def _opened(archive: archives.Archive, path: Path) -> Raw:
  with archives.opened(archive, path) as files:
    pages = sorted(name for name in files if annotations.NAME.fullmatch(name))
    lists = [name for name in files if name.endswith(_TEST)]
    if not pages or not lists:
      what = 'no pages with annotations' if lists else f'no list {_TEST}'
      raise UserError(f'{path}: {what} in it; get {FULL.name} again from {_URLS[0]}.')
    test = files[lists[0]]().decode('ascii', 'replace').split()
  for page in test:
    annotations.writer_and_piece(page)  # Raises for what is no name of a page.
  return Raw(archive, path, pages, sorted(test))
