import collections
import itertools

import numpy as np
import pytest
from PIL import ImageFont
from scipy import ndimage

from omr_jax.inputs import pictures
from omr_jax.synthetic import alterations, music, papers, probes, words

HEIGHT, WIDTH = 560, 400
SMALL = (400, 300)  # Of the probes that are drawn of every kind.


@pytest.fixture(scope='module')
def drawn():
  return probes.probes(*SMALL, seed=3, instances=2)


def by_name(found):
  return {probe.name: probe for probe in found}


def starts(dark):
  """First of each run of True."""
  return np.flatnonzero(dark & ~np.append(False, dark[:-1]))


def rng(seed=0):
  return np.random.default_rng(seed)


def test_every_kind_has_an_answer(drawn):
  answers = collections.Counter(probe.expected for probe in drawn)
  # 15 kinds of paper; a page and its nine alterations; staff paper; bare notes: two of each.
  assert answers == {'other': 30, 'scores': 22, None: 2}
  assert set(pictures.CLASSES) == {'other', 'scores'}
  names = [probe.name for probe in drawn]
  assert len(names) == len(set(names))
  assert names[:2] == ['blank page, white 1', 'blank page, white 2']
  for probe in drawn:
    turned = 'by 90' in probe.name
    assert probe.picture.shape == (*(SMALL[::-1] if turned else SMALL), 3)
    assert probe.picture.dtype == np.uint8


def test_a_seed_decides_all(drawn):
  # Nor does the number of instances change the first.
  again = probes.probes(*SMALL, seed=3, instances=1)
  for one, other in zip(drawn[::2], again, strict=True):
    assert (one.name, one.expected) == (other.name, other.expected)
    np.testing.assert_array_equal(one.picture, other.picture, err_msg=one.name)


def test_instances_and_seeds_differ(drawn):
  again = probes.probes(*SMALL, seed=4, instances=1)
  for one, two, other in zip(drawn[::2], drawn[1::2], again, strict=True):
    if 'white' not in one.name:
      assert (one.picture != two.picture).any(), one.name
      assert (one.picture != other.picture).any(), one.name


@pytest.mark.parametrize(('height', 'width'), [(300, 300), (300, 420)])
def test_small_and_wide_pictures(height, width):
  assert len(probes.probes(height, width, instances=1)) == 27


def test_blank_pages_are_blank(drawn):
  found = by_name(drawn)
  assert (found['blank page, white 1'].picture == 255).all()
  for paper, color in papers.PAPERS.items():
    picture = found[f'blank page, {paper} 2'].picture
    np.testing.assert_allclose(picture.mean((0, 1)), color, atol=7)
    assert picture.std((0, 1)).max() < 3


