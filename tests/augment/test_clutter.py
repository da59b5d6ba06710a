"""What reaches into a crop: how far, from where, how often."""

import functools

import jax
import numpy as np
import pytest
from tablet import BOX, TWO, batch

from omr_jax.augment import clutter, rasterize

REACH = 4.0
CASES = 400
neighbour = jax.jit(clutter.neighbour, static_argnames='number')
edge = jax.jit(clutter.edge)
staff = jax.jit(clutter.staff)
box = jax.jit(rasterize.box)


@pytest.mark.parametrize('number', [1, 2])
def test_neighbours_reach_in_from_one_side_by_a_little(number):
  points, stroke = batch(*[BOX, TWO] * 64)
  points = np.pad(points, ((0, 0), (0, 24), (0, 0)))
  stroke = np.pad(stroke, ((0, 0), (0, 24)), constant_values=-1)
  low, high = box(points, stroke >= 0)

  ask = functools.partial(neighbour, jax.random.key(0), points, stroke, low, high, REACH)
  bit, of_bit = ask(1.0, number=number)
  # Strokes of its own; otherwise a line would lead there from the symbol or another neighbour.
  latest = np.asarray(of_bit).max(1)
  assert (latest // points.shape[1] == number).all()
  # Of the symbol so many places before it: a box is one stroke, and the other symbol two.
  its_last = np.roll(np.asarray(stroke).max(1), number)
  assert (latest % points.shape[1] <= its_last).all() and latest.max() % points.shape[1] == 1
  its_low, its_high = map(np.asarray, box(bit, np.asarray(of_bit) >= 0))
  depth = np.stack([its_high - low, high - its_low])  # From either side, along x and y.
  assert ((depth >= -1e-4) & (depth <= REACH + 1e-4)).any((0, 2)).all()
  _, of_none = ask(0.0, number=number)
  assert (np.asarray(of_none) == -1).all()


def window(cases):
  """A window from (10, 20) to (70, 60), a pixel of the tablet to a pixel."""
  x = np.tile(np.arange(10.5, 70, dtype=np.float32), (cases, 1, 1))
  y = np.tile(np.arange(20.5, 60, dtype=np.float32)[:, None], (cases, 1, 1))
  low, high = np.tile(np.float32([[10, 20], [70, 60]]), (cases, 1, 1)).swapaxes(0, 1)
  return x, y, low, high, np.ones((cases, 1, 1), np.float32)


def lines(pen, chance=1.0, cases=CASES):
  """[cases, 40, 60]."""
  pens = np.full(cases, pen, np.float32)
  return np.asarray(edge(jax.random.key(0), *window(cases), pens, REACH, chance))


def test_lines_lie_along_one_edge():
  found = lines(20.0)  # Thicker than they may reach in, so that nothing is clear of the edge.
  assert found.shape == (CASES, 40, 60) and found.min() == 0 and found.max() == 1
  found = found[(found > 0.5).any((1, 2))]  # Some hardly reach in, or end at once.
  assert len(found) > 0.8 * CASES
  sides = np.stack([found[:, :, 0], found[:, :, -1]]).max(2) > 0.5
  ends = np.stack([found[:, 0], found[:, -1]]).max(2) > 0.5
  # Nothing is deeper than REACH and the pixel it ends in.
  assert found[:, 5:-5, 5:-5].max() == 0
  depth = (found.max(1) > 0.5).sum(1)
  upright = (depth > 0) & (depth <= REACH + 1)
  assert 0.6 < upright.mean() < 0.8  # 0.7 +- 0.025, and beams so short that they look upright.
  whole = (found[upright].max(2) > 0.5).all(1)
  assert 0.2 < whole.mean() < 0.5  # A third, and of the others those that begin or end at once.
  # Either of the two sides, as often.
  assert 0.4 < sides[0, upright].sum() / sides[:, upright].sum() < 0.6
  assert (ends[:, ~upright].sum(0) <= 1).all()


def test_a_thin_line_shows_both_its_sides():
  found = lines(1.0)
  # 1 to 5 pixels thick, and no more than 4 of them inside.
  across = np.minimum(found.max(1).sum(1), found.max(2).sum(1))
  assert across.max() <= REACH + 0.5 + 1e-5
  # Some stand clear of the edge.
  clear = (found.max((1, 2)) > 0.9) & (np.delete(found, np.s_[1:-1], 1).max((1, 2)) < 0.5)
  assert clear.any()


def test_no_lines_without_a_chance():
  assert lines(3.0, 0.0).max() == 0
  assert 0.4 < (lines(9.0, 0.5).max((1, 2)) > 0).mean() < 0.6


def test_rare_lines_are_at_every_edge_as_often():
  """Whether there is a line says nothing about where it is: 70 % upright, the others flat."""
  found = lines(20.0, 0.25, 8 * CASES) > 0.5
  found = found[found.any((1, 2))]
  assert 0.2 < len(found) / (8 * CASES) < 0.3
  # Upright lines reach at most 5 columns into the window, the others 5 rows.
  upright = found.any(1).sum(1) <= REACH + 1
  sides = found[upright][:, :, [0, -1]].any(1).mean(0)
  ends = found[~upright][:, [0, -1]].any(2).mean(0)
  assert np.abs(sides - 0.5).max() < 0.1 and np.abs(ends - 0.5).max() < 0.1


@pytest.mark.parametrize('chance', [0.2, 1.0])
def test_staves_are_anywhere(chance):
  """One of the five lines is anywhere in the window, so a staff is as often high as low in it."""
  cases = 8 * CASES
  found = np.asarray(staff(jax.random.key(1), *window(cases), chance)) > 0.5
  shown = found[found.any((1, 2))]
  assert abs(len(shown) / cases - chance) < 0.05
  inked = shown.any(2)
  assert abs(inked[:, :10].any(1).mean() - inked[:, -10:].any(1).mean()) < 0.08
