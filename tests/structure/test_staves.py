"""Staves are found where they are drawn: flat, turned, bent, in poor light, white on black."""

import drawn_music
import numpy as np
import pytest

from omr_jax.structure import find, scale, structure
from omr_jax.synthetic import moved_pages


def furthest(found, expected):
  """The largest vertical distance of the lines of a staff from where they are, in pixels."""
  left, right = max(found[0, 0, 0], expected[0, 0, 0]), min(found[0, -1, 0], expected[0, -1, 0])
  at = np.linspace(left, right, 200)
  there, here = (
    np.stack([np.interp(at, line[:, 0], line[:, 1]) for line in staff])
    for staff in (found, expected)
  )
  return np.abs(there - here).max()


def check(grey, expected, pixels):
  found = find.structure(grey).staves
  assert len(found) == len(expected)
  for one, other in zip(found, expected, strict=True):
    assert (one[:, :, 0] == one[0, :, 0]).all() and (np.diff(one[0, :, 0]) > 0).all()
    assert furthest(one, other) < pixels
    ends = one[0, [0, -1], 0] - other[0, [0, -1], 0]
    assert np.abs(ends).max() < drawn_music.SPACE


def test_the_staff_space_is_that_of_the_lines():
  # A line of 2 pixels and 14 white ones, again and again; note heads and stems change little.
  (space,) = scale.staff_spaces(drawn_music.page())
  assert space == pytest.approx(16, abs=0.3)


def test_flat_staves_are_found_to_the_pixel():
  check(drawn_music.page(), drawn_music.structure().staves, pixels=1)


@pytest.mark.parametrize('size', [0.5, 2])
def test_the_size_of_the_page_does_not_matter(size):
  grey = drawn_music.page()
  grey = grey[::2, ::2] if size < 1 else grey.repeat(2, 0).repeat(2, 1)
  check(grey, [staff * size for staff in drawn_music.structure().staves], pixels=1.2)


@pytest.mark.parametrize('kind', moved_pages.KINDS)
def test_moved_staves_are_found(kind):
  rng = np.random.default_rng(3)
  moved = moved_pages.moved(rng, drawn_music.page(), drawn_music.structure(), kind)
  check(moved.picture, moved.structure.staves, pixels=drawn_music.SPACE / 4)


def test_staves_in_a_shadow_are_found():
  shadow = np.linspace(1, 0.2, 920)
  check((drawn_music.page() * shadow).astype(np.uint8), drawn_music.structure().staves, pixels=1)


def test_a_staff_with_faint_lines_and_one_with_a_line_under_beams_are_found():
  grey = drawn_music.page()
  grey[280:390] = 255 - 0.42 * (255 - grey[280:390].astype(float))
  grey[532:543, 100:700] = 0  # Three quarters of the second line, at 537, of the third staff.
  check(grey, drawn_music.structure().staves, pixels=3)


def test_words_beside_a_staff_are_no_part_of_it():
  """Two lines of letters, 6 pixels wide and 4 apart, whose strokes lie near three staff lines."""
  grey = drawn_music.page()
  for left in range(4, 54, 10):
    for y in (10, 18, 26, 36, 44, 52):
      grey[120 + y : 122 + y, left : left + 6] = 0
  check(grey, drawn_music.structure().staves, pixels=3)


def test_a_hairpin_between_slurs_is_no_staff():
  """Five lines between two staves, twelve spaces long, of which two have gaps."""
  grey = drawn_music.page()
  for line in range(5):
    grey[400 + 16 * line :][:2, 300:500] = 0
  grey[414:422, 310:370] = 255
  grey[446:454, 400:460] = 255
  check(grey, drawn_music.structure().staves, pixels=1)


@pytest.mark.parametrize(
  'grey',
  [
    np.full((300, 200), 255, np.uint8),
    np.zeros((300, 200), np.uint8),
    np.zeros((1, 1), np.uint8),
    np.full((40, 3), 200, np.uint8),
  ],
)
def test_a_page_without_staves_has_none(grey):
  assert find.structure(grey).staves == []


def test_four_lines_are_no_staff():
  grey = np.full((400, 900), 255, np.uint8)
  for top in (100, 250):
    for line in range(4):
      grey[top + 16 * line :][:2, 50:850] = 0
  assert find.structure(grey).staves == []


def test_boxes():
  (first, *_) = drawn_music.structure().staves
  # The middle of the upper line is at 121, that of the lower one 4 spaces below.
  assert structure.box(first) == (60, 121, 860, 185)
  whole = drawn_music.structure()
  assert structure.system_box(whole, [0, 1]) == (60, 121, 860, 365)
  assert structure.measure_box(whole, whole.measures[1]) == (245, 121, 445, 185)


def test_every_second_line_may_lie_between_two_rows_of_pixels():
  """With 9.5 pixels a staff space, lines of one pixel are black or, two rows high, half as dark."""
  page = np.full((400, 600), 255.0)
  for top in range(50, 350, 100):
    for line in range(5):
      y = top + 9.5 * line
      page[int(y), 30:570] -= 255 if y == int(y) else 127.5
      page[int(y) + 1, 30:570] -= 0 if y == int(y) else 127.5
  grey = np.rint(page).astype(np.uint8)
  assert scale.staff_spaces(grey) == [
    pytest.approx(19, abs=0.25),
    pytest.approx(9.5, abs=0.25),
  ]
  found = find.structure(grey)
  assert [staff[:, 0, 1].round().tolist() for staff in found.staves] == [
    pytest.approx([top + 0.5 + 9.5 * line for line in range(5)], abs=1) for top in (50, 150, 250)
  ]


def test_every_third_line_may_lie_in_a_row_of_pixels():
  """With 9 1/3 pixels a staff space. The other lines are in two rows, less than half as dark."""
  page = np.full((400, 600), 255.0)
  expected = []
  for top in (48, 148, 248):
    expected.append(pytest.approx([top + 0.5 + 28 / 3 * line for line in range(5)], abs=1))
    page[[top, top + 28], 30:570] = 0
    for row, above in ((9, 2), (18, 1), (37, 2)):  # At 9 1/3, 18 2/3 and 37 1/3.
      page[top + row, 30:570] -= 255 * 0.7 * above / 3
      page[top + row + 1, 30:570] -= 255 * 0.7 * (3 - above) / 3
  grey = np.rint(page).astype(np.uint8)
  assert [round(space) for space in scale.staff_spaces(grey)] == [28, 9]
  found = find.structure(grey)
  assert [staff[:, 0, 1].tolist() for staff in found.staves] == expected


def test_grain_gives_no_second_staff_space():
  """Eleven staves, 30 pixels a space, on a page of 133 x 100 spaces with grain that is faint ink.

  Its staff space of about five pixels would mean 480 000 squares, and a page of 48 megapixels.
  """
  page = np.full((4000, 3000), 150.0)
  for line in range(5):
    page[200 + 30 * line : 3600 : 320, 100:2900] = 70
    page[201 + 30 * line : 3600 : 320, 100:2900] = 70
  page += np.random.default_rng(0).normal(0, 8, page.shape)
  (space,) = scale.staff_spaces(np.clip(page, 0, 255).astype(np.uint8))
  assert space == pytest.approx(30, abs=0.5)
