"""Symbols cut out of real handwritten pages, and how a network does on them.

  python -m omr_jax.page_symbols --model homus_scans --pages muscima_pp

The pages are those of CVC-MUSCIMA that MUSCIMA++ annotates (ufal.mff.cuni.cz/muscima), black on
white, staff lines and all, from staff line to staff line 29 pixels, all in one folder and named as
there, `CVC-MUSCIMA_W-01_N-10_D-ideal.png`. They are not part of this project, whose figures are of
pages rebuilt from MUSCIMA++ v2.0; github.com/apacha/OMR-Datasets lists an archive of the originals,
`CVC_MUSCIMA_PP_Annotated-Images.zip`, which has not been tried.

`page_symbols.tsv` says where on 91 pages of 50 writers there are 334 symbols: pieces of ink that
hang together where staff lines are taken away, labelled by eye; what was no whole symbol of one of
the 32 classes (groups under a beam, chords, words) was left out.

random  Drawn among all pieces that are not small: 142, of which 40 are bar lines.
class   Drawn by what a network took them for, so that rarer classes are there: 192, few of them
        hard for that network, the `homus_scans` of 576cf3a.

19 of the classes are there. Each symbol is cut out with three margins: the wider, the more of its
neighbours comes along.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from omr_jax import scans
from omr_jax.errors import UserError, answered
from omr_jax.inputs import pictures

MARGINS = (0, 4, 12)  # Pixels of the page on each side.
CHOSEN = ('random', 'class')
_KINDS = {(chosen, margin): f'{chosen}, {margin} pixels' for chosen in CHOSEN for margin in MARGINS}
_SIDES = ('left', 'top', 'right', 'bottom')
_LIST = Path(__file__).parent / 'page_symbols.tsv'


class PageSymbol(NamedTuple):
  """Where a symbol is.

  Attributes:
    page: Name of a file.
    box: Left, top, right and bottom in pixels; the last two are just outside.
    label: The class.
    chosen: One of CHOSEN.
  """

  page: str
  box: tuple[int, int, int, int]
  label: str
  chosen: str


def listed() -> list[PageSymbol]:
  """All symbols, by page."""
  with _LIST.open(encoding='utf-8', newline='') as file:
    return [
      PageSymbol(row['page'], tuple(int(row[side]) for side in _SIDES), row['label'], row['chosen'])
      for row in csv.DictReader(file, delimiter='\t')
    ]


def crops(symbols: list[PageSymbol], pages: Path) -> list[scans.Crop]:
  """Every symbol with every margin: margins of one symbol follow each other.

  Args:
    symbols: By page.
    pages: Folder of the pages.

  Raises:
    UserError: A page is missing, can't be read or is smaller than a box says.
  """
  found, name, page = [], None, None
  for symbol in symbols:
    if symbol.page != name:
      name, page = symbol.page, _page(pages / symbol.page)
    left, top, right, bottom = symbol.box
    if bottom > page.shape[0] or right > page.shape[1]:
      raise UserError(f'{pages / name}: is another picture than that page of MUSCIMA++ v2.0.')
    for margin in MARGINS:
      rows = slice(max(0, top - margin), bottom + margin)
      picture = page[rows, max(0, left - margin) : right + margin]
      found.append(scans.Crop(picture, _KINDS[symbol.chosen, margin]))
  return found


def _page(path: Path) -> np.ndarray:
  try:
    content = path.read_bytes()
  except OSError as error:
    raise UserError(
      f"{path}: can't be read ({error.strerror}); give the folder of MUSCIMA++'s pages, see --help."
    ) from error
  return np.asarray(Image.fromarray(pictures.read(content, str(path))).convert('L'))


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(
    prog='python -m omr_jax.page_symbols',
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument('--model', required=True, help='as of omr_jax.predict, one for symbols')
  parser.add_argument('--pages', required=True, type=Path, help="folder of MUSCIMA++'s pages")
  options = parser.parse_args(arguments)
  return answered(lambda: _say(options))


def _say(options: argparse.Namespace) -> None:
  model = scans.model_of_pictures(options.model)
  symbols = listed()
  labels = [symbol.label for symbol in symbols for _ in MARGINS]
  found = crops(symbols, options.pages)
  print(scans.table(scans.measure(model, found, labels, _KINDS.values())))


if __name__ == '__main__':
  sys.exit(main())
