"""Systems and measures of a drawn page, and the file that they are written to."""

import json
import math

import drawn_music
import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.structure import find, structure_json
from omr_jax.synthetic import moved_pages


@pytest.mark.parametrize('kind', ['flat', 'turned', 'camera'])
def test_systems_and_measures_are_found(kind):
  grey, expected = drawn_music.page(), drawn_music.structure()
  if kind != 'flat':
    grey, expected = moved_pages.moved(np.random.default_rng(5), grey, expected, kind)
  found = find.structure(grey)
  assert (found.height, found.width) == grey.shape
  assert found.staff_space == pytest.approx(expected.staff_space, rel=0.06)
  assert found.systems == [[0, 1], [2, 3]]
  assert [measure.staff for measure in found.measures] == [n for n in range(4) for _ in range(4)]
  for one, other in zip(found.measures, expected.measures, strict=True):
    assert abs(one.left - other.left) < drawn_music.SPACE
    assert abs(one.right - other.right) < drawn_music.SPACE


def test_staves_that_nothing_joins_are_systems_of_their_own():
  grey = drawn_music.page()
  grey[190:296] = 255  # Between the first and the second staff.
  assert find.structure(grey).systems == [[0], [1], [2, 3]]


@pytest.mark.parametrize(('columns', 'systems'), [((345, 500), [[0], [1]]), ((445,), [[0, 1]])])
def test_a_stroke_joins_staves_only_as_a_part_of_a_bar_line(columns, systems):
  grey = drawn_music.page()
  grey[190:296] = 255
  for column in columns:
    grey[180:306, column - 1 : column + 1] = 0
  assert find.structure(grey[:420]).systems == systems


def test_strokes_in_both_staves_are_no_bar_line_where_these_go_on_between_them():
  """They reach nearly from the upper line to the lower one, as digits of a time signature do."""
  grey = drawn_music.page()
  for top in drawn_music.TOPS[:2]:
    grey[top + 7 : top + 60, 344:346] = 0
  assert len(find.structure(grey).measures) == 16


def test_a_signature_behind_the_last_bar_line_is_no_measure():
  """Lines go on by six staff spaces, with digits of two spaces each."""
  grey = drawn_music.page()
  grey[:, 646:] = 255
  for top in drawn_music.TOPS:
    for line in range(5):
      grey[top + 16 * line :][:2, 646:742] = 0
    grey[top + 4 : top + 30, 690:700] = 0
    grey[top + 36 : top + 62, 690:700] = 0
  found = find.structure(grey).measures
  assert [measure.staff for measure in found] == [n for n in range(4) for _ in range(3)]


def _page(*bars):
  """Staves that a line at their left end joins; the columns of bar lines in each, and a note."""
  grey = np.full((180 * len(bars) + 120, 920), 255, np.uint8)
  for top, columns in zip(range(100, 1000, 180), bars, strict=False):
    for line in range(5):
      grey[top + 16 * line :][:2, 60:860] = 0
    for column in (*columns, 858):
      grey[top : top + 66, column : column + 2] = 0
    grey[top + 26 : top + 40, 780:800] = 0
  grey[100 : 180 * len(bars) - 14, 60:62] = 0
  return grey


def test_bar_lines_lean_across_a_system():
  """By 12 pixels from each staff to the next: 36 in all, more than two staff spaces."""
  found = find.structure(_page(*[(300 + 12 * n, 560 + 12 * n) for n in range(4)]))
  assert found.systems == [[0, 1, 2, 3]]
  for n in range(4):
    mine = [measure.left for measure in found.measures if measure.staff == n]
    np.testing.assert_allclose(mine, [60, 301 + 12 * n, 561 + 12 * n], atol=4)


@pytest.mark.parametrize(('bars', 'measures'), [((260, 460), 4), ((), 1)])
def test_a_staff_may_lack_a_bar_line_of_its_system_in_its_ink(bars, measures):
  """It has no others only where it lacks most of them."""
  whole = (260, 460, 660)
  found = find.structure(_page(whole, bars, whole)).measures
  assert [sum(m.staff == n for m in found) for n in range(3)] == [4, measures, 4]


def test_a_line_at_the_end_closes_a_narrow_measure():
  """Of seven staff spaces; without that line it might be a signature."""
  grey = _page((400, 740))
  assert len(find.structure(grey).measures) == 3
  grey[:, 858:] = 255
  assert len(find.structure(grey).measures) == 2


def test_staves_with_other_bar_lines_are_not_joined_by_a_stem():
  grey = _page((260, 460, 660), (330, 530, 700))
  grey[:, 40:66] = 255
  grey[100:346, 600:602] = 0
  assert find.structure(grey).systems == [[0], [1]]


@pytest.mark.parametrize(
  ('voice', 'systems'),
  [((260, 400, 560, 700), [[0, 1, 2]]), ((260, 340, 480, 620), [[0], [1, 2]])],
)
def test_a_voice_is_joined_to_the_staves_below_by_its_bar_lines_alone(voice, systems):
  grey = _page(voice, *[(260, 400, 560, 700)] * 2)
  grey[166:280, 60:62] = 255
  assert find.structure(grey).systems == systems


def test_an_empty_page_has_no_structure():
  found = find.structure(np.full((200, 300), 255, np.uint8))
  assert found == (300, 200, 0.0, [], [], [])


def test_a_structure_is_read_as_it_was_written(tmp_path):
  expected = drawn_music.structure()
  path = tmp_path / 'structure.json'
  path.write_text(json.dumps(structure_json.as_json(expected)))
  found = structure_json.read(path)
  assert found._replace(staves=[]) == expected._replace(staves=[])
  np.testing.assert_array_equal(found.staves, expected.staves)
  value = json.loads(path.read_text())
  assert value['staves'][0]['box'] == [60, 121, 860, 185]
  assert value['systems'][1] == {'box': [60, 521, 860, 765], 'staves': [2, 3]}
  assert value['measures'][0] == {'box': [60, 121, 245, 185], 'staff': 0, 'left': 60, 'right': 245}


@pytest.mark.parametrize(
  ('change', 'reason'),
  [
    ({'format': 2}, 'its format is 2, not 1'),
    ({'staves': [{'lines': [[1, 2]]}]}, 'no five lines'),
    ({'systems': [{'staves': [4]}]}, 'names a staff that is not there'),
    ({'measures': [{}]}, "'staff'"),
    ({'staves': 3}, 'staves is no list'),
    ({'staves': [{'lines': [[[2, 9], [1, 9]]] * 5}]}, 'from left to right'),
    ({'staves': [{'lines': [[[1, 9], [10**400, 9]]] * 5}]}, 'a point of a staff is no number'),
    ({'measures': [{'staff': 0, 'left': 1, 'right': math.inf}]}, 'a side of a measure is no'),
    ({'measures': [{'staff': 0, 'left': 2, 'right': 1}]}, 'ends before it begins'),
    ({'measures': [{'staff': 0.5, 'left': 1, 'right': 2}]}, 'names a staff that is not there'),
    ({'width': math.nan}, 'a size is no number'),
    ({'height': 0}, 'a size is too small'),
  ],
)
def test_another_file_is_refused(tmp_path, change, reason):
  path = tmp_path / 'structure.json'
  path.write_text(json.dumps(structure_json.as_json(drawn_music.structure()) | change))
  with pytest.raises(UserError, match=f'structure.json: no structure .*{reason}'):
    structure_json.read(path)
