"""The list beside a page, by which a reader shows and hides what is drawn over it."""

from collections.abc import Mapping
from typing import NamedTuple

_SMALL = 150  # A line of text is this many times smaller than the page's width and height together.
# In heights of a line of text: the distance of two lines, and the width of a column of them.
_LEADING, _WIDE = 1.4, 16
_LEAST = 12  # Lines in a column, however low the page is.

# A click on a class hides or shows its elements; one on a heading does so for all below it.
SCRIPT = """
const entries = [...document.querySelectorAll('.entry')];
const show = (entry, on) => {
  entry.setAttribute('aria-checked', on);
  for (const each of document.querySelectorAll(`#found .${entry.dataset.shows}`))
    each.style.display = on ? '' : 'none';
};
const toggle = entry => {
  const on = entry.getAttribute('aria-checked') === 'false';
  for (const each of entries)
    if (each === entry || each.dataset.under === entry.dataset.shows) show(each, on);
};
for (const entry of entries) {
  entry.addEventListener('click', () => toggle(entry));
  entry.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') toggle(entry);
  });
}
"""
STYLE = (
  '.entry { cursor: pointer; font-family: sans-serif }'
  '.entry[aria-checked=false] { opacity: 0.3 }'
  '.heading { font-weight: bold } .entry text { fill: #000; stroke: none }'
)


class Legend(NamedTuple):
  """The list as SVG.

  Attributes:
    parts: Its elements.
    width: Of the page and the list together.
    height: Of the higher one of both.
  """

  parts: list[str]
  width: float
  height: float


def legend(groups: Mapping[str, Mapping[str, int]], width: int, height: int) -> Legend:
  """Lists classes and how many elements each has.

  Args:
    groups: For each heading its classes with their numbers of elements. Elements have the heading
      and the class as CSS classes, which set their colours.
    width: Of the page in pixels.
    height: Of the page in pixels.
  """
  size = (width + height) / _SMALL
  lines = max(_LEAST, int(height / (_LEADING * size)))
  entries = []
  for heading, classes in groups.items():
    entries.append(('heading', heading, sum(classes.values()), ''))
    entries += [(heading, label, count, heading) for label, count in classes.items()]
  parts = [f'<g font-size="{size:.1f}">']
  for number, (style, shows, count, under) in enumerate(entries):
    x = width + size * (1 + _WIDE * (number // lines))
    y = size * _LEADING * (number % lines + 1)
    square = f'<rect x="{x:.1f}" y="{y - 0.8 * size:.1f}" width="{size:.1f}" height="{size:.1f}"/>'
    text = f'<text x="{x + 1.5 * size:.1f}" y="{y:.1f}">{shows} {count}</text>'
    parts.append(
      f'<g class="entry {style}" data-shows="{shows}" data-under="{under}" role="checkbox" '
      f'aria-checked="true" tabindex="0">{square * bool(under)}{text}</g>'
    )
  parts.append('</g>')
  columns = -(-len(entries) // lines)
  low = size * _LEADING * (min(lines, len(entries)) + 1)
  return Legend(parts, width + size * (1 + _WIDE * columns), max(height, low))
