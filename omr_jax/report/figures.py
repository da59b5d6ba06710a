"""Figures of the report as self-contained text: inline SVG in the page's colours, PNG data.

Matplotlib is imported only when a figure is drawn; `Figure` without pyplot leaves its global state
alone.
"""

import base64
import html
import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from omr_jax.evaluation.metrics import BINS, Reliability

if TYPE_CHECKING:
  from matplotlib.figure import Figure

# Drawn in this colour, shown in the page's own text colour, light or dark.
TEXT = '#010203'
BLUE, ORANGE = '#3b82d0', '#e8710a'


def curve(
  series: dict[str, tuple[list, list]], ylabel: str, tested_epoch: int, log: bool = False
) -> str:
  """Line plot over epochs, as SVG: `series` maps a name to its (epochs, values)."""
  figure, axes = new_figure(3.6, 2.4)
  for (name, (epochs, values)), colour, style in zip(
    series.items(), (BLUE, ORANGE), ('-', '--'), strict=False
  ):
    single = '.' if len(epochs) == 1 else ''
    axes.plot(epochs, values, label=name, color=colour, linestyle=style, marker=single)
  axes.axvline(tested_epoch, color=TEXT, linewidth=0.8, linestyle=':')
  if log and any(value > 0 for _, values in series.values() for value in values):
    axes.set_yscale('log')
  axes.set_xlabel('epoch')
  axes.set_ylabel(ylabel)
  axes.xaxis.get_major_locator().set_params(integer=True)
  if len(series) > 1:
    axes.legend(frameon=False, labelcolor=TEXT)
  marked = f'the dotted line is the tested epoch {tested_epoch}'
  return to_svg(figure, f'{ylabel} by epoch: {", ".join(series)}, {marked}')


def curves(series: dict[str, tuple[list, list]], ylabel: str, log: bool = False) -> str:
  """Line plots of several runs over epochs, as SVG, their names below: as `curve`'s."""
  import matplotlib

  height = 2.4 + 0.17 * len(series)
  figure, axes = new_figure(3.6, height)
  for number, (name, (epochs, values)) in enumerate(series.items()):
    colour = matplotlib.colormaps['tab20'](number % 20)
    single = '.' if len(epochs) == 1 else ''
    axes.plot(epochs, values, label=name, color=colour, marker=single, linewidth=1.2)
  if log and any(value > 0 for _, values in series.values() for value in values):
    axes.set_yscale('log')
  axes.set_xlabel('epoch')
  axes.set_ylabel(ylabel)
  axes.xaxis.get_major_locator().set_params(integer=True)
  figure.legend(loc='outside lower left', frameon=False, labelcolor=TEXT, fontsize=6)
  return to_svg(figure, f'{ylabel} by epoch of {len(series)} runs')


def confusion(matrix: np.ndarray, classes: list[str]) -> str:
  """Confusion matrix as SVG: right answers in pale grey, errors in orange by their number."""
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
  axes.set_xticks(range(n), classes, rotation=90)
  axes.set_yticks(range(n), classes)
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


def reliability(bins: Reliability) -> str:
  """Reliability diagram as SVG: accuracy by confidence above, number of symbols below."""
  figure, (axes, below) = new_figure(3.6, 3.8, rows=2, heights=(3, 1))
  left, width = np.arange(BINS) / BINS, 1 / BINS
  filled = bins.count > 0
  axes.bar(left[filled], bins.accuracy[filled], width, align='edge', color=BLUE, alpha=0.5)
  axes.plot([0, 1], [0, 1], color=TEXT, linewidth=0.8, linestyle=':')
  axes.plot(bins.confidence[filled], bins.accuracy[filled], '.', color=ORANGE)
  axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel='accuracy')
  below.bar(left[filled], bins.count[filled], width, align='edge', color=BLUE, alpha=0.5)
  below.set(xlim=(0, 1), yscale='log', xlabel='confidence', ylabel='symbols')
  below.set_ylim(bottom=0.7)
  return to_svg(figure, 'Accuracy and number of symbols by confidence; dotted: perfect calibration')


def picture(pixels: np.ndarray) -> str:
  """uint8 [height, width, channels] (1 or 3 channels) as a PNG `data:` address."""
  from PIL import Image

  content = io.BytesIO()
  image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
  image.save(content, format='PNG', optimize=True)
  return 'data:image/png;base64,' + base64.b64encode(content.getvalue()).decode('ascii')


def new_figure(
  width: float, height: float, rows: int = 1, heights: tuple = (1,)
) -> tuple['Figure', Any]:
  """A figure of the given inches and its axes, with frames and letters in the page's colour."""
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
  """The figure as an SVG element for a page: text stays text, colours and ids fit in."""
  import matplotlib

  content = io.StringIO()
  with matplotlib.rc_context({'svg.fonttype': 'none', 'svg.hashsalt': 'omr_jax'}):
    figure.savefig(content, format='svg', transparent=True)
  svg = content.getvalue()
  svg = svg[svg.index('<svg') :]
  svg = re.sub(r'<metadata>.*?</metadata>|<style .*?</style>', '', svg, flags=re.DOTALL)
  box = re.search(r'viewBox="([^"]*)"', svg).group(1)
  opening = f'<svg viewBox="{box}" role="img" aria-label="{html.escape(description)}">'
  svg = re.sub(r'^<svg[^>]*>', lambda _: opening, svg)
  svg = svg.replace(TEXT, 'currentColor')
  # Ids like axes_1 are the same in every figure; a page needs them once each.
  prefix = re.sub(r'\W+', '-', description.lower())[:24]
  return re.sub(r'(\bid="|url\(#|href="#)', rf'\g<1>{prefix}-', svg)
