"""The pages of a document: a PDF's, a TIFF's, or the one of any other picture."""

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

# Of a drawn PDF page, in pixels: A4 at 128 dpi, with 8 from one staff line to the next in print.
PDF_SIDE = 1500
# Pillow reads some formats whole before it looks at them.
_MOST_BYTES = 2**28
# Then the rest is not tried: a damaged file may claim a million pages.
_MOST_FAILURES = 10
# PDFium is not for threads. Reentrant, as a forgotten iterator may be closed at any moment.
_PDFIUM = threading.RLock()


def pages(
  path: str | os.PathLike,
  least: int = 0,
  finish: Callable[[Image.Image], Any] | None = None,
  colour: bool = True,
) -> Iterator[tuple[int, Any | UserError]]:
  """The pages of a PDF, the frames of a TIFF, or the picture in any other file, one by one.

  Nothing but the current page is in memory. PDFs need pypdfium2; their pages are drawn with the
  longer side of PDF_SIDE. The file is open until the iterator is exhausted or closed.

  Args:
    path: Of the file.
    least: As in `pictures.read`.
    finish: What becomes of each page, in mode L or RGB, by default its array; it may raise. With
      one that reduces it, files that are left half read need next to no memory.
    colour: Whether `finish` wants it, as in `pictures.decode`.

  Yields:
    The number of a page, from 1, and what `finish` made of it, by default uint8 [height, width, 3],
    RGB; or the error, if the page, or as page 1 the whole file, can't be read. It raises none.
  """
  try:
    with open(path, 'rb') as file:
      start = file.read(1024)
      file.seek(0)
      # The header may stand behind other things (ISO 32000-1, annex H, note 13).
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
  """All that `page` gives for 0, 1, ... before None."""
  index = failures = 0
  while failures < _MOST_FAILURES:
    try:
      picture = page(index)
      failures = 0
    except UserError as error:
      picture = UserError(str(error))  # Without a traceback, whose frames hold pictures.
      failures += 1
    if picture is None:
      return
    index += 1
    yield index, picture
  yield index + 1, UserError(f'{name}: {failures} broken pages in a row; the rest is left out.')


def _frame(picture: Image.Image, index: int, name: str, decode: Callable) -> Any | None:
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
    picture.im = None  # Its pixels; the file may wait long for its next page.


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
      # It is rounded up, and PDFium's sizes have seven digits.
      scale = (PDF_SIDE - 0.5) / max(page.get_size())
      bitmap = page.render(scale, rev_byteorder=True)
      try:
        return bitmap.to_numpy()[..., :3].copy()
      finally:
        bitmap.close()
    finally:
      page.close()
