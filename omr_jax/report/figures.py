"""Draws the figures of reports as text to put into a page: SVG in the page's colours, PNG as data.

Matplotlib is imported only when a figure is drawn. Its `Figure` is used without pyplot, which would
change global state.
"""

import base64
import io
import json
import math
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from omr_jax.evaluation.metrics import BINS, Reliability
from omr_jax.utils.words import one_line

if TYPE_CHECKING:
  from markupsafe import Markup
  from matplotlib.figure import Figure

# What is drawn in this colour appears in the page's own text colour, which may be light or dark.
TEXT = '#010203'
BLUE, ORANGE = '#3b82d0', '#e8710a'
# The colours of lines, which can be seen on light and on dark pages.
_COLOURS = (BLUE, ORANGE, '#2f9e63', '#a566d6', '#d64558', '#7f8894')


def curve(
  series: dict[str, tuple[list, list]], ylabel: str, tested_epoch: int, log: bool = False
) -> 'Markup':
  """A line plot of one run over its epochs, as SVG.

  Args:
    series: Epochs and values of each line by its name, at most two.
    ylabel: What the values are.
    tested_epoch: The epoch that is marked by a dotted line.
    log: Whether the values have a logarithmic axis.
  """
  figure, axes = new_figure(3.6, 2.4)
  _plot_over_epochs(axes, series, ylabel, log)
  axes.axvline(tested_epoch, color=TEXT, linewidth=0.8, linestyle=':')
  if len(series) > 1:
    # Where a busy machine takes a second, Matplotlib warns of 'best' unless it is named.
    axes.legend(loc='best', frameon=False, labelcolor=TEXT)
  marked = f'the dotted line is the tested epoch {tested_epoch}'
  description = f'{ylabel} by epoch: {", ".join(series)}, {marked}'
  return to_svg(figure, description, series)


def curves(series: dict[str, tuple[list, list]], ylabel: str, log: bool = False) -> 'Markup':
  """A line plot of several runs over their epochs, as SVG, with the names of the runs below.

  Args:
    series: Epochs and values of each run by its name.
    ylabel: What the values are.
    log: Whether the values have a logarithmic axis.
  """
  height = 2.4 + 0.17 * len(series)
  figure, axes = new_figure(3.6, height)
  _plot_over_epochs(axes, series, ylabel, log)
  # By themselves, legends leave out what begins with `_`.
  figure.legend(
    axes.lines,
    list(map(plain, series)),
    loc='outside lower left',
    frameon=False,
    labelcolor=TEXT,
    fontsize=6,
  )
  return to_svg(figure, f'{ylabel} by epoch of {len(series)} runs', series)


def _plot_over_epochs(
  axes: Any, series: dict[str, tuple[list, list]], ylabel: str, log: bool
) -> None:
  """Plots each series in a look of its own, of twelve; one of a single epoch becomes a point."""
  for number, (name, (epochs, values)) in enumerate(series.items()):
    dashed = (number + number // len(_COLOURS)) % 2
    look = {'color': _COLOURS[number % len(_COLOURS)], 'linestyle': ('-', '--')[dashed]}
    axes.plot(epochs, values, label=plain(name), marker='.' if len(epochs) == 1 else '', **look)
  positive = [value for _, values in series.values() for value in values if 0 < value < math.inf]
  if log and positive:
    axes.set_yscale('log')
    readable_log(axes.yaxis, min(positive), max(positive))
  else:
    axes.yaxis.set_major_formatter(_plainly)
  axes.set_xlabel('epoch')
  axes.set_ylabel(ylabel)
  axes.xaxis.get_major_locator().set_params(integer=True)


def readable_log(axis: Any, low: float, high: float) -> None:
  """Labels a logarithmic axis by plain numbers, at least two of them between low and high.

  Matplotlib writes powers of ten, and at most one of them where the ends are close.
  """
  from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

  decades = math.log10(high) - math.log10(low)
  if decades < 1:
    axis.set_major_locator(MaxNLocator(4))
  else:
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 3 else (1,)))
  axis.set_major_formatter(_plainly)
  axis.set_minor_formatter(NullFormatter())


def _plainly(value: float, _: int) -> str:
  """A label of an axis: 0.02 rather than a power of ten."""
  return f'{value:g}'


