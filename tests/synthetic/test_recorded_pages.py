"""Pages drawn by code, whose boxes are the bounds of what was drawn."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw

from omr_jax.structure import arrays
from omr_jax.synthetic import further_signs, music, recorded_pages, signs
from omr_jax.synthetic.record import Record
from omr_jax.synthetic.staff_ink import Ink
from tfds_builders.muscima_pp import CLASSES

HEIGHT, WIDTH = 560, 400
# Parts of the names of what is written with a font. The faint edges of letters may vanish.
WRITTEN = ('Text', 'Letter', 'numeral', 'tuple', 'timeSignature')
SIGNS = {
  'gClef': lambda ink: signs.clef(ink, bass=False),
  'fClef': lambda ink: signs.clef(ink, bass=True),
  'cClef': further_signs.c_clef,
  'noteheadFull': lambda ink: signs.head(ink, 2, 3, hollow=False, ledgers=True),
  'noteheadHalf': lambda ink: signs.head(ink, 2, 3, hollow=True, ledgers=True),
  'noteheadWhole': lambda ink: further_signs.whole_head(ink, 2, 3),
  'legerLine': lambda ink: signs.ledger_lines(ink, 2, -2, 1),
  'stem': lambda ink: signs.stem(ink, 2, 1, 4.5),
  'flag8thUp': lambda ink: signs.flag(ink, 2, 4.5, up=True),
  'flag8thDown': lambda ink: signs.flag(ink, 2, 4.5, up=False),
  'flag16thUp': lambda ink: further_signs.two_flags(ink, 2, 4.5, up=True),
  'beam': lambda ink: signs.beam(ink, [(1, 4), (5, 4.7)], 1),
  'slur': lambda ink: signs.slur(ink, 1, 6, np.array([2, 3])),
  'tie': lambda ink: further_signs.tie(ink, 1, 6, 5),
  'restWhole': lambda ink: further_signs.block_rest(ink, 2, whole=True),
  'restHalf': lambda ink: further_signs.block_rest(ink, 2, whole=False),
  'restQuarter': lambda ink: signs.rest(ink, 2),
  'rest8th': lambda ink: further_signs.short_rest(ink, 2, 1),
  'rest16th': lambda ink: further_signs.short_rest(ink, 2, 2),
  'accidentalSharp': lambda ink: signs.sharp(ink, 2, 2),
  'accidentalFlat': lambda ink: further_signs.flat(ink, 2, 2),
  'accidentalNatural': lambda ink: further_signs.natural(ink, 2, 2),
  'accidentalDoubleSharp': lambda ink: further_signs.double_sharp(ink, 2, 2),
  'augmentationDot': lambda ink: further_signs.dot(ink, 2, 2),
  'articulationStaccato': lambda ink: further_signs.staccato(ink, 2, 2),
  'articulationTenuto': lambda ink: further_signs.tenuto(ink, 2, 2),
  'articulationAccent': lambda ink: further_signs.accent(ink, 2, 2),
  'dynamicLetterP': lambda ink: further_signs.dynamics(ink, 3, 'p'),
  'dynamicCrescendoHairpin': lambda ink: further_signs.hairpin(ink, 1, 7, louder=True),
  'repeat': lambda ink: further_signs.repeat([higher(ink), ink], 6),
  'brace': lambda ink: signs.system_start([higher(ink), ink]),
}


def higher(ink):
  return Ink(ink.pen, ink.space, ink.x, ink.y - 10 * ink.space, ink.weight, ink.record)


def drawn(draw, space=21.3, weight=1.0):
  """What a sign's ink covers, and the recorded symbols."""
  canvas = Image.new('L', (400, 900), 255)
  record = Record()
  draw(Ink(ImageDraw.Draw(canvas), space, 100.7, 700.2, weight, record))
  return Image.eval(canvas, lambda value: 255 - value).getbbox(), record.symbols


@pytest.mark.parametrize('name', SIGNS)
def test_boxes_are_the_bounds_of_the_ink(name):
  for space, weight in ((21.3, 1), (34, 1.6)):
    found, symbols = drawn(SIGNS[name], space, weight)
    assert name in [symbol.label for symbol in symbols]
    lefts, tops, rights, bottoms = zip(*(symbol.box for symbol in symbols), strict=True)
    assert found == (min(lefts), min(tops), max(rights), max(bottoms))


