"""The three archives of the paper's first experiment (section V-A): pictures, labels, split."""

import contextlib
import os
import re
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from absl import logging

from omr_jax.errors import UserError
from tfds_builders import original_split
from tfds_builders.music_scores import packed
from tfds_builders.music_scores.groups import Picture, by_name

_RELEASES = 'https://github.com/apacha/'
_TIMEOUT_S = 15


class Archive(NamedTuple):
  """One of the paper's archives.

  Attributes:
    name: Of the file; its suffix is its format.
    urls: Public addresses, the first that answers is taken.
    files: Matches the names of pictures in the archive.
    sources: How many pictures of each source folder it holds.
  """

  name: str
  urls: tuple[str, ...]
  files: re.Pattern
  sources: Mapping[str, int]


ARCHIVES = (
  Archive(
    'CVCMUSCIMA_WI.zip',
    (
      'http://www.cvc.uab.es/cvcmuscima/CVCMUSCIMA_WI.zip',
      f'{_RELEASES}OMR-Datasets/releases/download/datasets/CVCMUSCIMA_WI.zip',
    ),
    re.compile(r'CVCMUSCIMA_WI/PNG_GT_Gray/[^/]+/[^/]+\.png'),
    {'scores/muscima': 1000},
  ),
  Archive(
    'voc2006_trainval.tar',
    ('http://host.robots.ox.ac.uk/pascal/VOC/download/voc2006_trainval.tar',),
    re.compile(r'VOCdevkit/VOC2006/PNGImages/[^/]+\.png'),
    {'other/pascal_voc': 2618},
  ),
  Archive(
    'MusicScoreClassificationDataset.zip',
    (
      f'{_RELEASES}MusicScoreClassifier/releases/download/v1.0/MusicScoreClassificationDataset.zip',
    ),
    re.compile(r'(scores|other)/[^/]+\.(jpe?g|png)', re.IGNORECASE),
    {'scores/phone': 1000, 'other/phone': 1000},
  ),
)


def locate(raw_dir: str | os.PathLike | None, fetch: Callable[[str], os.PathLike]) -> list[Path]:
  """The files of ARCHIVES in `raw_dir`, else in $OMR_RAW_DIR, or one level below, else downloaded.

  Args:
    raw_dir: A folder, or None.
    fetch: Downloads an address and gives the path of the file, as TFDS's `dl_manager.download`.

  Raises:
    UserError: The folder doesn't exist, or some are not there and can't be downloaded; it says all.
  """
  folder = raw_dir or os.environ.get('OMR_RAW_DIR')
  folder = Path(folder).expanduser() if folder else None
  if folder and not folder.is_dir():
    names = ', '.join(archive.name for archive in ARCHIVES)
    raise UserError(f'{folder}: no such folder; raw_dir (or $OMR_RAW_DIR) must hold {names}.')
  paths, problems = [], []
  for archive in ARCHIVES:
    try:
      paths.append(_found(archive.name, folder) or _downloaded(archive, fetch))
    except UserError as error:
      problems.append(str(error))
  if problems:
    place = f'{folder} or one level below' if folder else 'no raw_dir'
    listed = '\n'.join(f'  {problem}' for problem in problems)
    raise UserError(
      f'In {place} and not to be downloaded:\n{listed}\nDownload what is missing elsewhere, put it '
      'in a folder and name that folder with raw_dir or $OMR_RAW_DIR.'
    )
  return paths


def find(paths: Sequence[Path]) -> list[Picture]:
  """The pictures in the archives, by id: their names there.

  Raises:
    UserError: An archive is damaged or unsafe, or has no picture where the original has them.
  """
  pictures = []
  for archive, path in zip(ARCHIVES, paths, strict=True):
    with packed.opened(path, _kind(archive), _remedy(archive)) as files:
      found = [_picture(archive, name) for name in files if archive.files.fullmatch(name)]
    for source, expected in archive.sources.items():
      count = sum(picture.source == source for picture in found)
      if not count:
        raise UserError(
          f'{path}: no pictures of {source} as {archive.files.pattern}; {_remedy(archive)}'
        )
      if count != expected:
        logging.warning('%s: %d pictures of %s; the paper has %d.', path, count, source, expected)
    pictures += found
  return sorted(pictures, key=lambda picture: picture.id)


def split(pictures: Sequence[Picture]) -> Mapping[str, list[Picture]]:
  """The recipe of the original experiments, which put the pictures of a class into one folder.

  Per class, with the file names there sorted as ASCII strings: see `original_split.original`.
  """
  split_of = original_split.original([_InFolder(_name_in_folder(p.id), p.label) for p in pictures])
  return {
    name: [p for p in pictures if split_of[_name_in_folder(p.id)] == name]
    for name in original_split.SPLITS
  }


def contents(paths: Sequence[Path], pictures: Sequence[Picture]) -> Iterator[tuple[Picture, bytes]]:
  """The pictures with their bytes, one at a time."""
  with contextlib.ExitStack() as stack:
    readers = {}
    for archive, path in zip(ARCHIVES, paths, strict=True):
      files = packed.opened(path, _kind(archive), _remedy(archive))
      readers.update(stack.enter_context(files))
    for picture in pictures:
      yield picture, readers[picture.id]()


class _InFolder(NamedTuple):
  """What the recipe asks of a picture."""

  id: str
  label: str


def _name_in_folder(path: str) -> str:
  """The label's folder, and the name there: MUSCIMA's pages begin with their writer's folder."""
  path = PurePosixPath(path)
  muscima = path.parts[0] == 'CVCMUSCIMA_WI'
  label = path.parts[0] if len(path.parts) == 2 else 'scores' if muscima else 'other'
  return f'{label}/{path.parent.name}_{path.name}' if muscima else f'{label}/{path.name}'


def _picture(archive: Archive, name: str) -> Picture:
  source = next(s for s in archive.sources if len(archive.sources) == 1 or s.startswith(name[:5]))
  return Picture(name, source.split('/')[0], source, by_name(name))


def _found(name: str, folder: Path | None) -> Path | None:
  paths = [folder / name, *sorted(folder.glob(f'*/{name}'))] if folder else []
  return next((path for path in paths if path.is_file()), None)


def _downloaded(archive: Archive, fetch: Callable[[str], os.PathLike]) -> Path:
  problems = []
  for url in archive.urls:
    try:
      # TFDS retries for minutes and waits without a limit: an offline machine should know at once.
      urllib.request.urlopen(url, timeout=_TIMEOUT_S).close()
      return Path(fetch(url))
    except Exception as error:  # Whatever a network, a proxy or a full disk comes up with.
      problems.append(f'{url} ({error})')
  raise UserError(f'{archive.name} from {" or ".join(problems)}')


def _kind(archive: Archive) -> str:
  return archive.name.rpartition('.')[2]


def _remedy(archive: Archive) -> str:
  return f'delete it and get {archive.name} again from {" or ".join(archive.urls)}.'
