"""`omr detect --compare`: structures, COCO and MuNG files, with numbers by hand."""

import json
import math
import re

import drawn_music
import numpy as np
import pytest

from omr_jax.detect import __main__ as detect
from omr_jax.detect import annotations
from omr_jax.errors import UserError
from omr_jax.inputs import mung
from omr_jax.structure import structure_json
from omr_jax.structure.structure import box


def compare(capsys, *arguments):
  code = detect.main(['--compare', *map(str, arguments)])
  out, err = capsys.readouterr()
  return code, out, err


def rows(table):
  """The cells of each row by the first one."""
  lines = [line[2:-2].split(' | ') for line in table.splitlines() if line.startswith('| ')]
  return {cells[0]: cells[1:] for cells in lines}


def write(path, value):
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(json.dumps(value))
  return path


def structures(folder, **pages):
  for name, value in pages.items():
    write(folder / name / 'structure.json', structure_json.as_json(value))
  return folder


def test_structures(tmp_path, capsys):
  whole = drawn_music.structure()
  # The last staff is missing, and with it 4 of the 16 measures; the second system is one staff.
  less = whole._replace(
    staves=whole.staves[:3], systems=[[0, 1], [2]], measures=whole.measures[:12]
  )
  truth = structures(tmp_path / 'truth', a=whole, b=whole)
  code, table, _ = compare(capsys, truth, structures(tmp_path / 'found', a=less, b=whole))
  assert code == 0
  found = rows(table)
  # Of 8 staves 7 are found, of 32 measures 28, of 4 systems 3, for another of which is something.
  assert found['staff'][:2] == ['8', '7'] and found['staff'][5:] == ['100.0', '87.5', '93.3']
  assert found['measure'][:2] == ['32', '28'] and found['measure'][5:7] == ['100.0', '87.5']
  assert found['system'][:2] == ['4', '4'] and found['system'][5:] == ['75.0', '75.0', '75.0']
  # 38 of 44 boxes, of 39 that were found.
  assert found['all, by frequency'][:2] == ['44', '39']
  assert found['all, by frequency'][5:7] == ['97.4', '86.4']
  assert table.endswith('2 pages\n')


def test_a_page_that_was_not_looked_at_has_nothing_found(tmp_path, capsys):
  whole = drawn_music.structure()
  truth = structures(tmp_path / 'truth', a=whole, b=whole)
  code, table, _ = compare(capsys, truth, structures(tmp_path / 'found', a=whole))
  assert code == 0 and rows(table)['staff'][5:7] == ['100.0', '50.0']
  assert '2 pages, 1 of them not looked at' in table


def coco(*annotations):
  keys = ('category_id', 'bbox', 'score')
  return {
    'images': [{'id': 7, 'file_name': 'scans/a.png'}],
    'categories': [{'id': 1, 'name': 'clef'}, {'id': 2, 'name': 'no|te'}],
    'annotations': [{'image_id': 7, **dict(zip(keys, each, strict=False))} for each in annotations],
  }


def test_coco(tmp_path, capsys):
  true = write(tmp_path / 'true.json', coco((1, [0, 0, 10, 10]), (2, [20, 0, 10, 10])))
  # The clef is 8 wide: IoU 0.8. The note is found twice, once with little confidence.
  boxes = (1, [0, 0, 8, 10], 0.9), (2, [20, 0, 10, 10], 0.8), (2, [20, 0, 10, 10], 0.3)
  found = write(tmp_path / 'found.json', coco(*boxes))
  code, table, _ = compare(capsys, true, found)
  assert code == 0
  cells = rows(table)
  assert cells['clef'] == ['1', '1', '100.0', '100.0', '70.0', '100.0', '100.0', '100.0']
  assert '| 1 | 1 | 100.0 | 100.0 | 100.0 | 100.0 | 100.0 | 100.0 |' in table
  assert cells['mean of the classes'] == ['', '', '100.0', '100.0', '85.0', '', '', '']
  none = write(tmp_path / 'none.json', coco())
  # What is neither there nor found with this confidence has no row.
  assert 'clef' in rows(compare(capsys, none, found, '--threshold', 0.85)[1])
  assert 'no|te' not in compare(capsys, none, found, '--threshold', 0.85)[1]
  _, table, _ = compare(capsys, none, found, '--threshold', 0.95)
  assert table == 'No true boxes, and none found with a confidence of 0.95 or more.\n\n1 page\n'
  _, table, _ = compare(capsys, true, found, '--threshold', 0, '--iou', 0.85)
  # Of three boxes one is right.
  assert rows(table)['all, by frequency'][5:] == ['33.3', '50.0', '40.0']


