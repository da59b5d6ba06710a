"""`Detector`: from the maps of a network to symbols on staves; the maps are made by hand."""

import drawn_music
import hand_made_detector
import numpy as np
import pytest
from hand_made_detector import WANTED
from PIL import Image

import omr_jax
from omr_jax.errors import UserError
from omr_jax.inputs import whole_pages
from omr_jax.predict import classifier, detector
from omr_jax.predict.detector import Detector


def test_symbols_are_found_and_placed_on_staves():
  page = hand_made_detector.detector()(drawn_music.page())
  assert page.size == (920, 900) and len(page.staves) == 4
  assert page.systems == drawn_music.SYSTEMS and len(page.measures) == 16
  # Staff by staff, from left to right; what is on no staff comes last.
  found = [(each.label, each.smufl, each.staff, each.position) for each in page.symbols]
  assert found == [
    ('noteheadFull', 'noteheadBlack', 1, 1),
    ('accidentalFlat', 'accidentalFlat', 1, 0),
    ('noteheadFull', 'noteheadBlack', 1, 2),
    ('beam', None, 2, 4 + 8),
    ('brace', 'brace', None, None),
  ]
  for symbol, place in zip(page.symbols[:4], (1, 2, 0, 3), strict=True):
    np.testing.assert_allclose(symbol.box, WANTED[place][1], atol=0.01)
  # The brace is as tall as its staves.
  np.testing.assert_allclose(page.symbols[4].box, (40, 121, 56, 365), atol=1)
  assert all(symbol.confidence == pytest.approx(0.880797) for symbol in page.symbols)


def test_the_threshold_is_the_models_or_a_given_one():
  page = whole_pages.reduced(Image.fromarray(drawn_music.page()))
  for threshold, given, count in ((0.9, None, 0), (0.9, 0.88, 5), (0.8, None, 5)):
    asked = hand_made_detector.detector(threshold, drawn_music.SPACE)
    assert len(asked.symbols(page, drawn_music.structure(), given)) == count
  for wrong in (0, 1.5, float('nan')):
    with pytest.raises(UserError, match=r'threshold: .*; give a confidence from 0.01 to 1'):
      asked.symbols(page, drawn_music.structure(), wrong)


def test_pages_are_given_in_any_form(tmp_path):
  path = tmp_path / 'page.png'
  Image.fromarray(drawn_music.page()).save(path)
  # On a page without staves there are no symbols.
  blank = np.full((60, 50), 255, np.uint8)
  asked = hand_made_detector.detector()
  found = asked([path, blank, path.read_bytes()])
  assert [len(page.symbols) for page in found] == [5, 0, 5]
  assert found[1].size == (50, 60) and found[1].staves == []
  assert asked(blank[None, ..., None]) == [found[1]]


@pytest.mark.parametrize(
  ('given', 'words'),
  [
    ([], 'An empty batch: give at least one page'),
    (b'no picture', 'the page: not a picture'),
    ([b'no picture'], 'page 0: not a picture'),
    ('/nowhere/page.png', '/nowhere/page.png: '),
    ({'strokes': []}, 'the page: is of type dict; give a path'),
    (np.zeros((3, 3)), 'the page: float64; give uint8'),
  ],
)
def test_what_is_no_page_is_refused(given, words):
  with pytest.raises(UserError, match=words):
    hand_made_detector.detector()(given)


@pytest.mark.parametrize(
  ('name', 'value', 'words'),
  [
    ('heat', np.nan, 'no maps of symbols'),
    ('heat', np.inf, 'no maps of symbols'),
    ('edges', np.nan, 'boxes that are not finite'),
    ('heat', None, 'no maps of symbols'),
    ('edges', None, 'no maps of symbols'),
  ],
)
def test_a_network_that_gives_no_maps_is_refused(name, value, words):
  """One number is wrong, or there are too few of them."""
  run = hand_made_detector.network()

  def wrong(inputs):
    maps = run(inputs)
    if value is None:
      return maps | {name: maps[name][..., :3]}
    maps[name][0, 5, 6, 1] = value
    return maps

  asked = Detector(hand_made_detector.described(), wrong)
  with pytest.raises(UserError, match=words):
    asked(drawn_music.page())


def test_a_model_of_another_kind_is_refused(monkeypatch):
  with pytest.raises(UserError, match='scores: finds no symbols on pages; `omr predict` asks it'):
    detector.load('scores')
  opened = hand_made_detector.described(), hand_made_detector.network()
  monkeypatch.setattr(classifier.models, 'opened', lambda *_: opened)
  with pytest.raises(UserError, match='pages: finds symbols on whole pages; `omr detect` asks it'):
    classifier.load('pages')
  assert isinstance(omr_jax.load('pages'), Detector)
  assert detector.load('pages').model is opened[0]


def test_places_are_those_of_the_page_where_it_is_reduced():
  """Every pixel is 2 x 2 here, so that the page is reduced to its own size again."""
  large = Image.fromarray(drawn_music.page().repeat(2, 0).repeat(2, 1))
  page = whole_pages.reduced(large, side=920)
  structure = whole_pages.structure(page)
  found = hand_made_detector.detector().symbols(page, structure)
  assert (structure.width, structure.height) == (1840, 1800)
  np.testing.assert_allclose(found[0].box, 2 * np.array(WANTED[1][1]), atol=0.01)
  assert (found[0].staff, found[0].position) == (1, 1)
