"""Symbols drawn here as people would photograph them, and what is known of them by construction."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from omr_jax.errors import UserError
from omr_jax.inputs import pictures, render, symbol_picture
from omr_jax.predict import prepare
from omr_jax.tasks import task as tasks

DRAWING = render.Drawing(
  height=64,
  width=48,
  layout='scaled',
  thickness=(2.0,),
  staff_lines=(),
  margin=4,
  max_stretch=2.5,
  max_zoom=8.0,
  antialias=True,
  thinned=True,
)
# A hook: down, to the right, and up a little.
HOOK = np.array([(20, 20), (20, 80), (60, 80), (60, 60)])


def of_picture(picture, drawing, name):
  """What a network for symbols is given of a picture."""
  strokes = symbol_picture.lines(picture, name)
  return tasks.named('symbols').inputs.of_strokes(*strokes, drawing, ('image', 'size')).values()


def photo(points=HOOK, pen=3, zoom=4, ink=20, paper=230):
  """A picture of 80x100 times `zoom` with one stroke of round ends in it."""
  canvas = Image.new('RGB', (80 * zoom, 100 * zoom), (paper,) * 3)
  draw = ImageDraw.Draw(canvas)
  width = pen * zoom
  path = [tuple(p) for p in (points * zoom).tolist()]
  draw.line(path, fill=(ink,) * 3, width=width)
  for x, y in path:
    draw.ellipse(
      [x - width / 2, y - width / 2, x + width / 2 - 1, y + width / 2 - 1], fill=(ink,) * 3
    )
  return np.asarray(canvas)


def blocks(*boxes, shape=(120, 120)):
  """Black boxes (top, bottom, left, right) on white."""
  picture = np.full((*shape, 3), 255, np.uint8)
  for top, bottom, left, right in boxes:
    picture[top:bottom, left:right] = 0
  return picture


def assert_same_lines(image, pen):
  """No ink is more than 2 pixels from where strokes give some, and the lines are about as thick.

  What is deeper than 0.4 of the pen's width is the line's middle: a fifth of the pen is added to
  the 2 pixels that strokes have. The canvas has 55 / 60 to 39 / 40 pixels for one of the hook's.
  """
  strokes = render.draw(HOOK, np.zeros(len(HOOK), int), DRAWING)
  one, other = (255 - ink.astype(int) for ink in (image[..., 0], strokes))
  for here, there in ((one, other), (other, one)):
    assert ndimage.distance_transform_edt(there < 128)[here >= 128].max() <= 2
  assert 0.9 < one.sum() / other.sum() < 1.1 + pen / 5 * 39 / 40 / 2


@pytest.mark.parametrize('zoom', [1, 2, 4, 16])
@pytest.mark.parametrize('pen', [2, 4, 6])
def test_any_pen_at_any_resolution_gives_the_lines_of_strokes(pen, zoom):
  image, size = of_picture(photo(pen=pen, zoom=zoom), DRAWING, 'hook.png')
  assert (image.shape, image.dtype, size.shape, size.dtype) == ((64, 48, 1), 'u1', (2,), 'f4')
  assert_same_lines(image, pen)
  # In pens the box is 40 / pen by 60 / pen, and the tablet's pen has 4 pixels. At zoom 1 a pen of
  # 2 pixels may be taken for one of 3.
  assert size == pytest.approx(np.log([160 / pen, 240 / pen]), abs=0.2 if pen * zoom > 3 else 0.5)


@pytest.mark.parametrize(('ink', 'paper'), [(20, 230), (230, 20), (90, 180), (200, 110)])
@pytest.mark.parametrize('looks', ['plain', 'noisy', 'uneven', 'coloured'])
def test_dark_on_light_and_light_on_dark(ink, paper, looks):
  picture = photo(ink=ink, paper=paper).astype(float)
  if looks == 'noisy':
    picture += np.random.default_rng(0).normal(0, 12, (*picture.shape[:2], 1))
  elif looks == 'uneven':  # Darker from left to right by as much as half of the contrast.
    picture -= np.linspace(-22, 22, picture.shape[1])[:, None]
  elif looks == 'coloured':
    picture += [15, 0, -15]
  picture = np.clip(picture, 0, 255).astype(np.uint8)
  image, _ = of_picture(picture, DRAWING, 'hook.png')
  assert_same_lines(image, pen=3)


def test_much_paper_and_specks_change_nothing():
  picture = np.pad(photo(), ((100, 30), (20, 400), (0, 0)), constant_values=230)
  picture[5:8, 10:13] = picture[300:303, 600] = 0
  image, _ = of_picture(picture, DRAWING, 'hook.png')
  assert_same_lines(image, pen=3)


def test_filled_stays_filled_and_hollow_hollow():
  # A note: a stem 4 wide and 80 high, and a head of 32x32 at its foot to the left.
  filled = blocks((20, 100, 70, 74), (68, 100, 42, 74))
  hollow = filled.copy()
  hollow[72:96, 46:70] = 255
  # The pen's middle is 2 inside of the ink: the box is 28x76, zoomed by min(39 / 28, 55 / 76 x 2.5)
  # across, 55 / 76 down. So the head's middle, 14 and 62 from the top left, is at (23.5, 49).
  for picture, dark in ((filled, True), (hollow, False)):
    image, _ = of_picture(picture, DRAWING, 'note.png')
    assert (image[46:53, 20:28] < 128).all() == dark
    assert (image[46:53, 20:28] > 128).all() != dark


@pytest.mark.parametrize('side', range(2, 41))
def test_a_square_is_a_dot_in_the_middle(side):
  image, size = of_picture(blocks((40, 40 + side, 40, 40 + side)), DRAWING, 'dot')
  y, x = np.nonzero(image[..., 0] < 128)
  assert (y.mean(), x.mean()) == pytest.approx((31.5, 23.5), abs=2)
  assert (size <= np.log(12)).all()  # A square isn't much larger than its own pen.


def test_pieces_stay():
  # A colon of two blobs, 30 and 30 apart, right of a bar: three pieces on the canvas too.
  picture = blocks((20, 100, 40, 46), (40, 46, 60, 66), (70, 76, 60, 66))
  image, _ = of_picture(picture, DRAWING, 'pieces.png')
  assert ndimage.label(image[..., 0] < 128)[1] == 3


def test_layouts_with_the_symbols_own_size():
  # A bar 10 wide: 2.5 pixels are one of the tablet, so 500 long are 200, 196 from cap to cap.
  # The width is known to half a pixel of 10, all that follows from it to a twentieth.
  picture = blocks((50, 550, 100, 110), shape=(600, 200))
  fields = {**vars(DRAWING), 'height': 256, 'width': 96}
  centered = render.Drawing(**{**fields, 'layout': 'centered'})
  image, size = of_picture(picture, centered, 'bar.png')
  used = np.flatnonzero((image[..., 0] < 128).any(1))
  assert used[-1] - used[0] + 1 == pytest.approx(198, rel=0.06)
  assert (used[0] + used[-1]) / 2 == pytest.approx(127.5, abs=1)
  assert size == pytest.approx([0, np.log(196)], abs=0.06)
  resized = render.Drawing(**{**fields, 'layout': 'resized', 'max_stretch': 1.0})
  image, _ = of_picture(picture, resized, 'bar.png')
  # The bar without its margin of 4: 198 / 204 of the canvas.
  assert (image[..., 0] < 128).any(1).sum() == pytest.approx(248, abs=6)


def _noise(kind):
  rng = np.random.default_rng(0)
  if kind == 'gaussian':
    return np.clip(rng.normal(128, 30, (200, 200, 1)), 0, 255).repeat(3, 2)
  if kind == 'uniform':
    return rng.integers(0, 256, (200, 200, 3))
  if kind == 'two levels':
    return 255 * rng.integers(0, 2, (200, 200, 1)).repeat(3, 2)
  if kind == 'ramp':
    return np.linspace(0, 255, 200)[:, None, None].repeat(200, 1).repeat(3, 2)
  return np.full((50, 60, 3), {'white': 255, 'black': 0, 'grey': 128}[kind])


KINDS = ('gaussian', 'uniform', 'two levels', 'ramp', 'white', 'black', 'grey')


@pytest.mark.parametrize('kind', KINDS)
def test_no_symbol_is_refused_by_name(kind):
  with pytest.raises(UserError, match=r'^photos/a\.png: '):
    of_picture(_noise(kind).astype(np.uint8), DRAWING, 'photos/a.png')


def test_many_symbols_are_refused():
  boxes = [(y, y + 6, x, x + 6) for y in range(10, 110, 10) for x in range(10, 110, 10)]
  with pytest.raises(UserError, match='more than one symbol'):
    of_picture(blocks(*boxes), DRAWING, 'page.png')


@pytest.mark.parametrize('seed', range(8))
def test_small_pictures_are_read_or_refused(seed):
  rng = np.random.default_rng(seed)
  for _ in range(25):
    height, width = rng.integers(1, 9, 2)
    picture = rng.choice([0, 255], (height, width, 1), p=[0.1, 0.9]).repeat(3, 2).astype(np.uint8)
    try:
      image, size = of_picture(picture, DRAWING, 'small')
    except UserError:
      continue
    assert (image < 255).any() and np.isfinite(size).all()


def test_ink_that_is_not_thinned_keeps_its_width_and_fills_the_canvas():
  scans = render.Drawing(
    **{**vars(DRAWING), 'layout': 'resized', 'max_stretch': 1.0, 'thinned': False}
  )
  # A bar of 20x60 among 120x120: 64 / 60 of it are 64x21 pixels, in the middle of 48.
  image = symbol_picture.inked(blocks((30, 90, 50, 70)), scans, 'bar.png')
  assert (image.shape, image.dtype) == ((64, 48, 1), np.uint8)
  dark = 1 - image[..., 0] / 255
  assert dark.sum() == pytest.approx(64 * 64 / 3, rel=0.05)
  np.testing.assert_allclose(dark[:, 16:32], 1, atol=0.02)
  assert dark[:, :12].max() == dark[:, 36:].max() == 0
  rule = prepare.Rule(tasks.named('symbols'), scans, ('image',))
  picture = Image.fromarray(blocks((30, 90, 50, 70)))
  np.testing.assert_array_equal(prepare.inputs(picture, rule)['image'], image)


@pytest.mark.parametrize('side', [np.s_[:, :9], np.s_[:, -9:], np.s_[:9], np.s_[-9:]])
def test_a_neighbour_all_along_an_edge_is_no_light(side):
  cut = photo().copy()
  cut[side] = 20
  around = np.pad(cut, ((40, 40), (40, 40), (0, 0)), constant_values=230)
  close, wide = (symbol_picture.inked(picture, DRAWING, 'cut.png') for picture in (cut, around))
  # The same ink, though it is found in a picture with paper all around in the one.
  assert (close != wide).mean() < 0.03
  assert 0.05 < (close < 128).mean() < 0.5


def test_a_bar_that_is_cut_out_closely_stays_a_bar():
  """Black to the edges but for chips in them: neither light on dark nor nothing at all."""
  bar = blocks((0, 40, 0, 80), shape=(40, 80))
  bar[:3, 10:14] = bar[-2:, 50:60] = bar[18:22, :3] = 255
  found = symbol_picture.inked(bar, DRAWING, 'bar.png')
  assert (found[20:44, 8:40] < 128).all()


@pytest.mark.parametrize('rows', [np.s_[80:], np.s_[:340], np.s_[60:340]])
def test_chalk_may_reach_the_edge(rows):
  board, dark = (photo(ink=a, paper=b)[rows] for a, b in ((230, 20), (20, 230)))
  chalk, ink = (symbol_picture.inked(picture, DRAWING, 'board.png') for picture in (board, dark))
  np.testing.assert_array_equal(chalk, ink)


@pytest.mark.parametrize('slope', [30, 60, 100])
def test_uneven_light_on_grain_is_evened_where_ink_is_scarce(slope):
  rng = np.random.default_rng(0)
  grain = rng.normal(0, 6, (800, 720))
  small = np.pad(photo(ink=60, paper=190)[..., 0].astype(float), 200, constant_values=190)
  plain = np.clip(small + grain, 0, 255).astype(np.uint8)
  light = slope * np.linspace(-0.5, 0.5, 720)
  uneven = np.clip(small + grain + light, 0, 255).astype(np.uint8)
  seen = [
    symbol_picture.inked(np.repeat(picture[..., None], 3, -1), DRAWING, 'grain.png')
    for picture in (plain, uneven)
  ]
  assert (seen[0] != seen[1]).mean() < 0.03


@pytest.mark.parametrize(('slope', 'grain'), [(60, 3), (120, 5)])
def test_blank_paper_with_uneven_light_and_grain_stays_blank(slope, grain):
  paper = 180 + slope * np.linspace(-0.5, 0.5, 120) + np.zeros((90, 1))
  paper = paper + np.random.default_rng(0).normal(0, grain, paper.shape)
  picture = np.repeat(np.clip(paper, 0, 255).astype(np.uint8)[..., None], 3, -1)
  with pytest.raises(UserError, match='no ink'):
    symbol_picture.inked(picture, DRAWING, 'blank.png')


def test_chalk_stays_chalk_where_a_neighbour_reaches_the_edge():
  board = photo(ink=230, paper=20).copy()
  board[100:112, -9:] = 230
  dark = photo().copy()
  dark[100:112, -9:] = 20
  chalk, ink = (symbol_picture.inked(picture, DRAWING, 'board.png') for picture in (board, dark))
  assert (chalk != ink).mean() < 0.03


@pytest.mark.parametrize('mode', ['L', 'RGB'])
def test_large_pictures_are_reduced_before_they_are_arrays(mode):
  """12 million pixels would be an array of 36 MB, and Pillow takes three times that to make one."""
  rule = prepare.Rule(tasks.named('symbols'), DRAWING, ('image', 'size'))
  large = Image.fromarray(photo(zoom=4)).resize((3200, 4000)).convert(mode)
  expected = of_picture(np.asarray(large.convert('RGB')), DRAWING, 'x')
  tracemalloc.start()
  try:
    found = prepare.inputs(large, rule, 'x').values()
    assert tracemalloc.get_traced_memory()[1] < 60e6
  finally:
    tracemalloc.stop()
  for one, other in zip(found, expected, strict=True):
    np.testing.assert_array_equal(one, other)


def test_large_jpegs_are_reduced_while_they_are_decoded(tmp_path):
  """12 000 x 9 000 pixels are decoded at a quarter: no side is below twice 1024."""
  picture = Image.new('L', (12_000, 9_000), 250)
  picture.paste(0, (5500, 2000, 5800, 7000))
  picture.save(tmp_path / 'a.jpg')
  seen = []

  def decode(picture, *arguments, **options):
    found = original(picture, *arguments, **options)
    seen.append(picture.size)
    return found

  original = pictures.decode
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(pictures, 'decode', decode)
    rule = prepare.Rule(tasks.named('symbols'), DRAWING, ('image', 'size'))
    ((_, inputs),) = prepare.pages(str(tmp_path / 'a.jpg'), 'a.jpg', rule)
  assert seen == [(3000, 2250)] and inputs['image'].min() == 0
