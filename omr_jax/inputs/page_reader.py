"""Reads one page of a file in this process. `documents` says which process that is."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from omr_jax.errors import UserError, reason
from omr_jax.inputs import pdf, pictures, signatures


class Wanted(NamedTuple):
  """A page that is asked for.

  Attributes:
    path: Of the file, absolute.
    state: What changes with the content of the file: its device, number, size and time.
    name: What the file is called in messages.
    number: Of the page, from 0.
    least: As in `pictures.decode`.
    finish: As in `documents.pages`.
    colour: As in `pictures.decode`.
  """

  path: str
  state: tuple[Any, ...]
  name: str
  number: int
  least: int
  finish: Callable[[Image.Image], Any] | None
  colour: bool


class Page(NamedTuple):
  """The answer.

  Attributes:
    found: What `finish` has made of the page, or what is wrong with it; None past the last page.
    more: Whether there may be a page after this one.
  """

  found: Any | UserError | None
  more: bool


Read = Callable[[Wanted], Page]


class Reader:
  """Keeps the file of the last page open, since its next page will be asked for."""

  def __init__(self, when_open: Callable[[], None] = lambda: None):
    """Calls `when_open` after each file that could be opened, before its first page is read."""
    self._when_open = when_open
    self._open = contextlib.ExitStack()
    self._file: tuple[Any, ...] | None = None
    self._next = 0  # The first page that has not been asked for.
    self._read: Read | None = None

  def page(self, wanted: Wanted) -> Page:
    """Reads a page. Errors are returned, not raised."""
    try:
      # Of a TIFF, Pillow reads no page twice.
      if self._read is None or self._file != wanted[:2] or wanted.number < self._next:
        self.close()
        self._read = self._open.enter_context(_opened(wanted))
        self._file = wanted[:2]
        self._when_open()
      self._next = wanted.number + 1
      page = self._read(wanted)
    except UserError as error:
      # A new error without the traceback, whose frames would keep pictures in memory.
      page = Page(UserError(str(error)), more=self._file is not None)
    if not page.more:
      self.close()
    return page

  def close(self) -> None:
    """Closes the file that is open."""
    self._file = self._read = None
    self._open.close()


@contextlib.contextmanager
def _opened(wanted: Wanted) -> Iterator[Read]:
  """Opens a file and yields a function that reads its pages."""
  with contextlib.ExitStack() as stack:
    try:
      file = stack.enter_context(open(wanted.path, 'rb'))
      start = file.read(signatures.LENGTH)
      file.seek(0)
    except OSError as error:
      raise UserError(unreadable(wanted.name, error)) from error
    if signatures.kind(start) == 'PDF':
      document = pdf.opened(file, start, wanted.name)
      stack.callback(pdf.close, document)
      yield partial(_pdf_page, document)
    else:
      yield partial(_frame, pictures.opened(file, wanted.name))


def unreadable(name: str, error: Exception) -> str:
  """The message about a file that the operating system cannot open or read."""
  return f'{name}: cannot be read ({reason(error)}); check its name and its permissions.'


def _pdf_page(document: Any, wanted: Wanted) -> Page:
  count = pdf.count(document)
  if wanted.number >= count:
    return Page(None, more=False)
  name = f'{wanted.name}, page {wanted.number + 1}'
  page = pdf.page(document, wanted.number, name)
  with pictures.refused(name):
    finish = wanted.finish or np.asarray
    return Page(finish(page if wanted.colour else page.convert('L')), wanted.number + 1 < count)


def _frame(picture: Image.Image, wanted: Wanted) -> Page:
  """One frame of a TIFF, or the only one of another picture."""
  name, more = wanted.name, picture.format == 'TIFF'
  if more:
    name = f'{name}, page {wanted.number + 1}'
    with pictures.refused(name):
      try:
        picture.seek(wanted.number)
      except EOFError:
        return Page(None, more=False)
  elif wanted.number:
    return Page(None, more=False)
  try:
    return Page(
      pictures.decode(picture, name, wanted.least, wanted.finish, wanted.colour), more=more
    )
  finally:
    # Frees the pixels: it may be long until the next page is asked for.
    picture.im = None  # type: ignore[assignment]  # Pillow's types do not know of that.