@pytest.mark.parametrize('seed', range(8))
def test_ruled_page_has_lines_at_one_distance_over_the_whole_page(seed):
  page = papers.ruled(rng(seed), HEIGHT, WIDTH)
  lines = starts(page[:, WIDTH // 2, 0] < 128)
  gaps = np.diff(lines)
  assert len(lines) > 15
  # Whole pixels: a distance of 13.4 is 13 or 14.
  assert np.ptp(gaps) <= 1
  assert lines[0] <= 5 * gaps.max()
  assert HEIGHT - lines[-1] <= gaps.max() + 1


@pytest.mark.parametrize('seed', range(4))
def test_squared_paper_has_squares(seed):
  page = papers.squared(rng(seed), HEIGHT, WIDTH)[:, :, 0] < 128
  rows, columns = starts(page.all(1)), starts(page.all(0))
  assert len(columns) > 20
  assert abs(np.diff(rows).mean() - np.diff(columns).mean()) < 0.2


@pytest.mark.parametrize('seed', range(4))
def test_music_stands_on_staves_of_five_lines(seed):
  for notes in (True, False):
    page = music.page(rng(seed), 1400, 1000, notes=notes)
    # Only staff lines run through two thirds of a page's width.
    lines = starts(np.mean(page < 200, axis=1) > 0.66)
    assert len(lines) >= 15
    assert len(lines) % 5 == 0
    inside = np.diff(lines.reshape(-1, 5), axis=1)
    between = lines[5::5] - lines[4:-1:5]
    assert np.ptp(inside) <= 2
    assert between.min() > 3 * inside.max()


@pytest.mark.parametrize('seed', range(2))
def test_notes_without_staff_lines(seed):
  bare = music.page(rng(seed), 1400, 1000, lines=False)
  assert np.mean(bare < 200, axis=1).max() < 0.4
  # All the rest is the same page: no pixel is darker without the lines.
  full = music.page(rng(seed), 1400, 1000)
  assert (bare >= full).all()
  assert 0.005 < np.mean(bare < 128) < 0.2


def test_staff_paper_holds_nothing_else():
  page = music.page(rng(), 1400, 1000, notes=False)
  # Each row is either blank or one line from left to right.
  dark = np.sort(np.mean(page < 250, axis=1))
  assert set(np.round(dark, 2)) <= {0.0, np.round(dark[-1], 2)}


def test_altered_pages_are_exact():
  page = np.arange(64 * 66 * 3).reshape(64, 66, 3).astype(np.uint8)
  assert (alterations.inverted(page).astype(int) + page == 255).all()
  # Anticlockwise: the upper right corner becomes the upper left one.
  assert (alterations.turned(page, 90)[0, 0] == page[0, -1]).all()
  assert alterations.turned(page, 90).shape == (66, 64, 3)
  assert (alterations.turned(page, 180)[0, 0] == page[-1, -1]).all()


@pytest.mark.parametrize('share', [1 / 2, 1 / 4])
@pytest.mark.parametrize('seed', range(4))
def test_page_on_a_desk_has_its_size(share, seed):
  # No wood is blue.
  blue = np.full((HEIGHT, WIDTH, 3), (0, 0, 255), np.uint8)
  picture = alterations.on_desk(rng(seed), blue, share).astype(int)
  seen = (picture[:, :, 2] - picture[:, :, 0] > 60).mean()
  assert seen == pytest.approx(share**2, rel=0.03)


def test_shadow_lies_on_the_desk():
  blue = np.full((HEIGHT, WIDTH, 3), (0, 0, 255), np.uint8)
  for seed in range(4):
    picture = alterations.on_desk(rng(seed), blue, 1 / 2).astype(int)
    page = ndimage.binary_opening(picture[:, :, 2] - picture[:, :, 0] > 30)
    free = ~ndimage.binary_dilation(page, iterations=2)
    near = np.roll(page, (4, 4), (0, 1)) & free
    far = ~ndimage.binary_dilation(page, iterations=25)
    assert near.sum() > 300
    # Up to 55 % of the light is gone, about half of that at the page's edge.
    assert picture[near].mean() < 0.9 * picture[far].mean()


def test_half_text_keeps_its_half_and_the_paper():
  page = np.full((HEIGHT, WIDTH, 3), (240, 230, 200), np.uint8)
  page[::10] = (90, 0, 0)
  above = alterations.half_text(rng(), page, beside=False)
  beside = alterations.half_text(rng(), page, beside=True)
  np.testing.assert_array_equal(above[: HEIGHT // 2], page[: HEIGHT // 2])
  np.testing.assert_array_equal(beside[:, : WIDTH // 2], page[:, : WIDTH // 2])
  for text in (above[HEIGHT // 2 :], beside[:, WIDTH // 2 :]):
    assert 0.4 < (text == (240, 230, 200)).all(2).mean() < 0.97
    assert (text.sum(2) < 300).mean() > 0.02
    assert not (text == (90, 0, 0)).all(2).any()


def test_text_on_an_inverted_page_is_light():
  night = alterations.half_text(rng(), np.zeros((HEIGHT, WIDTH, 3), np.uint8), beside=False)
  assert night[HEIGHT // 2 :].max() > 180
  assert np.median(night) == 0


def test_poor_light_is_dark_uneven_and_yellow():
  page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
  for seed in range(4):
    picture = alterations.poor_light(rng(seed), page)
    assert picture.mean() < 0.5 * 255
    assert np.ptp(picture[::40, ::40].mean(2)) > 40
    red, green, blue = picture.mean((0, 1))
    assert red > green > blue


def test_screen_has_a_dark_frame_and_stays_readable():
  page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
  page[HEIGHT // 2 - 60 : HEIGHT // 2 + 60, WIDTH // 2 - 60 : WIDTH // 2 + 60] = 0
  for seed in range(4):
    picture = alterations.on_screen(rng(seed), page)
    assert picture[[0, 0, -1, -1], [0, -1, 0, -1]].mean() < 50
    assert np.median(picture[HEIGHT // 2 - 10 : HEIGHT // 2 + 10, WIDTH // 2]) < 90
    assert np.median(picture[HEIGHT // 4, WIDTH // 4 : -WIDTH // 4]) > 180


def test_alterations_of_a_page():
  page = rng().integers(0, 256, (90, 64, 3), dtype=np.uint8)
  kept = page.copy()
  found = by_name(list(probes._altered(page, (0,))))
  np.testing.assert_array_equal(page, kept)
  assert len(found) == 9
  assert {probe.expected for probe in found.values()} == {'scores'}
  np.testing.assert_array_equal(found['music inverted'].picture, 255 - page)
  np.testing.assert_array_equal(found['music turned by 180 degrees'].picture, page[::-1, ::-1])


def test_lines_of_words_fit():
  font = ImageFont.load_default(size=20)
  found = words.lines(rng(), font, 500, 40)
  assert len(found) == 40
  # A capital and a full stop may stand out a little.
  assert max(font.getlength(line) for line in found) < 500 + 20
  assert len(set(itertools.chain(*(line.split() for line in found)))) > 50
