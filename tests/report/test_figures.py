"""Axes that people can read, and the points that a page names."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from omr_jax.report import figures


@pytest.mark.parametrize(
  ('values', 'labels'),
  [
    ([2.0, 0.02], {'2', '1', '0.5', '0.2', '0.1', '0.05', '0.02'}),  # Two decades.
    ([1000.0, 0.001], {'1000', '100', '10', '1', '0.1', '0.01', '0.001'}),  # Six.
  ],
)
def test_logarithmic_axes_have_plain_numbers(values, labels):
  svg = figures.curves({'a': ([1, 2], values)}, 'loss', log=True)
  assert labels <= set(re.findall(r'>([\d.]+)</text>', svg))
  assert '10^' not in svg and 'mathdefault' not in svg


def test_logarithmic_axes_of_less_than_a_decade_have_labels_too():
  svg = figures.curves({'a': ([1, 2], [0.64, 0.52])}, 'loss', log=True)
  found = {float(text) for text in re.findall(r'>(0\.\d+)</text>', svg)}
  assert len([value for value in found if 0.5 <= value <= 0.66]) >= 2


def test_every_run_is_in_the_legend():
  """Matplotlib leaves out names that begin with `_`."""
  svg = figures.curves({'_seed=0': ([1, 2], [0.5, 0.25]), 'b': ([1, 2], [0.5, 0.75])}, 'loss')
  assert '>_seed=0</text>' in svg and '>b</text>' in svg


def test_points_are_where_the_line_is():
  svg = figures.curves({'a <b>': ([1, 2, 3], [0.5, 0.25, 1.0])}, 'loss')
  start = ET.fromstring(svg.replace('xlink:', '')).get('data-points')
  [line] = json.loads(start)
  assert line['name'] == 'a <b>'
  assert [words for *_, words in line['points']] == ['epoch 1: 0.5', 'epoch 2: 0.25', 'epoch 3: 1']
  path = re.search(r'd="M ([\d.]+) ([\d.]+) \nL ([\d.]+) ([\d.]+) \nL ([\d.]+) ([\d.]+) \n"', svg)
  drawn = [float(number) for number in path.groups()]
  named = [number for x, y, _ in line['points'] for number in (x, y)]
  assert named == pytest.approx(drawn, abs=0.6)
