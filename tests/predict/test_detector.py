"""`Detector`: from the maps of a network to symbols on staves; the maps are made by hand."""

import functools
import itertools

import drawn_music
import numpy as np
import pytest
from PIL import Image

import omr_jax
from omr_jax.errors import UserError
from omr_jax.inputs import whole_pages, windows
from omr_jax.predict import classifier, detector
from omr_jax.predict.detector import Detector
from omr_jax.predict.model_json import Described
from omr_jax.structure import find

CLASSES = ('noteheadFull', 'accidentalFlat', 'beam', 'brace')
LOG_ODDS = 2.0  # sigmoid(2) is 0.8808.
# Classes and boxes on the page of `drawn_music`. Its second staff has its middle line at y = 333.
# With 16 pixels a staff space, half of one is 8 pixels.
WANTED = (
  ('noteheadFull', (300, 309, 316, 325)),  # In the middle of the box, 317: the first line above it.
  ('noteheadFull', (100, 317, 116, 333)),  # The space between.
  ('accidentalFlat', (200, 298, 210, 344)),  # 0.69 of the height below its top: 329.7.
  ('beam', (400, 454, 440, 460)),  # Four staff spaces above the third staff.
  ('brace', (40, 121, 56, 366)),  # From the first staff to the second.
)


def described(threshold=0.5, gives=('heat', 'edges')):
  return Described(None, CLASSES, None, ('window',), gives, threshold, {})


@functools.cache
def staff_space():
  """That of the page, as it is measured: 16, or a little more or less."""
  return find.structure(drawn_music.page()).staff_space


def network(*wanted, log_odds=LOG_ODDS, space=None):
  """A network that finds these classes and boxes, whose windows it knows by their order."""
  cut = windows.cut(drawn_music.page(), space or staff_space())
  corners = itertools.cycle(cut.corners)

  def run(inputs):
    pixels = inputs['window']
    assert pixels.dtype == np.uint8 and pixels.shape[1:] == (windows.SIDE, windows.SIDE, 1)
    half = windows.SIDE // 2
    heat = np.full((len(pixels), half, half, len(CLASSES)), -9, np.float32)
    edges = np.zeros((len(pixels), half, half, 4), np.float32)
    for heat_map, edge_map in zip(heat, edges, strict=True):
      corner = np.tile(next(corners), 2)
      for label, box in wanted:
        left, top, right, bottom = (np.array(box) * np.tile(cut.scale, 2) - corner) / 2
        x, y = (left + right) / 2, (top + bottom) / 2
        if 0 <= x < half and 0 <= y < half:
          heat_map[int(y), int(x), CLASSES.index(label)] = log_odds
          size = np.log([right - left, bottom - top])
          edge_map[int(y), int(x)] = [x - int(x) - 0.5, y - int(y) - 0.5, *size]
    return {'heat': heat, 'edges': edges}

  return run


def test_symbols_are_found_and_placed_on_staves():
  page = Detector(described(), network(*WANTED))(drawn_music.page())
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
  for symbol, place in zip(page.symbols, (1, 2, 0, 3, 4), strict=True):
    np.testing.assert_allclose(symbol.box, WANTED[place][1], atol=0.01)
    assert symbol.confidence == pytest.approx(0.880797)


def test_the_threshold_is_the_models_or_a_given_one():
  page = whole_pages.reduced(Image.fromarray(drawn_music.page()))
  for threshold, given, count in ((0.9, None, 0), (0.9, 0.88, 5), (0.8, None, 5)):
    asked = Detector(described(threshold), network(*WANTED, space=drawn_music.SPACE))
    assert len(asked.symbols(page, drawn_music.structure(), given)) == count
  for wrong in (0, 1.5, float('nan')):
    with pytest.raises(UserError, match=r'threshold: .*; give a confidence from 0.01 to 1'):
      asked.symbols(page, drawn_music.structure(), wrong)


def test_pages_are_given_in_any_form(tmp_path):
  path = tmp_path / 'page.png'
  Image.fromarray(drawn_music.page()).save(path)
  # On a page without staves there are no symbols.
  blank = np.full((60, 50), 255, np.uint8)
  asked = Detector(described(), network(*WANTED))
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
    Detector(described(), network())(given)


def test_a_model_of_another_kind_is_refused(monkeypatch):
  with pytest.raises(UserError, match='scores: finds no symbols on pages; `omr predict` asks it'):
    detector.load('scores')
  opened = described(), network()
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
  found = Detector(described(), network(*WANTED)).symbols(page, structure)
  assert (structure.width, structure.height) == (1840, 1800)
  np.testing.assert_allclose(found[0].box, 2 * np.array(WANTED[1][1]), atol=0.01)
  assert (found[0].staff, found[0].position) == (1, 1)
