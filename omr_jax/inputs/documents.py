"""Reads documents page by page: PDFs, TIFFs of several frames, and pictures as a single page.

Ordinary pictures (JPEG, PNG, WebP, BMP, GIF) are decoded in the thread that asks. Large ones and
all other kinds are read in a child process, with limits of memory and time (`isolated`).
"""

import contextlib
import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import budget, isolated, page_reader, pdf, pictures, signatures

# Pillow reads files of some formats into memory whole. Files of more bytes are left to the child.
_SMALL_FILE = 2**26
_BY_CHILD = ('PDF', 'TIFF', 'HEIC', signatures.OTHER_CONTAINER)
# After so many broken pages in a row the others are not tried: a damaged file may claim a million.
_MOST_FAILURES = 10
# After so many pages that have ended the child process the others are not tried either.
_MOST_ENDED = 3

# The steps from a file to 8-bit grey or RGB; `model.json` has them, and `jpeg_least`, for other
# programs.
RULE = (
  'Decoding: a JPEG file is decoded at 1/8, 1/4 or 1/2 of its size, the first of these at which no '
  'side has fewer pixels than `jpeg_least`, if there is one (libjpeg leaves out high frequencies; '
  f"Pillow's `draft`). A page of a PDF is rendered so that its longer side has {pdf.SIDE} pixels.",
  *pictures.RULE,
)


def pages(
  source: str | os.PathLike[str] | bytes,
  least: int = 0,
  finish: Callable[[Image.Image], Any] | None = None,
  colour: bool = True,
  name: str | None = None,
) -> Iterator[tuple[int, Any | UserError]]:
  """Yields the pages of a PDF, the frames of a TIFF, or the picture in any other file.

  Only the current page is in memory. PDFs need pypdfium2; a page is rendered so that its longer
  side has `pdf.SIDE` pixels.

  Args:
    source: The path of the file, or its bytes.
    least: Smallest side in pixels to which a JPEG may be reduced while it is decoded; 0 for full
      size (`pictures.decode` has the details).
    finish: Applied to each page, a picture of Pillow in mode L or RGB; it may raise. A function of
      a module, or a `partial` of one, which a child process can import. By default the page becomes
      an array.
    colour: Whether `finish` wants colour; if not, it is given pictures in mode L (brightness).
    name: What the file is called in messages; the path by default, for bytes the picture.

  Yields:
    The number of a page, from 1, and the result of `finish` for it, by default uint8 [height,
    width, 3] in RGB. Where a page cannot be read a UserError takes the place of the result; where
    the whole file cannot be read, it stands for page 1. Such errors are yielded, never raised.
  """
  if isinstance(source, bytes):
    yield from _of_bytes(source, least, finish, colour, name or 'the picture')
    return
  path, name = source, name or os.fsdecode(source)
  try:
    refuse_special(path, name)
    with open(path, 'rb') as file:
      info = os.fstat(file.fileno())
      state = (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
      start = file.read(signatures.LENGTH)
      kind = signatures.kind(start)
      if kind not in ('PDF', 'TIFF') and info.st_size > budget.BUDGET:
        raise UserError(f'{name}: {info.st_size} bytes; a picture has at most {budget.BUDGET}.')
      if kind not in _BY_CHILD and info.st_size <= _SMALL_FILE:
        file.seek(0)
        picture = pictures.opened(file, name)
        with contextlib.suppress(pictures.Large):
          yield 1, pictures.decode(picture, name, least, finish, colour, most=pictures.SMALL)
          return
    absolute = os.path.abspath(os.fsdecode(path))
  except UserError as error:
    yield 1, UserError(str(error))
  except (OSError, ValueError) as error:  # A name with a NUL byte is a ValueError.
    yield 1, UserError(page_reader.unreadable(name, error))
  else:
    wanted = page_reader.Wanted(absolute, state, name, 0, least, finish, colour)
    yield from _by_child(wanted, several=kind in ('PDF', 'TIFF'))


def refuse_special(path: str | os.PathLike[str], name: str) -> None:
  """Refuses what is no ordinary file, such as a pipe: opening it might never end.

  Args:
    path: The path.
    name: What to call it in messages.

  Raises:
    UserError: It is no ordinary file.
    OSError: There is no such path.
  """
  if not stat.S_ISREG(os.stat(path).st_mode):
    what = 'no file, or a folder that cannot be listed; leave it out, or check its permissions.'
    raise UserError(f'{name}: {what}')


def picture(
  content: bytes, name: str, least: int = 0, finish: Callable[[Image.Image], Any] | None = None
) -> Any:
  """What `finish` makes of the picture in a file's content, or of its first page, as by `pages`.

  Raises:
    UserError: It cannot be read.
  """
  _, found = next(pages(content, least, finish, name=name))
  if isinstance(found, UserError):
    raise found
  return found


def _of_bytes(
  content: bytes,
  least: int,
  finish: Callable[[Image.Image], Any] | None,
  colour: bool,
  name: str,
) -> Iterator[tuple[int, Any | UserError]]:
  """As `pages`. Files that a child process reads are written to the disk for it."""
  kind = signatures.kind(content[: signatures.LENGTH])
  if kind not in _BY_CHILD and len(content) <= _SMALL_FILE:
    try:
      picture = pictures.opened(io.BytesIO(content), name)
      with contextlib.suppress(pictures.Large):
        yield 1, pictures.decode(picture, name, least, finish, colour, most=pictures.SMALL)
        return
    except UserError as error:
      yield 1, UserError(str(error))
      return
  path = None
  try:
    handle, path = tempfile.mkstemp(prefix='omr_jax.')
    with open(handle, 'wb') as file:
      file.write(content)
    yield from pages(path, least, finish, colour, name)
  except OSError as error:
    # `gettempdir` would raise a second error where no folder can be written to.
    folder = tempfile.tempdir or 'a temporary folder'
    what = (
      f'cannot be written to {folder} ({error.strerror}); make room, or set $TMPDIR to another.'
    )
    yield 1, UserError(f'{name}: {what}')
  finally:
    # No `tempfile.TemporaryDirectory`: it warns where an error keeps this generator until the end.
    if path is not None:
      with contextlib.suppress(OSError):  # On Windows, while the child has it open.
        os.unlink(path)


def _by_child(wanted: page_reader.Wanted, several: bool) -> Iterator[tuple[int, Any | UserError]]:
  """Yields the pages with their numbers, from that which is wanted first."""
  failures, ended, more = 0, 0, True
  try:
    while more and failures < _MOST_FAILURES and ended < _MOST_ENDED:
      found, more = isolated.page(wanted)
      if found is None:
        return
      failures = failures + 1 if isinstance(found, UserError) else 0
      ended += isinstance(found, isolated.Ended)
      yield wanted.number + 1, found
      wanted = wanted._replace(number=wanted.number + 1)
      more = more and several
  finally:
    if more:  # Else it has been closed after its last page.
      isolated.close(wanted.path)
  if more:
    what = f'{failures} broken pages in a row' if ended < _MOST_ENDED else f'{ended} such pages'
    yield wanted.number + 1, UserError(f'{wanted.name}: {what}; the rest is left out.')
