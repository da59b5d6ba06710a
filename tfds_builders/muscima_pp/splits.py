"""Splits of the pages of MUSCIMA++ into training, validation and test; none shares a writer."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from omr_jax.errors import UserError
from tfds_builders.folds import PAGE_FOLDS, split_of
from tfds_builders.muscima_pp.annotations import writer_and_piece

TEST_PIECES = frozenset((1, 7, 9, 12, 18, 20))  # In the test of the protocol new_music.
VALIDATION_PIECES = frozenset((10, 14, 15))  # In its validation.


def split(protocol: str, pages: Sequence[str], test: Sequence[str]) -> dict[str, list[str]]:
  """The files of each split.

  Args:
    protocol: `independent`, `new_music`, `most_writers`, or `writers_0` to `writers_4`.
    pages: The names of the files with annotations.
    test: The ids of the official test.

  Raises:
    UserError: The pages that the protocol needs are not there.
  """
  tested = {writer_and_piece(name)[0] for name in test}
  others = [name for name in pages if writer_and_piece(name)[0] not in tested]
  if protocol == 'independent':
    found = _independent(pages, others, test)
  elif protocol == 'new_music':
    found = _new_music(others)
  elif protocol == 'most_writers':
    found = _most_writers(others)
  else:
    found = by_writer(others, int(protocol.rpartition('_')[2]))
  if empty := [name for name, chosen in found.items() if not chosen]:
    raise UserError(f'{protocol}: no pages for {" and ".join(empty)}; get the whole release.')
  return found


def by_writer(pages: Sequence[str], fold: int) -> dict[str, list[str]]:
  """Writers are dealt to the folds in turn: `fold` is the test, the next one the validation."""
  writers = sorted({writer_and_piece(name)[0] for name in pages})
  found: dict[str, list[str]] = {'train': [], 'validation': [], 'test': []}
  for name in pages:
    number = writers.index(writer_and_piece(name)[0])
    found[split_of(number, fold, PAGE_FOLDS)].append(name)
  return found


def _independent(
  pages: Sequence[str], others: Sequence[str], test: Sequence[str]
) -> dict[str, list[str]]:
  """The official test; of the other writers those of the first fold are for validation."""
  chosen = [name for name in pages if PurePosixPath(name).stem in test]
  if missing := len(test) - len(chosen):
    raise UserError(
      f'independent: the archive lacks {missing} of the {len(test)} pages of the official test '
      '(testset-independent.txt). Get MUSCIMA-pp_v2.0.zip, the whole release of 140 pages, or '
      'choose another protocol, such as most_writers, which needs none of them.'
    )
  folds = by_writer(others, fold=0)
  return {
    'train': folds['train'] + folds['validation'],
    'validation': folds['test'],
    'test': chosen,
  }


def _most_writers(pages: Sequence[str]) -> dict[str, list[str]]:
  """All writers train but those of the first fold, who are validation and test in turn."""
  folds = by_writer(pages, fold=0)
  last = folds['test']
  writers = sorted({writer_and_piece(name)[0] for name in last})
  tested = writers[1::2]
  return {
    'train': folds['train'] + folds['validation'],
    'validation': [name for name in last if writer_and_piece(name)[0] not in tested],
    'test': [name for name in last if writer_and_piece(name)[0] in tested],
  }


def _new_music(pages: Sequence[str]) -> dict[str, list[str]]:
  """The test has the pages of people who wrote only pieces of the test; likewise the validation.

  All other people train, without their pages of pieces that are in the test or the validation.
  """
  pieces_of: dict[int, set[int]] = {}
  for name in pages:
    writer, piece = writer_and_piece(name)
    pieces_of.setdefault(writer, set()).add(piece)
  found: dict[str, list[str]] = {'train': [], 'validation': [], 'test': []}
  for name in pages:
    writer, piece = writer_and_piece(name)
    if pieces_of[writer] <= TEST_PIECES:
      found['test'].append(name)
    elif pieces_of[writer] <= VALIDATION_PIECES:
      found['validation'].append(name)
    elif piece not in TEST_PIECES | VALIDATION_PIECES:
      found['train'].append(name)
  return found