def of_pages(*names):
  """A truth, or what was found: a clef on each page."""
  clefs = [{'image_id': n, 'category_id': 1, 'bbox': [0, 0, 9, 9]} for n, _ in enumerate(names)]
  images = [{'id': n, 'file_name': name} for n, name in enumerate(names)]
  return coco() | {'images': images, 'annotations': clefs}


def test_pages_match_by_the_last_part_of_their_names(tmp_path, capsys):
  true, found = tmp_path / 'true.json', tmp_path / 'found.json'
  for names, others, missing in (
    (['images/a.png', 'images/b.png'], ['a.jpg', 'scans/1/b.jpg'], 0),
    (['a.png', 'b.png'], ['images/b.png'], 1),
    (['1/a.png', '2/a.png'], ['2/a.png'], 1),  # The whole name goes first.
    (['a.png', '2/a.png'], ['2/a.png', 'a.png'], 0),
  ):
    code, table, _ = compare(capsys, write(true, of_pages(*names)), write(found, of_pages(*others)))
    assert code == 0 and table.endswith('2 pages' + ', 1 of them not looked at' * missing + '\n')
    assert rows(table)['clef'][:2] == ['2', str(2 - missing)]
  for names, others in ((['1/a.png', '2/a.png'], ['a.png']), (['a.png'], ['1/a.png', '2/a.png'])):
    code, _, said = compare(capsys, write(true, of_pages(*names)), write(found, of_pages(*others)))
    assert code == 2 and f'no true annotations of {others[0][:-4]}' in said
    assert said.endswith(f'It has {", ".join(name[:-4] for name in names)}.\n')


def test_crowds_are_no_symbols(tmp_path, capsys):
  """Of two found boxes in the crowd the one of its class is not counted, nor is the crowd."""
  true = coco((1, [0, 0, 10, 10]), (1, [20, 0, 50, 10]))
  true['annotations'][1]['iscrowd'] = 1
  boxes = (1, [0, 0, 10, 10], 0.9), (1, [30, 0, 10, 10], 0.9), (2, [30, 0, 10, 10], 0.9)
  found = write(tmp_path / 'found.json', coco(*boxes))
  code, table, _ = compare(capsys, write(tmp_path / 'true.json', true), found)
  assert code == 0 and rows(table)['clef'] == ['1', '1', *['100.0'] * 6]
  assert rows(table)['all, by frequency'][:2] == ['1', '2']


def result(category, box, score, image=7):
  return {'image_id': image, 'category_id': category, 'bbox': box, 'score': score}


def test_results_of_coco_have_images_and_categories_of_the_truth(tmp_path, capsys):
  true = coco((1, [0, 0, 10, 10]), (2, [20, 0, 10, 10]))
  true['images'].append({'id': 8, 'file_name': 'b.png'})
  true = write(tmp_path / 'truth/true.json', true)
  # The clef is found on its own page, and where there is none on the other.
  clefs = result(1, [0, 0, 10, 10], 0.9), result(1, [0, 0, 10, 10], 0.8, 8)
  found = write(tmp_path / 'found.json', clefs)
  for truth in (true, true.parent):
    code, table, _ = compare(capsys, truth, found)
    assert code == 0 and table.endswith('\n2 pages\n')
    assert rows(table)['clef'][:3] == ['1', '2', '100.0']
    assert rows(table)['clef'][5:] == ['50.0', '100.0', '66.7']
  assert rows(compare(capsys, true, write(found, []))[1])['clef'][:2] == ['1', '0']
  code, _, said = compare(capsys, found, found)
  assert code == 2 and 'found.json: damaged (not a JSON object); give' in said


def test_results_of_coco_that_do_not_fit_the_truth_are_refused(tmp_path, capsys):
  true = write(tmp_path / 'truth/true.json', coco())
  found = tmp_path / 'found.json'
  for value, words in (
    ([result(1, [0, 0, 9, 9], 1, 9)], 'no results of COCO (an annotation names what is not there'),
    (
      [{'image_id': 7, 'category_id': 1, 'bbox': [0, 0, 9, 9]}],
      "no results of COCO (annotations[0] lacks the key 'score')",
    ),
    ([5], 'no results of COCO (annotations is no list of objects); give results'),
    ([[[]] * 5, [[[]] * 99]], 'no results of COCO (annotations is no list of objects)'),
  ):
    code, _, said = compare(capsys, true, write(found, value))
    assert code == 2 and f'{found}: {words}' in said
  write(true.parent / 'more.json', coco() | {'images': []})
  folder = structures(tmp_path / 'folder', a=drawn_music.structure())
  page = mung_file(tmp_path / 'a.xml')
  for truth, count in ((true.parent, 2), (folder, 0), (page, 0)):
    code, _, said = compare(capsys, truth, found)
    assert code == 2 and f'{found}: is a list of results' in said
    assert f'{truth} has {count} of them; give that file as the truth' in said


