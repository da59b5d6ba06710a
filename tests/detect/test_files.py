"""The files that `omr detect` writes for the symbols of a page, whose boxes are given by hand."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import drawn_music
import numpy as np
import pytest
from PIL import Image

from omr_jax.detect import files
from omr_jax.detect.pages import Detected
from omr_jax.inputs import mung, symbol_names, whole_pages
from omr_jax.predict.detector import Symbol

CLASSES = ('noteheadFull', 'slur', 'stem')
SYMBOLS = [
  Symbol('noteheadFull', 'noteheadBlack', 0.875, (60.0, 120.0, 70.25, 124.0), 0, 4),
  Symbol('stem', 'stem', 0.5, (-3.0, 894.5, 0.25, 950.0), None, None),
]


@pytest.fixture
def found():
  page = whole_pages.reduced(Image.fromarray(drawn_music.page()))
  return Detected(page, 'scores', 0.9, drawn_music.structure(), CLASSES, SYMBOLS)


@pytest.fixture
def folder(found, tmp_path):
  files.write(tmp_path, 'a&b-2', found, 'scans/a&b.pdf', 2)
  return tmp_path / 'a&b-2'


def test_coco(folder):
  value = json.loads((folder / 'page.json').read_text())
  assert value['images'] == [
    {
      'id': 1,
      'file_name': 'a&b-2.pdf',
      'width': 920,
      'height': 900,
      'path': 'scans/a&b.pdf',
      'page': 2,
    }
  ]
  assert value['categories'] == [
    {'id': 1, 'name': 'noteheadFull', 'smufl': 'noteheadBlack', 'supercategory': 'noteheads'},
    {'id': 2, 'name': 'slur', 'smufl': None, 'supercategory': 'lines'},
    {'id': 3, 'name': 'stem', 'smufl': 'stem', 'supercategory': 'stems'},
  ]
  note, stem = value['annotations']
  assert note == {
    'id': 1,
    'image_id': 1,
    'category_id': 1,
    'bbox': [60, 120, 10.25, 4],
    'segmentation': [[60, 120, 70.25, 120, 70.25, 124, 60, 124]],
    'area': 41,
    'iscrowd': 0,
    'score': 0.875,
    'staff': 0,
    'position': 4,
  }
  assert (stem['category_id'], stem['staff'], stem['position']) == (3, None, None)


def test_table(folder):
  with (folder / 'symbols.csv').open(newline='') as file:
    head, note, stem = csv.reader(file)
  assert head == [
    *('class', 'smufl', 'confidence', 'left', 'top', 'right', 'bottom', 'staff', 'position')
  ]
  assert note == [
    *('noteheadFull', 'noteheadBlack', '0.875', '60.0', '120.0', '70.25', '124.0', '0', '4')
  ]
  assert stem[:3] == ['stem', 'stem', '0.5'] and stem[7:] == ['', '']


def test_mung_has_the_ink_in_each_box(folder):
  content = (folder / 'mung.xml').read_bytes()
  assert ElementTree.fromstring(content).get('document') == 'a&b-2'
  note, stem = mung.read(content).values()
  assert (note.label, note.box) == ('noteheadFull', (60, 120, 70, 124))
  # The first two columns are a bar line, the first two rows a staff line.
  ink = np.zeros((4, 10), bool)
  ink[:, :2] = ink[:2] = True
  np.testing.assert_array_equal(note.mask, ink)
  # Boxes lie inside the page, and have at least one pixel.
  assert stem.box == (0, 894, 1, 900) and not stem.mask.any()


def test_masks_of_a_reduced_page_are_those_of_the_page(found, tmp_path):
  page = found.page._replace(factor=3, size=(3 * 920 - 1, 3 * 900))
  symbol = SYMBOLS[0]._replace(box=(180.0, 359.0, 210.0, 372.0))
  found = found._replace(page=page, symbols=[symbol])
  files.write(tmp_path, 'page', found, 'page.png', 1)
  (node,) = mung.read((tmp_path / 'page/mung.xml').read_bytes()).values()
  ink = np.zeros((13, 30), bool)
  ink[1:7] = ink[1:, :6] = True  # From row 360 on; above it there is no ink.
  np.testing.assert_array_equal(node.mask, ink)


def test_the_overlay_shows_symbols_and_lists_them(folder):
  root = ElementTree.parse(folder / 'overlay.svg').getroot()
  by_class = {}
  for each in root.iter():
    for name in (each.get('class') or '').split():
      by_class.setdefault(name, []).append(each)
  (note,) = by_class['noteheadFull'][:1]
  assert note.get('class') == 'noteheads noteheadFull' and note.get('x') == '60.0'
  assert note[0].text == 'noteheadFull (noteheadBlack), 88%, staff 1, position 4'
  listed = {each.get('data-shows'): each[-1].text for each in by_class['entry']}
  assert listed == {
    'structure': 'structure 22',
    'staff': 'staff 4',
    'measure': 'measure 16',
    'system': 'system 2',
    'noteheads': 'noteheads 1',
    'noteheadFull': 'noteheadFull 1',
    'stems': 'stems 1',
    'stem': 'stem 1',
  }
  # The list stands beside the page.
  _, _, width, height = map(float, root.get('viewBox').split())
  assert width > 920 and height == 900
  assert all(float(each[-1].get('x')) > 920 for each in by_class['entry'])
  (style,) = root.iter('{http://www.w3.org/2000/svg}style')
  assert all(f'.{kind} {{' in style.text for kind in symbol_names.KINDS)
  assert symbol_names.COLOURS.keys() == symbol_names.KINDS.keys()


def test_without_a_model_files_for_symbols_are_removed(folder, found, tmp_path):
  (folder / 'mine.txt').touch()
  files.write(tmp_path, folder.name, found._replace(classes=(), symbols=[]), 'page.png', 1)
  left = {path.name for path in folder.iterdir()}
  assert left == {'structure.json', 'overlay.svg', 'mine.txt'}
