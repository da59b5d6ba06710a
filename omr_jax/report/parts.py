"""The parts of reports in HTML: the frame, tiles, tables, the gallery of mistakes."""

import html
import math
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omr_jax.report import figures

DASH = '–'  # noqa: RUF001
_TEMPLATE = Path(__file__).parent / 'report.html'


class Mistake(NamedTuple):
  """A misclassified test example.

  Attributes:
    id: Id of the example.
    true: The true class.
    predicted: The predicted class.
    confidence: Calibrated probability of the predicted class.
    picture: uint8 [height, width, channels] as the network sees it, or None where it is not kept.
  """

  id: str
  true: str
  predicted: str
  confidence: float
  picture: np.ndarray | None


def fill(
  title: str,
  name: str,
  context: str,
  tiles: Mapping[str, str],
  sections: Mapping[str, str],
  classes: int,
) -> str:
  """A whole page as HTML.

  Args:
    title: The result in one line.
    name: The name of the run or sweep.
    context: What the result may be compared with.
    tiles: The most important numbers by name.
    sections: HTML by title.
    classes: Number of classes, which sets the width of a confusion matrix.
  """
  words = {title: title.lower().replace(' ', '-') for title in sections}
  shown = (f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in tiles.items())
  return string.Template(_TEMPLATE.read_text('utf-8')).substitute(
    title=html.escape(title),
    name=html.escape(name),
    context=html.escape(context),
    tiles=''.join(shown),
    contents=' '.join(f'<a href="#{word}">{title}</a>' for title, word in words.items()),
    sections='\n'.join(
      f'<section id="{words[title]}">\n<h2>{title}</h2>\n{content}\n</section>'
      for title, content in sections.items()
    ),
    matrix_width=f'{max(20, 1.75 * classes + 6):g}rem',
  )


def percent(share: float) -> str:
  """A share in percent with two decimals, as in the paper."""
  return f'{100 * share:.2f} %'


def gallery(mistakes: Sequence[Mistake], noun: str) -> str:
  """All mistakes with their pictures, the most confident first; `noun` is a word like 'Symbol'."""
  items = []
  for mistake in sorted(mistakes, key=lambda mistake: -mistake.confidence):
    name, true, predicted = (html.escape(word) for word in mistake[:3])
    shown = (
      ''
      if mistake.picture is None
      else (
        f'<img src="{figures.picture(mistake.picture)}" loading="lazy"'
        f' alt="{noun} {name}, {true} taken for {predicted}">'
      )
    )
    items.append(
      f'<li>{shown}<span>{true}</span><span>as <b>{predicted}</b></span>'
      f'<span class="soft">{name}, {100 * mistake.confidence:.0f} % sure</span></li>'
    )
  return f'<ul class="symbols">{"".join(items)}</ul>'


def row(name: str, *groups: Sequence, form: Callable[[float], str] = '{:.2f}'.format) -> str:
  """A table row. A float is a share: the further below 1, the darker its cell; NaN is a dash.

  Args:
    name: The row's header.
    *groups: Groups of cells; the first cell of each group is this run's own and is emphasized.
    form: Writes a float.
  """
  cells = [f'<th scope="row">{html.escape(name)}</th>']
  for group in groups:
    for place, value in enumerate(group):
      if not isinstance(value, float):
        cells.append(f'<td>{html.escape(str(value))}</td>')
        continue
      mine = ' class="mine"' if place == 0 else ''
      tint = f' style="--e:{min(0.7, 4 * (1 - value)):.2f}"' if value < 1 else ''
      cells.append(f'<td{mine}{tint}>{DASH if math.isnan(value) else form(value)}</td>')
  return f'<tr>{"".join(cells)}</tr>\n'


def table(caption: str, head: str, body: str, foot: str = '', kind: str = '') -> str:
  """A table from its rows, which scrolls where it is wider than the page."""
  parts = [f'<table class="{kind}">' if kind else '<table>']
  parts += [
    f'<{tag}>{text}</{tag}>' for tag, text in (('caption', caption), ('thead', head)) if text
  ]
  parts.append(f'<tbody>{body}</tbody>')
  parts.append(f'<tfoot>{foot}</tfoot></table>' if foot else '</table>')
  return scroll(caption, ''.join(parts))


def scroll(label: str, content: str) -> str:
  """Lets content that is wider than the page scroll on its own, also by keyboard."""
  named = f' role="region" aria-label="{html.escape(label)}"' if label else ''
  return f'<div class="scroll"{named} tabindex="0">{content}</div>'