@pytest.mark.parametrize(
  ('value', 'words'),
  [
    ({}, 'no annotations of COCO (categories is no list of objects)'),
    (coco() | {'images': [{'id': [7], 'file_name': 'a'}]}, 'an id of images is neither a whole'),
    (
      coco()
      | {'images': [{'id': n, 'file_name': f'a.{end}'} for n, end in ((7, 'png'), (8, 'jpg'))]},
      'a.png and a.jpg have the same name without the suffix; rename one of the pages',
    ),
    (coco() | {'annotations': [{'image_id': 7}]}, "annotations[0] lacks the key 'category_id'"),
    (coco((3, [0, 0, 1, 1])), 'an annotation names what is not there'),
    (coco((1, [0, 0, 1])), 'no annotations of COCO'),
    (coco((1, [0, 0, 1, 'x'])), 'part of a bbox is no number'),
    (coco((1, [0, 0, 10**400, 1])), 'part of a bbox is no number'),
    (coco((1, [0, 0, 1, math.inf])), 'part of a bbox is no number'),
    (coco((1, [0, 0, -1, 1])), 'width or height of a bbox is below 0'),
    (coco((1, [0, 0, 1, 1], None)), 'a score is no number'),
    (coco((1, [0, 0, 1, 1], math.nan)), 'a score is no number'),
    (coco(*[(1, [0, 0, 1, 1])] * 5001), 'a page has 5001 boxes, and may have 5000'),
    (
      coco() | {'annotations': [result(1, [0, 0, 1, 1], 1) | {'iscrowd': 2}]},
      'an iscrowd is neither 0 nor 1',
    ),
    (coco((1, [0, 0, 1, 1, 0, 0, 1, 1])), 'a bbox is no list of four numbers'),
    (coco((1, [[]])), 'a bbox is no list of four numbers'),
    (coco() | {'categories': [{'id': 1, 'name': 5}]}, 'a name is no text'),
    (
      coco() | {'images': [{'id': 1, 'file_name': name} for name in 'ab']},
      'an id of images is there twice',
    ),
  ],
)
def test_damaged_annotations_are_refused(tmp_path, capsys, value, words):
  path = write(tmp_path / 'true.json', value)
  code, _, said = compare(capsys, path, path)
  assert code == 2 and 'true.json: ' in said and words in said


def staff():
  """Of a page with one staff of one measure, as in structure.json."""
  lines = [[[0, 10 * n], [90, 10 * n]] for n in range(5)]
  return {
    **{'format': 1, 'width': 90, 'height': 50, 'staff_space': 10},
    **{'staves': [{'lines': lines}], 'systems': [{'staves': [0]}]},
    'measures': [{'staff': 0, 'left': 0, 'right': 90}],
  }


@pytest.mark.parametrize(
  ('change', 'words'),
  [
    ({'staves': 5}, 'staves is no list of objects'),
    ({'measures': [5]}, 'measures is no list of objects'),
    ({'systems': [{}]}, "systems[0] lacks the key 'staves'"),
    ({'systems': [{'staves': 0}]}, 'a system or measure names a staff that is not there'),
    ({'measures': [{'staff': 0, 'left': [0], 'right': [9]}]}, 'a side of a measure is no number'),
    ({'width': []}, 'a size is no number of pixels'),
    ({'width': -(2**63)}, 'a size is no number of pixels'),
    ({'format': True}, 'its format is True, not 1'),
    ({'staves': [{'lines': [[[0, 1]], [[0, 1], [2]]]}]}, 'a point of a staff is no number'),
  ],
)
def test_damaged_structures_are_refused(tmp_path, capsys, change, words):
  write(tmp_path / 'a/structure.json', staff() | change)
  code, _, said = compare(capsys, tmp_path, tmp_path)
  assert code == 2 and f'structure.json: no structure of a page ({words}' in said