def reliability(bins: Reliability, nouns: str) -> 'Markup':
  """A reliability diagram as SVG: accuracy by confidence above, number of examples below.

  Args:
    bins: What is drawn.
    nouns: What to call the examples, such as 'symbols'.
  """
  figure, (axes, below) = new_figure(3.6, 3.8, rows=2, heights=(3, 1))
  left, width = np.arange(BINS) / BINS, 1 / BINS
  filled = bins.n > 0
  axes.bar(left[filled], bins.accuracy[filled], width, align='edge', color=BLUE, alpha=0.5)
  axes.plot([0, 1], [0, 1], color=TEXT, linewidth=0.8, linestyle=':')
  axes.plot(bins.confidence[filled], bins.accuracy[filled], '.', color=ORANGE)
  axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel='accuracy')
  below.bar(left[filled], bins.n[filled], width, align='edge', color=BLUE, alpha=0.5)
  below.set(xlim=(0, 1), yscale='log', xlabel='confidence', ylabel=nouns)
  below.set_ylim(bottom=0.7)
  readable_log(below.yaxis, 1, max(10, bins.n.max()))
  return to_svg(
    figure, f'Accuracy and number of {nouns} by confidence; dotted: perfect calibration'
  )


def picture(pixels: np.ndarray) -> str:
  """A picture, uint8 [height, width, channels] with 1 or 3 channels, as a PNG in a `data:` URL."""
  from PIL import Image

  content = io.BytesIO()
  image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
  image.save(content, format='PNG', optimize=True)
  return 'data:image/png;base64,' + base64.b64encode(content.getvalue()).decode('ascii')


def plain(text: str) -> str:
  """A text that Matplotlib draws as it is: without formulas, and in one line."""
  return one_line(text).replace('$', r'\$')


def new_figure(
  width: float, height: float, rows: int = 1, heights: tuple = (1,)
) -> tuple['Figure', Any]:
  """A figure and its axes, with frames and text in the page's text colour.

  Args:
    width: Width of the figure in inches.
    height: Height of the figure in inches.
    rows: Number of axes, one below the other.
    heights: Relative heights of the rows.
  """
  from matplotlib.figure import Figure

  figure = Figure(figsize=(width, height), layout='constrained')
  axes = figure.subplots(rows, height_ratios=heights)
  for one in np.atleast_1d(axes):
    one.tick_params(which='both', colors=TEXT, labelsize=8)
    one.xaxis.label.set_color(TEXT)
    one.yaxis.label.set_color(TEXT)
    one.spines[['top', 'right']].set_visible(False)
    one.spines[['bottom', 'left']].set_color(TEXT)
  return figure, axes


def to_svg(
  figure: 'Figure', description: str, series: dict[str, tuple[list, list]] | None = None
) -> 'Markup':
  """The figure as an SVG element for a page.

  Text stays text, and the colour TEXT becomes the page's text colour. Ids begin with the
  description, so that two figures of a page do not share one.

  Args:
    figure: The figure.
    description: What it shows.
    series: What its axes show over the epochs, by name. The page says the name and the value of a
      point that is pointed at.
  """
  import matplotlib
  from markupsafe import Markup

  content = io.StringIO()
  settings = matplotlib.rc_context({'svg.fonttype': 'none', 'svg.hashsalt': 'omr_jax'})
  with settings, warnings.catch_warnings():
    # The browser draws the text, in a font that has what Matplotlib's own lacks.
    warnings.filterwarnings('ignore', 'Glyph .* missing')
    figure.savefig(content, format='svg', transparent=True)
  svg = content.getvalue()
  svg = svg[svg.index('<svg') :]
  svg = re.sub(r'<metadata>.*?</metadata>|<style .*?</style>', '', svg, flags=re.DOTALL)
  box = svg.partition('viewBox="')[2].partition('"')[0]
  opening = Markup('<svg viewBox="{}" role="img" aria-label="{}"').format(box, description)
  if series:
    points = json.dumps(_points(figure, series), separators=(',', ':'))
    opening += Markup(' tabindex="0" data-points="{}"').format(points)
  svg = re.sub(r'^<svg[^>]*>', lambda _: f'{opening}>', svg)
  svg = svg.replace(TEXT, 'currentColor')
  # Matplotlib uses ids such as axes_1 in every figure, and ids must be unique in a page.
  prefix = re.sub(r'\W+', '-', description.lower())[:24]
  return Markup(re.sub(r'(\bid="|url\(#|href="#)', rf'\g<1>{prefix}-', svg))


def _points(figure: 'Figure', series: dict[str, tuple[list, list]]) -> list[dict]:
  """For each line of a drawn figure its name, and x, y and words of its points, in SVG units."""
  scale, height = 72 / figure.dpi, 72 * figure.get_figheight()
  found = []
  for name, (epochs, values) in series.items():
    if not epochs:
      continue
    drawn = scale * figure.axes[0].transData.transform(np.column_stack([epochs, values]))
    points = [
      [round(float(x), 1), round(height - float(y), 1), f'epoch {epoch}: {value:.4g}']
      for (x, y), epoch, value in zip(drawn, epochs, values, strict=True)
      if math.isfinite(x) and math.isfinite(y)
    ]
    found.append({'name': name, 'points': points})
  return found