def test_what_consists_of_symbols_is_recorded_too():
  _, symbols = drawn(lambda ink: signs.meter(ink, 3, 3))
  boxes = dict(symbols)
  assert set(boxes) == {'numeral3', 'numeral4', 'timeSignature'}
  assert boxes['timeSignature'] == (
    min(boxes['numeral3'][0], boxes['numeral4'][0]),
    boxes['numeral3'][1],
    max(boxes['numeral3'][2], boxes['numeral4'][2]),
    boxes['numeral4'][3],
  )
  # Three flats; a bar line through two staves, of which it has one part, as for all but four.
  _, symbols = drawn(lambda ink: further_signs.key_signature(ink, 1, -3, 0))
  assert [symbol.label for symbol in symbols] == ['accidentalFlat'] * 3 + ['keySignature']
  _, symbols = drawn(lambda ink: signs.bar_lines([higher(ink), ink], [5.0, 9.0], True))
  assert [symbol.label for symbol in symbols] == [
    *('barline', 'measureSeparator', 'barline', 'barlineHeavy', 'measureSeparator'),
  ]
  assert symbols[0].box == symbols[1].box
  assert symbols[2].box[2] < symbols[3].box[0]  # The thin line is left of the heavy one.
  # As typeset pages have them: one symbol for two flags, and one for a bar line with dots.
  _, symbols = drawn(lambda ink: further_signs.two_flags(ink, 2, 4.5, up=False))
  assert [symbol.label for symbol in symbols] == ['flag16thDown']
  _, symbols = drawn(lambda ink: further_signs.repeat([higher(ink), ink], 6))
  line, separator, *dots, whole = symbols
  assert [each.label for each in symbols[1:]] == [
    *('measureSeparator', 'repeatDot', 'repeatDot', 'repeatDot', 'repeatDot', 'repeat'),
  ]
  assert whole.box == (dots[0].box[0], *line.box[1:]) and separator.box == line.box


def test_a_record_leaves_the_picture_alone():
  plain = music.page(np.random.default_rng(3), HEIGHT, WIDTH)
  record = Record()
  recorded = music.page(np.random.default_rng(3), HEIGHT, WIDTH, record=record)
  np.testing.assert_array_equal(plain, recorded)
  assert record.symbols


@pytest.mark.parametrize('number', (0, 2))
def test_all_ink_is_in_boxes_and_every_box_has_ink(number):
  page = recorded_pages.page(np.random.default_rng(number), HEIGHT, WIDTH)
  rest = page.picture < 255
  for symbol in page.symbols:
    left, top, right, bottom = symbol.box
    inside = page.picture[top:bottom, left:right] < 255
    assert inside.any()
    if not any(part in symbol.label for part in WRITTEN):
      # Ink meets every edge of the box.
      assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
  for symbol in page.symbols:
    left, top, right, bottom = symbol.box
    rest[top:bottom, left:right] = False
  for staff in page.structure.staves:
    for y in staff[:, 0, 1]:
      rest[int(y) - 1 : int(y) + 2] = False
  assert not rest.any()


def test_structure():
  page = recorded_pages.page(np.random.default_rng(5), HEIGHT, WIDTH)
  found = page.structure
  assert (found.width, found.height) == (WIDTH, HEIGHT)
  assert sorted(itertools.chain(*found.systems)) == list(range(len(found.staves)))
  separators = [one.box for one in page.symbols if one.label == 'measureSeparator']
  # Each separator ends one measure of every staff of its system.
  staves_of = {staff: len(system) for system in found.systems for staff in system}
  assert len(found.measures) == len(separators) * staves_of[0]
  for place, staff in enumerate(found.staves):
    np.testing.assert_allclose(np.diff(staff[:, 0, 1]), found.staff_space, atol=0.5)
    for line in staff:
      x, y = line[1].astype(int)
      assert page.picture[y, x] < 255
    mine = [measure for measure in found.measures if measure.staff == place]
    assert mine[0].left == staff[0, 0, 0]
    assert all(one.right == two.left for one, two in itertools.pairwise(mine))


def test_a_broad_page_has_no_symbols_below_it():
  found = recorded_pages.page(np.random.default_rng(1), 300, 1000).symbols
  assert found
  assert all(left < right and top < bottom for _, (left, top, right, bottom) in found)


def test_examples():
  one, again, other = (recorded_pages.example(n, CLASSES, 7, HEIGHT, WIDTH) for n in (0, 0, 1))
  assert one['image'] == again['image'] != other['image']
  np.testing.assert_array_equal(one['boxes'], again['boxes'])
  picture = Image.open(io.BytesIO(one['image']))
  assert picture.size == (WIDTH, HEIGHT)
  assert one['boxes'].shape == (len(one['labels']), 4)
  assert one['boxes'].dtype == one['labels'].dtype == np.int32
  assert one['staves'].shape[1:] == (5, arrays.POINTS, 2)
  assert arrays.structure(one, HEIGHT, WIDTH).systems[0][0] == 0
  assert (one['id'], other['id']) == ('made_up_7_0', 'made_up_7_1')
