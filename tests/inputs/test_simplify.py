import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omr_jax.inputs.simplify import MOST_POINTS, simplify

# Shares of the box's longer side; each may move the line twice, see the docstring of `simplify`.
FOR_ALL = 2 * (0.004 + 0.004 + 0.006)


def kept(strokes):
  """The strokes that are left of one symbol, where they lay."""
  (result,) = several([strokes])
  return result


def several(symbols):
  points = [np.array([p for s in symbol for p in s], np.int32) for symbol in symbols]
  lines = [np.repeat(np.arange(len(s)), [len(line) for line in s]) for s in symbols]
  xy, stroke = simplify(points, lines)
  assert xy.dtype == np.float32
  assert xy.shape == (*stroke.shape, 2)
  results = []
  for i, symbol in enumerate(symbols):
    middle = (points[i].min(0) + points[i].max(0)) / 2
    count = (stroke[i] >= 0).sum()
    assert (stroke[i, count:] == -1).all()
    assert (xy[i, count:] == 0).all()
    results.append(
      [(xy[i][stroke[i] == number] + middle).tolist() for number in range(len(symbol))]
    )
  return results


def distance(point, polyline):
  """From a point to the nearest place on a polyline."""
  line = np.array(polyline, np.float64)
  if len(line) == 1:
    return np.hypot(*(line[0] - point))
  start, step = line[:-1], np.diff(line, axis=0)
  length = np.maximum((step**2).sum(1), 1e-12)
  along = np.clip(((point - start) * step).sum(1) / length, 0, 1)
  return np.hypot(*(start + along[:, None] * step - point).T).min()


@pytest.mark.parametrize('count', [3, 4, 9, 30])
def test_a_straight_line_is_two_points(count):
  line = [(3 * i, 2 * i) for i in range(count)]
  assert kept([line]) == [[[0, 0], [3 * count - 3, 2 * count - 2]]]


def test_repeated_points_go():
  assert kept([[(0, 0), (0, 0), (9, 3), (9, 3), (9, 3)]]) == [[[0, 0], [9, 3]]]


def test_corners_stay():
  line = [(x, 0) for x in range(11)] + [(10, y) for y in range(1, 11)]
  assert kept([line]) == [[[0, 0], [10, 0], [10, 10]]]
  back = [(x, 0) for x in range(11)] + [(x, 0) for x in range(9, 4, -1)]
  assert kept([back]) == [[[0, 0], [10, 0], [5, 0]]]


def test_the_middle_of_the_box_is_the_origin():
  xy, stroke = simplify([np.array([(10, 20), (14, 27)])], [np.zeros(2, int)])
  assert xy[0, :2].tolist() == [[-2, -3.5], [2, 3.5]]
  assert xy.shape == (1, MOST_POINTS, 2)
  assert stroke[0].tolist() == [0, 0] + [-1] * (MOST_POINTS - 2)


def test_strokes_are_not_joined():
  # All on one line: only what is inside a stroke goes.
  strokes = [[(0, 0), (1, 1), (2, 2)], [(3, 3)], [(4, 4), (5, 5)]]
  assert kept(strokes) == [[[0, 0], [2, 2]], [[3, 3]], [[4, 4], [5, 5]]]


coordinates = st.tuples(st.integers(0, 200), st.integers(0, 200))
symbols = st.lists(st.lists(coordinates, min_size=1, max_size=40), min_size=1, max_size=5)


@settings(max_examples=60)
@given(symbol=symbols)
def test_ends_stay_and_the_rest_is_a_selection(symbol):
  for line, left in zip(symbol, kept(symbol), strict=True):
    assert (left[0], left[-1]) == (list(line[0]), list(line[-1]))
    following = iter(map(list, line))
    assert all(point in following for point in left)


@settings(max_examples=60)
@given(
  steps=st.lists(
    st.tuples(st.integers(-2, 9), st.integers(-9, 9)), min_size=2, max_size=MOST_POINTS - 1
  )
)
def test_the_line_hardly_moves(steps):
  line = np.cumsum([(0, 0), *steps], axis=0)
  (left,) = kept([[tuple(point) for point in line.tolist()]])
  bound = FOR_ALL * max(np.ptp(line, axis=0).max(), 1)
  assert max(distance(point, left) for point in line) <= bound + 1e-4


def test_a_long_smooth_line_hardly_moves_either():
  turn = np.linspace(0, 2 * np.pi, 733)
  line = np.rint(1000 * np.stack([np.cos(turn), np.sin(turn)], -1)).astype(int)
  (left,) = kept([[tuple(point) for point in line.tolist()]])
  assert 8 <= len(left) <= MOST_POINTS
  assert max(distance(point, left) for point in line) <= FOR_ALL * 2000


@pytest.mark.parametrize('count', [MOST_POINTS + 1, 733, 5000])
def test_no_more_than_the_bound(count):
  rng = np.random.default_rng(count)
  noise = [tuple(point) for point in rng.integers(0, 300, (count, 2)).tolist()]
  (left,) = kept([noise])
  assert 2 <= len(left) <= MOST_POINTS
  assert left[0] == list(noise[0])
  assert left[-1] == list(noise[-1])


def test_ends_stay_where_there_are_more_of_them():
  rng = np.random.default_rng(0)
  symbol = [[tuple(p) for p in rng.integers(0, 300, (3, 2)).tolist()] for _ in range(200)]
  left = kept(symbol)
  assert [len(line) for line in left] == [2] * 200
  assert left == [[list(line[0]), list(line[-1])] for line in symbol]


@settings(max_examples=40)
@given(batch=st.lists(symbols, min_size=2, max_size=4))
def test_symbols_do_not_mix(batch):
  assert several(batch) == [kept(symbol) for symbol in batch]
