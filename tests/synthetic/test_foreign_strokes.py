"""Strokes of letters, signs and scribbles: their kinds, sizes, and the hands that write them."""

import numpy as np

from omr_jax.synthetic import foreign_strokes

KINDS = foreign_strokes.TO_LEARN + foreign_strokes.TO_MEASURE


def test_what_is_measured_is_not_learned():
  learned, measured = (
    {kind.name for kind in kinds}
    for kinds in (foreign_strokes.TO_LEARN, foreign_strokes.TO_MEASURE)
  )
  assert not learned & measured
  assert len(learned) == len(foreign_strokes.TO_LEARN)
  assert len(measured) == len(foreign_strokes.TO_MEASURE)
  groups = {kind.group for kind in foreign_strokes.TO_MEASURE}
  assert groups == {'letter', 'word', 'digit', 'mark', 'shape', 'sign', 'scribble'}


def test_no_kind_is_written_like_a_symbol():
  assert not {kind.name for kind in KINDS} & set('bcCdpPqoO0lI1xX7#-.')


def test_hands():
  """Strokes are finite, of the sizes that people write, and the same for the same numbers."""
  for kind in KINDS:
    strokes = foreign_strokes.written(kind, np.random.default_rng(0))
    again = foreign_strokes.written(kind, np.random.default_rng(0))
    assert all(np.array_equal(*pair) for pair in zip(strokes, again, strict=True)), kind.name
    points = np.concatenate(strokes)
    assert points.shape[1] == 2 and np.isfinite(points).all(), kind.name
    # The longer side is from 16 to 130, and the hand trembles by about a hundredth of it.
    assert 14 < np.ptp(points, axis=0).max() < 145, kind.name


def test_invented_strokes():
  rng = np.random.default_rng(0)
  some = [foreign_strokes.invented(rng) for _ in range(40)]
  assert len({len(strokes) for strokes in some}) > 2
  assert all(14 < np.ptp(np.concatenate(strokes), axis=0).max() < 145 for strokes in some)
