"""A long list of files cut into shards; the answers to each shard are a file of their own.

  FOLDER/_shards.json    the model, the format and the digest of the list
  FOLDER/_names/000000   the names of the files of a shard, as JSON
  FOLDER/000000.jsonl    their answers, in the order of the names

Programs that read a folder of Parquet files leave out names that begin with `_`. A shard's answers
are written whole, so a file that exists is finished. Any process that can write into the folder may
take any shard, in any order.
"""

import contextlib
import hashlib
import itertools
import json
import os
import uuid
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from omr_jax.errors import UserError, reason
from omr_jax.predict import model_json, parquet, rows
from omr_jax.predict.answers import pieces
from omr_jax.predict.classifier import Classifier
from omr_jax.predict.pool import Pool
from omr_jax.utils import progress
from omr_jax.utils.files import read_bytes, read_json, write_file

FORMATS = ('jsonl', 'csv', 'parquet')
FILE = '_shards.json'
FILES = 2000  # In a shard: a minute of one core, if they are pictures of a megapixel.
_NAMES = '_names'
_REMEDY = 'give the arguments of the first call, or another folder'


class Shards(NamedTuple):
  """A list of files that has been cut.

  Attributes:
    folder: Where the names and the answers are.
    kind: The format of the answers, one of `FORMATS`.
    total: The number of shards.
    files: The number of files in all of them.
  """

  folder: Path
  kind: str
  total: int
  files: int

  def path(self, shard: int) -> Path:
    """The file with the answers of a shard."""
    return self.folder / f'{shard:06}.{self.kind}'

  def missing(self) -> list[int]:
    """The shards that have no answers yet."""
    return [shard for shard in range(self.total) if not self.path(shard).exists()]

  def names(self, shard: int) -> list[str]:
    """The files of a shard."""
    path = _names(self.folder, shard)
    try:
      found = json.loads(read_bytes(path))
    except (OSError, ValueError, RecursionError) as error:
      raise UserError(f'{path}: unreadable ({reason(error)}); choose another folder.') from error
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
      raise UserError(f'{path}: damaged (no list of names); choose another folder.')
    return found


def answered(
  shards: Shards, several: Pool, todo: Sequence[int]
) -> Generator[Counter[str], None, None]:
  """Answers for shards, one after the other; processes need not wait where one of them ends.

  Yields:
    Of each shard what `rows.counted` counts, once its answers are written.
  """
  found = several.answers(itertools.chain.from_iterable(pieces(shards.names(n)) for n in todo))
  for shard in todo:
    count = sum(1 for _ in pieces(shards.names(shard)))
    yield _write(shards, shard, list(itertools.chain.from_iterable(itertools.islice(found, count))))


def _write(shards: Shards, shard: int, found: list[rows.Row]) -> Counter[str]:
  """Writes the answers of a shard whole, even if another process does so at the same time.

  This happens when a machine is cut off from a cluster, which then asks another machine.
  """
  is_parquet = shards.kind == 'parquet'
  path = shards.path(shard)
  content = parquet.content(found) if is_parquet else rows.content(shards.kind, found)
  temporary = path.with_name(f'.{path.name}.{uuid.uuid4().hex}')
  write_file(temporary, content)
  os.replace(temporary, path)
  return rows.counted(found)


def cut(folder: Path, names: Iterable[str], model: Classifier, kind: str) -> Shards:
  """Cuts a list of files, unless it has been cut before; then it must be the same list.

  Args:
    folder: Where the names and the answers are to be.
    names: The files.
    model: What answers; it must be the one of the first call too.
    kind: The format of the answers, one of `FORMATS`.

  Raises:
    UserError: The folder has other files in it, or answers of another model, list or format.
  """
  about = folder / FILE
  is_new = not about.exists()
  if is_new:
    _refuse_others(folder)
  digest, files, total = hashlib.sha256(), 0, 0
  listed = iter(progress.shown(names, 'listing', 'file'))
  while some := list(itertools.islice(listed, FILES)):
    for name in some:
      # From another folder a relative name leads to another file.
      digest.update(json.dumps(os.path.abspath(name)).encode() + b'\n')
    if is_new:
      write_file(_names(folder, total), json.dumps(some).encode())
    files, total = files + len(some), total + 1
  found: dict[str, str | int] = {
    'model': model_json.identity(model.model),
    'format': kind,
    'files': files,
    'list': digest.hexdigest(),
    'shards': total,
  }
  if is_new:
    write_file(about, json.dumps(found, indent=2).encode())
  _refuse_changed(about, found)
  return Shards(folder, kind, total, files)


def _refuse_changed(about: Path, found: dict[str, str | int]) -> None:
  """Raises a UserError if the shards were cut for something else."""
  before = read_json(about, 'choose another folder')
  if before.get('model') != found['model']:
    raise UserError(f'{about}: the answers there are of another model; {_REMEDY}.')
  if before.get('format') != found['format']:
    raise UserError(f'{about}: --format was {before.get("format")} there; {_REMEDY}.')
  if before.get('files') != found['files']:
    raise UserError(
      f'{about}: was made for {before.get("files")} files, and there are {found["files"]} now; '
      f'{_REMEDY}.'
    )
  if before.get('list') != found['list']:
    raise UserError(f'{about}: was made for other files, or in another order; {_REMEDY}.')
  if before.get('shards') != found['shards']:
    raise UserError(f'{about}: has another number of shards, or is damaged; choose another folder.')


def _refuse_others(folder: Path) -> None:
  with contextlib.suppress(FileNotFoundError, NotADirectoryError):
    # What a call that was killed has left may be there.
    names = (name for name in os.listdir(folder) if not name.startswith(f'.{FILE}.'))
    others = sorted(set(names) - {_NAMES})
    if others:
      raise UserError(f'{folder}: has other files in it, such as {others[0]}; choose a new folder.')


def _names(folder: Path, shard: int) -> Path:
  return folder / _NAMES / f'{shard:06}'
