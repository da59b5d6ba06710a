"""Staves are found where they are, on pages of music that code draws."""

import numpy as np
import pytest
from PIL import Image

from omr_jax.synthetic import flat_staves, music


@pytest.mark.parametrize('seed', range(4))
def test_staves_are_found(seed):
  """A page has as many staves as fives of lines that run through it."""
  page = music.page(np.random.default_rng(seed), 1400, 1000)
  dark = np.mean(page < 200, axis=1) > 0.66
  tops = np.flatnonzero(dark & ~np.append(False, dark[:-1])).reshape(-1, 5)
  found = flat_staves.find(page)
  assert len(found) == len(tops)
  for staff, rows in zip(found, tops, strict=True):
    space = (rows[4] - rows[0]) / 4
    assert staff.space == pytest.approx(space, abs=0.6)
    assert staff.top == pytest.approx(rows[0], abs=space / 2)
    assert staff.bottom == pytest.approx(rows[4], abs=space / 2)
  # Light on dark they are the same.
  assert len(flat_staves.find(255 - page)) == len(tops)


def test_no_staves_where_there_is_no_music():
  rng = np.random.default_rng(0)
  assert flat_staves.find(np.full((200, 300), 255, np.uint8)) == []
  assert flat_staves.find(rng.integers(0, 255, (200, 300), np.uint8)) == []


def test_a_leaning_page():
  """At one degree a line of 800 pixels falls by 14, more than a space."""
  page = Image.fromarray(music.page(np.random.default_rng(0), 1400, 1000))
  leaning = np.asarray(page.rotate(1, Image.Resampling.BICUBIC, fillcolor=255))
  assert len(flat_staves.find(leaning)) == len(flat_staves.find(np.asarray(page)))
