"""The parts of a page as data: tables and their cells. `parts.html` writes them."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from omr_jax.report.templates import Section

DASH = '–'  # noqa: RUF001


class Cell(NamedTuple):
  """A cell of a table.

  Attributes:
    text: What it shows.
    value: What rows are sorted by, where the text does not begin with it.
    tint: How strongly the cell is coloured, from 0 to 1.
    mine: Whether it is emphasized: the run's own result beside others.
    link: The address that the text leads to.
    bar: A bar up to the first of these shares of its width, and an interval between the others.
    opens: The true and the predicted class of the mistakes whose pictures a tap on the text shows.
  """

  text: str
  value: float | None = None
  tint: float = 0.0
  mine: bool = False
  link: str = ''
  bar: tuple[float, float, float] | None = None
  opens: tuple[str, str] | None = None


Row = Sequence[Any]  # Cells, or what they show.


class Table(NamedTuple):
  """A table, which scrolls where it is wider than the page.

  Attributes:
    caption: What it shows; may be empty.
    columns: The headings.
    rows: The cells; the first one of a row is its heading.
    foot: Rows that are neither sorted nor filtered.
    groups: Headings above several columns each, and their numbers of columns. They are those of the
      last columns.
    words: Whether the cells are texts rather than numbers.
  """

  caption: str
  columns: Sequence[str]
  rows: Sequence[Row]
  foot: Sequence[Row] = ()
  groups: Sequence[tuple[str, int]] = ()
  words: bool = False

  @property
  def ungrouped(self) -> int:
    """The number of columns without a heading above."""
    return len(self.columns) - sum(span for _, span in self.groups)


def tables(shown: Sequence[Table], *words: str) -> Section:
  """A section of paragraphs and tables."""
  return Section('report/tables.html', {'words': words, 'tables': shown})


def percent(share: float | None) -> str:
  """A share in percent with two decimals, as in the paper; a dash where there is none."""
  return DASH if share is None else f'{100 * share:.2f} %'


def interval(low: float, high: float) -> str:
  """An interval in percent."""
  return f'{100 * low:.2f}{DASH}{100 * high:.2f} %'


def row(name: str, *groups: Sequence, form: Callable[[float], str] = '{:.2f}'.format) -> list:
  """A row of a table. A float is a share: the further below 1, the darker its cell.

  Args:
    name: The row's heading.
    *groups: Groups of cells; the first cell of each group is this run's own and is emphasized. None
      and NaN are dashes.
    form: Writes a float.
  """
  return [name, *(_cell(value, n == 0, form) for group in groups for n, value in enumerate(group))]


def _cell(value: object, mine: bool, form: Callable[[float], str]) -> object:
  if value is None or (isinstance(value, float) and math.isnan(value)):
    return Cell(DASH, mine=mine)
  if not isinstance(value, float):
    return value
  return Cell(form(value), value, min(0.7, max(0.0, 4 * (1 - value))), mine)
