"""Symbols cut out of real handwritten pages.

The pages are those of CVC-MUSCIMA that MUSCIMA++ annotates (ufal.mff.cuni.cz/muscima): black on
white, with staff lines, 29 pixels from one staff line to the next. All of them must be in one
folder, under their own names, such as `CVC-MUSCIMA_W-01_N-10_D-ideal.png`. They are not part of
this project. Its figures were measured on pages rebuilt from MUSCIMA++ v2.0;
github.com/apacha/OMR-Datasets lists an archive of the originals,
`CVC_MUSCIMA_PP_Annotated-Images.zip`, which has not been tried.

`page_symbols.tsv` has the places of 334 symbols on 91 pages of 50 writers. Each symbol is one
connected piece of ink, found after the staff lines were removed, and was labelled by eye. Pieces
that are not exactly one symbol of the 32 classes (notes under a beam, chords, words) were left out.
19 of the classes occur. The symbols were chosen in two ways:

random  142 symbols, a random choice among all pieces that are not small; 40 of them are bar lines.
class   192 symbols, a random choice within each class that a network gave the pieces, so that rare
        classes occur. This favours symbols that are easy for that network, the `homus_scans` of
        commit 576cf3a.

Each symbol is cut out with three margins. A wider margin shows more of its neighbours.
"""

import csv
import io
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omr_jax.errors import UserError
from omr_jax.inputs import pictures
from omr_jax.synthetic.scans import Crop
from omr_jax.utils.files import read_bytes

MARGINS = (0, 4, 12)  # Pixels of the page on each side.
CHOSEN = ('random', 'class')
_KINDS = {(chosen, margin): f'{chosen}, {margin} pixels' for chosen in CHOSEN for margin in MARGINS}
KINDS = tuple(_KINDS.values())
_SIDES = ('left', 'top', 'right', 'bottom')
_LIST = Path(__file__).parent / 'page_symbols.tsv'


class PageSymbol(NamedTuple):
  """The place of a symbol on a page.

  Attributes:
    page: Name of the page's file.
    box: Left, top, right and bottom in pixels; the pixels at right and bottom are outside the box.
    label: The class.
    chosen: How the symbol was chosen, one of CHOSEN.
  """

  page: str
  box: tuple[int, ...]
  label: str
  chosen: str


def listed() -> list[PageSymbol]:
  """All symbols; those of one page follow each other."""
  with _LIST.open(encoding='utf-8', newline='') as file:
    return [
      PageSymbol(row['page'], tuple(int(row[side]) for side in _SIDES), row['label'], row['chosen'])
      for row in csv.DictReader(file, delimiter='\t')
    ]


def crops(symbols: list[PageSymbol], pages: Path) -> list[Crop]:
  """Every symbol with every margin; the margins of one symbol follow each other.

  Args:
    symbols: The symbols; those of one page follow each other.
    pages: Folder of the pages.

  Raises:
    UserError: A page is missing, can't be read or is smaller than a box says.
  """
  found = []
  for name, of_page in itertools.groupby(symbols, lambda symbol: symbol.page):
    page = _page(pages / name)
    for symbol in of_page:
      left, top, right, bottom = symbol.box
      if bottom > page.shape[0] or right > page.shape[1]:
        raise UserError(f'{pages / name}: is another picture than that page of MUSCIMA++ v2.0.')
      for margin in MARGINS:
        rows = slice(max(0, top - margin), bottom + margin)
        picture = page[rows, max(0, left - margin) : right + margin]
        found.append(Crop(picture, _KINDS[symbol.chosen, margin]))
  return found


def _page(path: Path) -> np.ndarray:
  try:
    content = read_bytes(path)
  except OSError as error:
    raise UserError(
      f"{path}: can't be read ({error.strerror}); give the folder of MUSCIMA++'s pages."
    ) from error
  picture = pictures.opened(io.BytesIO(content), str(path))
  return pictures.decode(picture, str(path), finish=lambda page: np.asarray(page.convert('L')))
