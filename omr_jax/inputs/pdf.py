"""Reads PDFs page by page with PDFium, through pypdfium2."""

import math
import threading
from typing import BinaryIO

from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import budget, pictures
from omr_jax.utils import thread_locks

try:
  import pypdfium2
except ImportError:
  pypdfium2 = None

# The longer side of a rendered page, in pixels. For A4 that is 128 dpi, at which the staff lines of
# printed music are about 8 pixels apart.
SIDE = 1500
# PDFium itself looks for the header of a PDF in so many bytes.
_HEADER = 1024
# PDFium may only be used by one thread at a time.
_PDFIUM = thread_locks.free_in_forks(threading.Lock())


def opened(file: BinaryIO, start: bytes, name: str) -> 'pypdfium2.PdfDocument':
  """Opens a PDF; `close` it before the file.

  Args:
    file: Stays open as long as the document.
    start: The first bytes of the file, with the header of the PDF.
    name: The name of the file, for messages.

  Raises:
    UserError: The PDF is damaged, or needs a password.
  """
  if pypdfium2 is None:
    raise UserError(f"{name}: PDFs need one more library; pip install 'omr_jax[pdf]'.")
  source: bytes | BinaryIO = file
  before = start.index(b'%PDF-')
  if before >= _HEADER:
    file.seek(before)
    source = file.read()
  with _PDFIUM, pictures.refused(name):
    try:
      return pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
      if 'password' in str(error):
        raise UserError(f'{name}: needs a password; save it without one.') from None
      raise


def count(document: 'pypdfium2.PdfDocument') -> int:
  """The number of pages that the PDF claims to have."""
  with _PDFIUM:
    return len(document)


def page(document: 'pypdfium2.PdfDocument', index: int, name: str) -> Image.Image:
  """Renders one page, in RGB, so that its longer side has SIDE pixels.

  Args:
    document: From `opened`.
    index: Number of the page, from 0.
    name: The name of the file and page, for messages.

  Raises:
    UserError: The page is damaged, has no size, or shows too large a picture.
  """
  with _PDFIUM, pictures.refused(name):
    found = document[index]
    try:
      for image in found.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
        width, height = image.get_px_size()
        # 0 where PDFium does not know it.
        bits = image.get_metadata().bits_per_pixel
        budget.check_size(width, height, width * height * (2 if 0 < bits <= 8 else 8), name)
      width, height = found.get_size()
      if not (0 < width < math.inf and 0 < height < math.inf):
        raise UserError(f'{name}: has no area ({width:g}x{height:g} points); leave it out.')
      # PDFium rounds the size in pixels up, and the page's size has only seven digits: without the
      # half pixel some pages would become one pixel too large.
      bitmap = found.render((SIDE - 0.5) / max(width, height), rev_byteorder=True)
      try:
        return Image.fromarray(bitmap.to_numpy()[..., :3].copy())
      finally:
        bitmap.close()
    finally:
      found.close()


def close(document: 'pypdfium2.PdfDocument') -> None:
  """Closes a document, before its file is closed."""
  with _PDFIUM:
    document.close()