ODD = (None, True, -1, 0.5, 1e308, 10**400, math.nan, '', '\ud800', [], {}, [[]], [[1], [1, 2]])


@pytest.mark.parametrize(
  ('name', 'value'),
  [
    ('structure.json', staff()),
    ('page.json', coco() | {'annotations': [result(1, [0, 0, 9, 9], 0.5) | {'iscrowd': 0}]}),
  ],
)
def test_any_value_at_any_place_is_read_or_refused_in_words(tmp_path, name, value):
  path, text = tmp_path / name, json.dumps(value)
  for place in places(value):
    for odd in ODD:
      changed = within = {'': json.loads(text)}
      for key in ('', *place[:-1]):
        within = within[key]
      within[place[-1]] = odd
      write(path, changed[''])
      try:
        annotations.read(tmp_path)
      except UserError as error:
        said = str(error).removeprefix(f'{path}: ')
        assert said.startswith('no ') and not re.search(
          'object is|no len|indices|convert|shape', said
        )


def places(value):
  """The keys and numbers that lead to each value inside of a value."""
  pairs = value.items() if isinstance(value, dict) else enumerate(value)
  for key, each in pairs:
    yield (key,)
    if isinstance(each, dict | list):
      yield from ((key, *rest) for rest in places(each))


def test_a_structure_of_too_many_boxes_is_refused(tmp_path, capsys):
  value = structure_json.as_json(drawn_music.structure())
  value['measures'] *= 400  # Of 16.
  write(tmp_path / 'a' / 'structure.json', value)
  code, _, said = compare(capsys, tmp_path, tmp_path)
  assert code == 2
  assert 'structure.json: no structure of a page (it has 6406 staves, systems and measures' in said


def test_what_has_no_truth_is_refused(tmp_path, capsys):
  whole = drawn_music.structure()
  truth = structures(tmp_path / 'truth', a=whole)
  code, _, said = compare(capsys, truth, structures(tmp_path / 'found', b=whole))
  assert code == 2 and f'{truth}: no true annotations of b;' in said
  (tmp_path / 'empty').mkdir()
  code, _, said = compare(capsys, truth, tmp_path / 'empty')
  assert (
    code == 2 and 'empty: no structure.json, no annotations of COCO and none of MuNG in it' in said
  )


def test_a_threshold_is_a_number(tmp_path, capsys):
  truth = structures(tmp_path / 'truth', a=drawn_music.structure())
  code, _, said = compare(capsys, truth, truth, '--threshold', 'nan')
  assert code == 2 and '--threshold: nan is no confidence' in said


def mung_file(path, *nodes):
  """Objects as classes and boxes."""
  path.parent.mkdir(parents=True, exist_ok=True)
  objects = []
  for number, (label, (left, top, right, bottom)) in enumerate(nodes):
    mask = np.ones((bottom - top, right - left), bool)
    objects.append(mung.Node(number, label, (left, top, right, bottom), mask))
  path.write_bytes(mung.written(objects, 'set', path.stem))
  return path


def test_mung_against_the_results_of_omr_detect(tmp_path, capsys):
  staves = [('staff', tuple(map(int, box(s)))) for s in drawn_music.structure().staves]
  notes = ('noteheadFull', (0, 0, 10, 10)), ('noteheadFull', (20, 0, 30, 10))
  lines = ('staffLine', (60, 120, 860, 122)), ('stem', (9, 10, 10, 40))
  mung_file(tmp_path / 'truth/a.xml', *staves, *notes, *lines)
  mung_file(tmp_path / 'truth/b.xml')
  found = structures(tmp_path / 'found', a=drawn_music.structure())
  categories = [{'id': 1, 'name': 'noteheadFull'}, {'id': 2, 'name': 'stem'}]
  boxes = (1, [0, 0, 10, 10], 0.9), (1, [20, 0, 10, 9], 0.2)
  write(found / 'a/page.json', coco(*boxes) | {'categories': categories})
  code, table, _ = compare(capsys, tmp_path / 'truth', found)
  assert code == 0
  symbols, structure, said = table.split('\n\n')
  cells = rows(symbols)
  # One note of two has the confidence. The other one's IoU is 0.9, so that at IoU 0.95 precision is
  # 1 up to a recall of 1/2, which is 51 of 101 recalls: (9 + 51 / 101) / 10.
  assert cells['noteheadFull'] == [*('2', '1', '100.0', '100.0', '95.0'), '100.0', '50.0', '66.7']
  assert cells['stem'] == ['1', '0', '0.0', '0.0', '0.0', '', '0.0', '0.0']
  assert set(cells) == {
    *('class', '---', 'noteheadFull', 'stem', 'all, by frequency', 'mean of the classes')
  }
  # The truth says nothing of systems and measures.
  assert rows(structure).keys() == {'class', '---', 'staff'}
  assert rows(structure)['staff'][:3] == ['4', '4', '100.0']
  assert 'staffLine' not in table and said == '2 pages, 1 of them not looked at\n'
  # A single file is a page too; what has no truth of its structure is compared by symbols alone.
  alone = mung_file(tmp_path / 'alone.xml', *notes)
  code, table, _ = compare(capsys, alone, alone)
  assert code == 0 and rows(table)['noteheadFull'][:3] == ['2', '2', '100.0']
  code, _, said = compare(capsys, alone, found / 'a/page.json')
  assert code == 2 and f'{alone}: no true annotations of scans/a;' in said


