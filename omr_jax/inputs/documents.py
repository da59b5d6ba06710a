"""Reads documents page by page: PDFs, TIFFs of several frames, and pictures as a single page."""

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import pictures

try:
  import pypdfium2
except ImportError:
  pypdfium2 = None

# The longer side of a rendered PDF page, in pixels. For A4 that is 128 dpi, at which the staff
# lines of printed music are about 8 pixels apart.
PDF_SIDE = 1500
# The largest picture file that is opened: Pillow reads files of some formats into memory whole.
_MOST_BYTES = 2**28
# After so many broken pages in a row the others are not tried: a damaged file may claim a million.
_MOST_FAILURES = 10
# PDFium may only be used by one thread at a time. The lock is reentrant, because an iterator that
# was abandoned may be closed by the garbage collector while the same thread holds the lock.
_PDFIUM = threading.RLock()


def pages(
  path: str | os.PathLike,
  least: int = 0,
  finish: Callable[[Image.Image], Any] | None = None,
  colour: bool = True,
) -> Iterator[tuple[int, Any | UserError]]:
  """Yields the pages of a PDF, the frames of a TIFF, or the picture in any other file.

  Only the current page is in memory. PDFs need pypdfium2; a page is rendered so that its longer
  side has PDF_SIDE pixels. The file stays open until the iterator is exhausted or closed.

  Args:
    path: The file.
    least: Smallest side in pixels to which a JPEG may be reduced while it is decoded; 0 for full
      size (`pictures.read` has the details).
    finish: Applied to each page, a picture of Pillow in mode L or RGB; it may raise. By default the
      page becomes an array. If it makes the page small, files that are left half read keep almost
      no memory.
    colour: Whether `finish` wants colour; if not, it is given pictures in mode L (brightness).

  Yields:
    The number of a page, from 1, and the result of `finish` for it, by default uint8 [height,
    width, 3] in RGB. Where a page cannot be read a UserError takes the place of the result; where
    the whole file cannot be read, it stands for page 1. Such errors are yielded, never raised.
  """
  try:
    with open(path, 'rb') as file:
      start = file.read(1024)
      file.seek(0)
      # Other bytes may precede the header of a PDF (ISO 32000-1, annex H, note 13).
      if b'%PDF-' in start:
        yield from _pdf_pages(Path(path).absolute(), finish, colour)
      else:
        size = os.fstat(file.fileno()).st_size
        if size > _MOST_BYTES and start[:2] not in (b'II', b'MM'):
          raise UserError(f'{path}: {size} bytes; a picture has at most {_MOST_BYTES}.')
        picture = pictures.opened(file, str(path))
        decode = partial(pictures.decode, least=least, finish=finish, colour=colour)
        yield from _each(lambda index: _frame(picture, index, str(path), decode), str(path))
  except UserError as error:
    yield 1, UserError(str(error))
  except (OSError, ValueError) as error:  # A name with a NUL byte is a ValueError.
    yield 1, UserError(f'{path}: can not be read ({error}); check its name and its rights.')


def _each(page: Callable[[int], Any | None], name: str) -> Iterator[tuple[int, Any | UserError]]:
  """Yields `page(0)`, `page(1)`, ... with their numbers, until one is None."""
  index = failures = 0
  while failures < _MOST_FAILURES:
    try:
      picture = page(index)
      failures = 0
    except UserError as error:
      # A new error without the traceback, whose frames would keep pictures in memory.
      picture = UserError(str(error))
      failures += 1
    if picture is None:
      return
    index += 1
    yield index, picture
  yield index + 1, UserError(f'{name}: {failures} broken pages in a row; the rest is left out.')


def _frame(picture: Image.Image, index: int, name: str, decode: Callable) -> Any | None:
  """Decodes one frame of a TIFF, or the only one of another picture; None past the last."""
  if picture.format == 'TIFF':
    name = f'{name}, page {index + 1}'
    with pictures.refused(name):
      try:
        picture.seek(index)
      except EOFError:
        return None
  elif index:
    return None
  try:
    return decode(picture, name)
  finally:
    picture.im = None  # Frees the pixels: it may be long until the next page is asked for.


def _pdf_pages(path: Path, finish, colour: bool) -> Iterator[tuple[int, Any | UserError]]:
  if pypdfium2 is None:
    raise UserError(f"{path}: PDFs need a library more; pip install 'omr_jax[pdf]'.")
  with _PDFIUM, pictures.refused(str(path)):
    try:
      document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
      if 'password' in str(error):
        raise UserError(f'{path}: needs a password; save it without one.') from None
      raise
  try:
    page = partial(_pdf_page, document, name=str(path), finish=finish, colour=colour)
    yield from _each(page, str(path))
  finally:
    with _PDFIUM:
      document.close()


def _pdf_page(
  document: 'pypdfium2.PdfDocument', index: int, name: str, finish, colour: bool
) -> Any | None:
  name = f'{name}, page {index + 1}'
  with pictures.refused(name):
    drawn = _drawn(document, index, name)
    if drawn is None or finish is None:
      return drawn
    page = Image.fromarray(drawn)
    return finish(page if colour else page.convert('L'))


def _drawn(document: 'pypdfium2.PdfDocument', index: int, name: str) -> np.ndarray | None:
  with _PDFIUM:
    if index >= len(document):
      return None
    page = document[index]
    try:
      for image in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
        pictures.check_size(*image.get_px_size(), name)
      # PDFium rounds the size in pixels up, and the page's size has only seven digits: without the
      # half pixel some pages would become one pixel too large.
      scale = (PDF_SIDE - 0.5) / max(page.get_size())
      bitmap = page.render(scale, rev_byteorder=True)
      try:
        return bitmap.to_numpy()[..., :3].copy()
      finally:
        bitmap.close()
    finally:
      page.close()
