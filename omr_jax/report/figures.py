"""Draws the figures of reports as text to put into a page: SVG in the page's colours, PNG as data.

Matplotlib is imported only when a figure is drawn. Its `Figure` is used without pyplot, which would
change global state.
"""

import base64
import html
import io
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omr_jax.evaluation.metrics import BINS, Reliability
from omr_jax.utils.words import one_line

if TYPE_CHECKING:
  from matplotlib.figure import Figure

# What is drawn in this colour appears in the page's own text colour, which may be light or dark.
TEXT = '#010203'
BLUE, ORANGE = '#3b82d0', '#e8710a'


def curve(
  series: dict[str, tuple[list, list]], ylabel: str, tested_epoch: int, log: bool = False
) -> str:
  """A line plot of one run over its epochs, as SVG.

  Args:
    series: Epochs and values of each line by its name, at most two.
    ylabel: What the values are.
    tested_epoch: The epoch that is marked by a dotted line.
    log: Whether the values have a logarithmic axis.
  """
  figure, axes = new_figure(3.6, 2.4)
  looks = {'color': BLUE, 'linestyle': '-'}, {'color': ORANGE, 'linestyle': '--'}
  _plot_over_epochs(axes, series, looks, ylabel, log)
  axes.axvline(tested_epoch, color=TEXT, linewidth=0.8, linestyle=':')
  if len(series) > 1:
    axes.legend(frameon=False, labelcolor=TEXT)
  marked = f'the dotted line is the tested epoch {tested_epoch}'
  return to_svg(figure, f'{ylabel} by epoch: {", ".join(series)}, {marked}')


def curves(series: dict[str, tuple[list, list]], ylabel: str, log: bool = False) -> str:
  """A line plot of several runs over their epochs, as SVG, with the names of the runs below.

  Args:
    series: Epochs and values of each run by its name.
    ylabel: What the values are.
    log: Whether the values have a logarithmic axis.
  """
  import matplotlib

  height = 2.4 + 0.17 * len(series)
  figure, axes = new_figure(3.6, height)
  colours = (matplotlib.colormaps['tab20'](number % 20) for number in range(len(series)))
  looks = [{'color': colour, 'linewidth': 1.2} for colour in colours]
  _plot_over_epochs(axes, series, looks, ylabel, log)
  figure.legend(loc='outside lower left', frameon=False, labelcolor=TEXT, fontsize=6)
  return to_svg(figure, f'{ylabel} by epoch of {len(series)} runs')


def _plot_over_epochs(
  axes: Any, series: dict[str, tuple[list, list]], looks: Sequence[dict], ylabel: str, log: bool
) -> None:
  """Plots each series in its look; one of a single epoch becomes a point."""
  for (name, (epochs, values)), look in zip(series.items(), looks, strict=False):
    axes.plot(epochs, values, label=plain(name), marker='.' if len(epochs) == 1 else '', **look)
  if log and any(value > 0 for _, values in series.values() for value in values):
    axes.set_yscale('log')
  axes.set_xlabel('epoch')
  axes.set_ylabel(ylabel)
  axes.xaxis.get_major_locator().set_params(integer=True)


def confusion(matrix: np.ndarray, classes: list[str]) -> str:
  """A confusion matrix as SVG: right answers in pale grey, errors in orange by their number."""
  from matplotlib.patches import Rectangle

  n = len(classes)
  side = max(3.2, 0.235 * n + 1.4)
  figure, axes = new_figure(side, side)
  most = max(1, (matrix - np.diag(np.diag(matrix))).max())
  for true, predicted in np.argwhere(matrix):
    count = matrix[true, predicted]
    colour = TEXT if true == predicted else ORANGE
    strength = 0.1 if true == predicted else 0.3 + 0.6 * count / most
    corner = (predicted - 0.5, true - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, alpha=strength, linewidth=0))
    weight = 'normal' if true == predicted else 'bold'
    axes.text(
      predicted, true, count, ha='center', va='center', color=TEXT, fontsize=7.5, weight=weight
    )
  axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), aspect='equal')
  names = [plain(name) for name in classes]
  axes.set_xticks(range(n), names, rotation=90)
  axes.set_yticks(range(n), names)
  axes.set_xticks(np.arange(-0.5, n), minor=True)
  axes.set_yticks(np.arange(-0.5, n), minor=True)
  axes.grid(True, which='minor', color=TEXT, alpha=0.1, linewidth=0.5)
  axes.tick_params(which='both', length=0)
  axes.set_xlabel('predicted')
  axes.set_ylabel('true')
  errors = int(matrix.sum() - np.trace(matrix))
  return to_svg(
    figure, f'Confusion matrix of {n} classes, {errors} errors, true by predicted class'
  )


def reliability(bins: Reliability, nouns: str) -> str:
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


def to_svg(figure: 'Figure', description: str) -> str:
  """The figure as an SVG element for a page.

  Text stays text, and the colour TEXT becomes the page's text colour. Ids begin with the
  description, so that two figures of a page do not share one.
  """
  import matplotlib

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
  opening = f'<svg viewBox="{box}" role="img" aria-label="{html.escape(description)}">'
  svg = re.sub(r'^<svg[^>]*>', lambda _: opening, svg)
  svg = svg.replace(TEXT, 'currentColor')
  # Matplotlib uses ids such as axes_1 in every figure, and ids must be unique in a page.
  prefix = re.sub(r'\W+', '-', description.lower())[:24]
  return re.sub(r'(\bid="|url\(#|href="#)', rf'\g<1>{prefix}-', svg)
