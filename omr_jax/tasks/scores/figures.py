"""Figures of the decision between 'scores' and 'other' in the report, as inline SVG.

The curves of a good network run close to one corner. So that its errors can be seen, the axis of
false positives is logarithmic and reaches down to one picture, and the other axis begins just below
the curve.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from omr_jax.evaluation.binary import Decisions
from omr_jax.evaluation.curves import Curve
from omr_jax.report.figures import BLUE, ORANGE, TEXT, new_figure, plain, readable_log, to_svg

if TYPE_CHECKING:
  from markupsafe import Markup

_BARS = 40


def roc(points: Curve, chosen: Decisions) -> 'Markup':
  """Recall of the scores by false-positive rate; a dot marks the chosen threshold.

  A logarithmic axis has no place for 0. So a rate of 0 is drawn at the left end, which is labelled
  0 and stands at half the rate of one false positive.
  """
  from matplotlib.ticker import NullFormatter

  figure, axes = new_figure(3.6, 3.0)
  least = 0.5 / points.negatives
  axes.step(np.maximum(points.false_positive_rate, least), points.recall, where='post', color=BLUE)
  recall, rate = chosen.recall, chosen.false_positive_rate
  assert recall is not None and rate is not None  # Only pictures of both classes have a curve.
  _dot(axes, max(rate, least), recall)
  # The curve begins at the largest recall that has no false positive.
  start = min(points.recall[points.false_positives == 0].max(), recall)
  axes.set(xscale='log', xlim=(least, 1), xlabel='false-positive rate', ylabel='recall')
  rates = [10.0**power for power in range(-9, 1) if 10.0**power >= 2 * least]
  axes.set_xticks([least, *rates], ['0', *(f'{100 * rate:g} %' for rate in rates)])
  axes.xaxis.set_minor_formatter(NullFormatter())
  _in_percent(axes.yaxis, axes.set_ylim, start)
  return to_svg(figure, f'ROC: recall by false-positive rate of {points.negatives} other pictures')


def precision_recall(points: Curve, chosen: Decisions) -> 'Markup':
  """Precision by recall; a dot marks the chosen threshold."""
  figure, axes = new_figure(3.6, 3.0)
  axes.step(points.recall, points.precision, where='pre', color=BLUE)
  found = chosen.positives - chosen.false_negatives
  called = found + chosen.false_positives
  recall, precision = chosen.recall, found / called if called else 1
  assert recall is not None  # Only pictures of both classes have a curve.
  _dot(axes, recall, precision)
  start = min(points.recall[points.precision == 1].max(), recall)
  # Lower thresholds than that of full recall add only false positives.
  bottom = min(points.precision[points.recall == 1].max(), precision)
  axes.set(xlabel='recall', ylabel='precision')
  _in_percent(axes.yaxis, axes.set_ylim, bottom)
  _in_percent(axes.xaxis, axes.set_xlim, start)
  return to_svg(figure, f'Precision by recall of {points.positives} pictures of scores')


def histogram(
  log_odds: np.ndarray, labels: np.ndarray, threshold: float, classes: Sequence[str]
) -> 'Markup':
  """Pictures by their log-odds, a colour for each class; the dotted line is the threshold.

  Args:
    log_odds: float [pictures]; infinite ones are drawn at the end of the axis.
    labels: int or bool [pictures].
    threshold: As log-odds; no line is drawn if it is infinite.
    classes: Names of class 0 and 1.
  """
  figure, axes = new_figure(3.6, 2.4)
  log_odds, labels = np.asarray(log_odds, np.float64), np.asarray(labels, int)
  finite = log_odds[np.isfinite(log_odds)]
  low, high = (finite.min(), finite.max()) if len(finite) else (-1.0, 1.0)
  if low == high:
    low, high = low - 1, high + 1
  edges = np.linspace(low, high, _BARS + 1)
  for label, color in ((0, ORANGE), (1, BLUE)):
    of_class = np.clip(log_odds[labels == label], low, high)
    name = plain(f'{classes[label]} ({len(of_class)})')
    axes.hist(of_class, edges, color=color, alpha=0.6, label=name)
  if np.isfinite(threshold):
    axes.axvline(threshold, color=TEXT, linewidth=0.8, linestyle=':')
  # A logarithmic axis from 0.7 shows bars of one picture too; without pictures it ends at 2.
  axes.set_ylim(0.7, max(2, axes.dataLim.y1 * 1.3))
  axes.set(yscale='log', xlabel=plain(f'log-odds of {classes[1]}'), ylabel='pictures')
  readable_log(axes.yaxis, 1, max(10, axes.dataLim.y1))
  axes.legend(loc='best', frameon=False, labelcolor=TEXT, fontsize=8)
  return to_svg(figure, f'Pictures by log-odds of {classes[1]}; the dotted line is the threshold')


def _dot(axes, x: float, y: float) -> None:
  """Marks the chosen threshold by a dot that the edge of the axes does not cut."""
  axes.plot(x, y, 'o', color=ORANGE, clip_on=False)


def _in_percent(axis, set_limits: Callable, value: float) -> None:
  """Makes an axis of shares, in percent, that begins with a round number below the value."""
  from matplotlib.ticker import FuncFormatter

  start = max(start for start in (0, 0.5, 0.9, 0.98) if start == 0 or start < value)
  set_limits(start, 1 + 0.02 * (1 - start))
  axis.set_major_formatter(FuncFormatter(lambda share, _: f'{100 * share:.4g} %'))
