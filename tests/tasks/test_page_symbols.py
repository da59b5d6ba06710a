"""Symbols of real pages: where they are, and what is cut out of made-up pages in their place."""

import collections
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from omr_jax.tasks.symbols import page_symbols
from omr_jax.tasks.symbols.page_symbols import PageSymbol


def test_the_list_is_as_it_says():
  symbols = page_symbols.listed()
  assert collections.Counter(each.chosen for each in symbols) == {'random': 142, 'class': 192}
  assert {each.label for each in symbols} < set(strokes.CLASSES)
  assert len({each.page for each in symbols}) == 91
  assert len({(each.page, each.box) for each in symbols}) == len(symbols)
  assert all(x1 > x0 >= 0 and y1 > y0 >= 0 for x0, y0, x1, y1 in (each.box for each in symbols))
  assert [each.page for each in symbols] == sorted(each.page for each in symbols)


def test_every_symbol_is_cut_out_with_every_margin(tmp_path):
  # Each pixel is the number of its row times 5 plus that of its column.
  numbers = (5 * np.arange(30)[:, None] + np.arange(40)).astype(np.uint8)
  Image.fromarray(numbers).save(tmp_path / 'a.png')
  Image.fromarray(255 - numbers).save(tmp_path / 'b.png')
  symbols = [
    PageSymbol('a.png', (20, 15, 24, 18), 'Flat', 'random'),
    PageSymbol('a.png', (0, 2, 40, 30), 'Dot', 'class'),
    PageSymbol('b.png', (20, 15, 24, 18), 'Flat', 'random'),
  ]
  found = page_symbols.crops(symbols, tmp_path)
  assert [each.kind for each in found[:4]] == [
    *('random, 0 pixels', 'random, 4 pixels', 'random, 12 pixels'),
    'class, 0 pixels',
  ]
  shapes = [(3, 4), (11, 12), (27, 28), (28, 40), (30, 40), (30, 40)]
  assert [each.picture.shape for each in found[:6]] == shapes
  assert found[0].picture[0, 0] == 5 * 15 + 20 and found[1].picture[0, 0] == 5 * 11 + 16
  assert found[6].picture[0, 0] == 255 - (5 * 15 + 20)


def test_what_is_no_such_page_is_refused(tmp_path):
  symbols = [PageSymbol('a.png', (0, 0, 9, 9), 'Dot', 'class')]
  with pytest.raises(UserError, match=r"a\.png: can't be read \(No such file"):
    page_symbols.crops(symbols, tmp_path)
  (tmp_path / 'a.png').write_bytes(b'no picture')
  with pytest.raises(UserError, match=r'a\.png: not a picture'):
    page_symbols.crops(symbols, tmp_path)
  Image.new('L', (8, 20)).save(tmp_path / 'a.png')
  with pytest.raises(UserError, match=r'a\.png: is another picture than that page'):
    page_symbols.crops(symbols, tmp_path)


def test_boxes_hold_ink():
  raw_dir = os.environ.get('OMR_RAW_DIR')
  pages = Path(raw_dir or '.') / 'scores_vs_other/scores/muscima_pp'
  if not raw_dir or not pages.is_dir():
    pytest.skip('needs the pages of MUSCIMA++ in $OMR_RAW_DIR/scores_vs_other')
  found = page_symbols.crops(page_symbols.listed(), pages)[:: len(page_symbols.MARGINS)]
  for each in found:
    ink = each.picture < 128
    # A box is as small as its ink allows.
    assert ink[[0, -1]].any(1).all() and ink[:, [0, -1]].any(0).all()