def test_mung_is_compared_without_masks_and_links(tmp_path, capsys):
  note = ('noteheadFull', (0, 0, 10, 10))
  true = mung_file(tmp_path / 'a.xml', note)
  text = true.read_text().replace('1:100</Mask>', '</Mask><Outlinks>7</Outlinks>')
  assert '<Mask></Mask>' in text
  true.write_text(text)
  code, table, _ = compare(capsys, true, true)
  assert code == 0 and rows(table)['noteheadFull'][:3] == ['1', '1', '100.0']


def test_means_of_frequent_classes(tmp_path, capsys):
  """Class 0 has ten boxes, which are found, and 20 others have one, of which the last is found."""
  names = [f'class {n:02}' for n in range(21)]
  categories = {'categories': [{'id': n, 'name': name} for n, name in enumerate(names)]}
  first = [(0, [20 * n, 0, 10, 10]) for n in range(10)]
  others = [(n, [0, 20 * n, 10, 10]) for n in range(1, 21)]
  true = write(tmp_path / 'true.json', coco(*first, *others) | categories)
  found = write(tmp_path / 'found.json', coco(*first, others[-1]) | categories)
  code, table, _ = compare(capsys, true, found)
  assert code == 0
  cells = {name: row[2] for name, row in rows(table).items()}
  assert cells['all, by frequency'] == '36.7'  # 11 of 30.
  assert cells['mean of the classes'] == '9.5'  # 2 of 21.
  # Of the classes with one box the first by name belong to the 20.
  assert cells['mean of the 20 most frequent'] == '5.0'
  assert cells['mean of the 1 with 10 or more'] == '100.0'


@pytest.mark.parametrize(
  ('name', 'content', 'words'),
  [
    ('a.xml', b'<Nodes><Node/></Nodes>', 'a.xml: no annotations of MuNG (object None: '),
    ('a.xml', b'no XML', 'a.xml: no annotations of MuNG (syntax error'),
    ('b.xml', b'', 'a.xml: cannot be read (No such file'),
  ],
)
def test_damaged_mung_is_refused(tmp_path, capsys, name, content, words):
  (tmp_path / name).write_bytes(content)
  code, _, said = compare(capsys, tmp_path / 'a.xml', tmp_path / 'a.xml')
  assert code == 2 and words in said


def test_symbols_of_two_pages_in_one_folder_are_refused(tmp_path, capsys):
  images = [{'id': 7, 'file_name': 'a'}, {'id': 8, 'file_name': 'b'}]
  write(tmp_path / 'truth/a/page.json', coco() | {'images': images})
  code, _, said = compare(capsys, tmp_path / 'truth', tmp_path / 'truth')
  assert code == 2 and 'page.json: has 2 images; give the symbols of one page' in said


def test_other_files_beside_annotations_are_left_out(tmp_path, capsys):
  """A list is no COCO file; what is no JSON may be a damaged one."""
  truth = structures(tmp_path / 'truth', page=drawn_music.structure())
  folder = tmp_path / 'found'
  value = {
    'images': [{'id': 1, 'file_name': 'page.png', 'width': 9, 'height': 9}],
    'categories': [],
    'annotations': [],
  }
  write(folder / 'coco.json', value)
  write(folder / 'notes.json', [1, 2])
  assert compare(capsys, truth, folder)[0] == 0
  (folder / 'cut.json').write_text('{"images": [')
  code, _, said = compare(capsys, truth, folder)
  assert code == 2 and 'cut.json: unreadable' in said
