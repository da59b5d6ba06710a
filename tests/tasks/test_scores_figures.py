import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from omr_jax.evaluation import binary, curves
from omr_jax.tasks.scores import figures as gate_figures

# 1 000 others at 0, but for one at 3; ten pages of music at 1 ... 10.
SCORES = np.concatenate([[3], np.zeros(999), np.arange(1, 11)]).astype(float)
LABELS = np.repeat([0, 1], [1000, 10])
CLASSES = ('other', 'scores')


@pytest.fixture
def drawn(monkeypatch):
  """Figures stay figures, so that what is drawn can be measured."""
  monkeypatch.setattr(gate_figures, 'to_svg', lambda figure, _: figure.axes[0])


def texts(svg):
  assert 'nan' not in svg
  return [
    ''.join(node.itertext()) for node in ET.fromstring(svg.replace('xlink:', '')).iter('text')
  ]


def test_roc_shows_the_first_false_positive(drawn):
  axes = gate_figures.roc(curves.curve(SCORES, LABELS), binary.decisions(SCORES, LABELS, 3))
  curve, dot = axes.lines
  # Half a picture of 1 000 stands for none; the ROC leaves it at 4 ... 10, seven of ten.
  assert axes.get_xlim() == pytest.approx((0.0005, 1))
  shown = list(zip(*(values.tolist() for values in curve.get_data()), strict=True))
  assert (0.0005, 0.7) in shown
  assert (0.001, 0.8) in shown
  assert shown[-1] == (1, 1)
  assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0.001, 0.8)
  assert axes.get_ylim()[0] == 0.5
  assert [tick.get_text() for tick in axes.get_xticklabels()] == [
    '0', '0.1 %', '1 %', '10 %', '100 %',
  ]  # fmt: skip


def test_a_threshold_without_false_positives_is_drawn_at_zero(drawn):
  axes = gate_figures.roc(curves.curve(SCORES, LABELS), binary.decisions(SCORES, LABELS, 4))
  dot = axes.lines[1]
  assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0.0005, 0.7)


def test_precision_by_recall(drawn):
  axes = gate_figures.precision_recall(
    curves.curve(SCORES, LABELS), binary.decisions(SCORES, LABELS, 3)
  )
  curve, dot = axes.lines
  shown = list(zip(*(values.tolist() for values in curve.get_data()), strict=True))
  assert (0.7, 1) in shown
  assert (0.8, 8 / 9) in shown
  assert (1, 10 / 11) in shown
  assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0.8, 8 / 9)
  # Up to 70 % recall nothing happens; the dot is at 8/9, the curve's end at 10/11.
  assert axes.get_xlim()[0] == 0.5
  assert axes.get_ylim()[0] == 0.5
  # With the dot at (0.7, 1), the axis begins below the curve's end.
  perfect = binary.decisions(SCORES, LABELS, 4)
  axes = gate_figures.precision_recall(curves.curve(SCORES, LABELS), perfect)
  assert axes.get_ylim()[0] == 0.9


def test_nothing_called_has_precision_one(drawn):
  nothing = binary.decisions(SCORES, LABELS, math.inf)
  dot = gate_figures.precision_recall(curves.curve(SCORES, LABELS), nothing).lines[1]
  assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (0, 1)


def test_the_chosen_threshold_is_always_within_the_axes(drawn):
  # Found are 9 and 10 of 1 ... 10 at no false positive; the curves alone begin at 50 %.
  points, strict = curves.curve(SCORES, LABELS), binary.decisions(SCORES, LABELS, 9)
  assert gate_figures.roc(points, strict).get_ylim()[0] == 0
  assert gate_figures.precision_recall(points, strict).get_xlim()[0] == 0
  # All 1 010 pictures called, 10 of them right.
  lax = binary.decisions(SCORES, LABELS, 0)
  assert gate_figures.precision_recall(points, lax).get_ylim()[0] == 0


def test_histogram_counts_all_pictures(drawn):
  log_odds = np.array([-math.inf, -8.0, -8.0, 0.0, 8.0, math.inf])
  axes = gate_figures.histogram(log_odds, [0, 0, 0, 1, 1, 1], 2.5, CLASSES)
  other, scores = ([bar.get_height() for bar in container.patches] for container in axes.containers)
  # 40 bars from -8 to 8, each closed below, the last at both ends: 0 begins the 21st.
  assert other == [3] + [0] * 39
  assert scores == [0] * 20 + [1] + [0] * 18 + [2]
  assert axes.lines[0].get_xdata()[0] == 2.5
  assert [text.get_text() for text in axes.get_legend().get_texts()] == ['other (3)', 'scores (3)']


@pytest.mark.parametrize('log_odds', [[], [1.0], [2.0, 2.0], [math.inf, -math.inf]])
def test_histogram_of_little(log_odds):
  labels = [1] * len(log_odds)
  svg = gate_figures.histogram(np.array(log_odds), labels, math.inf, CLASSES)
  assert f'scores ({len(labels)})' in texts(svg)
  assert 'other (0)' in texts(svg)


@pytest.mark.parametrize('scores', [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
def test_curves_of_two_pictures(scores):
  points, chosen = curves.curve(scores, [1, 0]), binary.decisions(scores, [1, 0], 0.5)
  assert 'recall' in texts(gate_figures.roc(points, chosen))
  assert 'precision' in texts(gate_figures.precision_recall(points, chosen))


def test_figures_are_elements_for_a_page():
  points, chosen = curves.curve(SCORES, LABELS), binary.decisions(SCORES, LABELS, 3)
  svgs = [
    gate_figures.roc(points, chosen),
    gate_figures.precision_recall(points, chosen),
    gate_figures.histogram(SCORES, LABELS, 3, CLASSES),
  ]
  found = []
  for svg in svgs:
    root = ET.fromstring(svg.replace('xlink:', ''))
    assert root.get('role') == 'img'
    found += [node.get('id') for node in root.iter() if node.get('id')]
  assert '1000 other pictures' in svgs[0]
  # Side by side in one page, no two elements have the same id.
  assert len(found) == len(set(found))
