"""Writes numbers and lists as people do, and escapes foreign texts, such as file names."""

from collections.abc import Sequence


def duration(seconds: float) -> str:
  """Seconds in the form 1 h 02 min, 3 min 20 s or 12 s."""
  minutes, rest = divmod(round(seconds), 60)
  if minutes >= 60:
    return f'{minutes // 60} h {minutes % 60:02d} min'
  return f'{minutes} min {rest:02d} s' if minutes else f'{rest} s'


def size(count: int) -> str:
  """A number of bytes in the form 3.2 GiB, 12.5 MiB, 1.1 KiB or 17 bytes."""
  for power, unit in ((30, 'GiB'), (20, 'MiB'), (10, 'KiB')):
    if count >= 2**power:
      return f'{count / 2**power:.1f} {unit}'
  return counted(count, 'byte')


def counted(count: int, unit: str) -> str:
  """A number of things in the form 1 page or 17 pages, where the unit is 'page'."""
  return f'{count} {unit}{"s" * (count != 1)}'


def some(texts: Sequence[str], most: int) -> str:
  """The first texts, with commas between them, and `...` if there are more than `most`."""
  return ', '.join(texts[:most]) + ', ...' * (len(texts) > most)


def one_line(text: str) -> str:
  """A text for a line of a terminal: what moves the cursor or cannot be encoded is escaped."""
  return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)


def cell(text: str) -> str:
  """A text for a cell of a table in Markdown, where `|` would end the cell."""
  return one_line(text.replace('\\', '\\\\').replace('|', '\\|'))
