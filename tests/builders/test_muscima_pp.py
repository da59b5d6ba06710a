"""MUSCIMA++: pages rebuilt from masks, what is derived from them, splits, and what is refused."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from omr_jax.errors import UserError
from tfds_builders import muscima_pp
from tfds_builders.muscima_pp import annotations, archive, derived, splits
from tfds_builders.muscima_pp.muscima_pp_dataset_builder import example

NAME = 'v2.0/data/annotations/CVC-MUSCIMA_W-{:02}_N-{:02}_D-ideal.xml'
TOPS = (40, 100, 180)  # Of three staves with a staff space of 10; the first two are one system.


def node(number, label, left, top, mask, links=()):
  """XML of an object whose mask is a list of rows of 0 and 1."""
  mask = np.array(mask)
  flat = mask.ravel()
  ends = np.flatnonzero(np.diff(flat, append=2)) + 1
  runs = ' '.join(
    f'{flat[end - 1]}:{end - start}' for start, end in zip([0, *ends[:-1]], ends, strict=True)
  )
  links = f'<Outlinks>{" ".join(map(str, links))}</Outlinks>' if links else ''
  return (
    f'<Node><Id>{number}</Id><ClassName>{label}</ClassName><Top>{top}</Top><Left>{left}</Left>'
    f'<Width>{mask.shape[1]}</Width><Height>{mask.shape[0]}</Height><Mask>{runs}</Mask>{links}</Node>'
  )


def page_file(*more):
  """Staves from x 20 to 420; bar lines at 200 to 202 and 320 to 322; notes, none after the last."""
  nodes = []
  for staff, top in enumerate(TOPS):
    first = 10 * staff
    lines = [first + 1 + line for line in range(5)]
    nodes.append(node(first, 'staff', 20, top, np.ones((42, 400), int), lines))
    for line, number in enumerate(lines):
      nodes.append(node(number, 'staffLine', 20, top + 10 * line, np.ones((2, 400), int)))
    nodes.append(node(first + 6, 'staffSpace', 20, top, np.ones((10, 400), int)))
  bar = np.ones((102, 2), int)
  for number, left in ((40, 200), (41, 320)):
    nodes.append(node(number, 'measureSeparator', left, 40, bar, [0, 10]))
    nodes.append(node(number + 10, 'measureSeparator', left, 180, bar[:42], [20]))
  head = [[0, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 0]]
  for number, (left, top) in enumerate(((100, 50), (250, 120), (260, 190)), 60):
    nodes.append(node(number, 'noteheadFull', left, top, head, [70] if number == 60 else ()))
  nodes.append(node(70, 'stem', 104, 30, [[1]] * 20))
  return f'<?xml version="1.0"?><Nodes>{"".join([*nodes, *more])}</Nodes>'.encode()


# An object of 67 million pixels, in 100 bytes.
HUGE = (
  '<Node><Id>{}</Id><ClassName>stem</ClassName><Top>0</Top><Left>0</Left><Width>8192</Width>'
  '<Height>8192</Height><Mask>0:67108864</Mask></Node>'
)


def parsed(*more):
  return annotations.parse(page_file(*more), NAME.format(3, 7))


def test_the_picture_is_rebuilt_from_the_masks():
  picture = annotations.picture(parsed())
  # The last staff ends at x 420 and y 222.
  assert picture.shape == (322, 520) and set(np.unique(picture)) == {0, 255}
  ink = picture == 0
  assert ink[40:42, 20:420].all() and not ink[42:50, 20:100].any()
  assert not ink[30:50, 110:200][:10].any() and ink[30:50, 104].all()  # Beside the stem, and it.
  # Right of the stem are 15 lines; 2 bar lines through 8 white rows of 12 spaces and the 18 between
  # the first two staves; and the last row of two notes, whose others are on lines.
  assert ink[:, 105:420].sum() == 15 * 2 * 315 + 2 * 2 * (12 * 8 + 18) + 2 * 2


def test_structure():
  found = derived.structure(parsed(), 322, 520)
  assert (found.width, found.height, found.staff_space) == (520, 322, 10)
  for staff, top in zip(found.staves, TOPS, strict=True):
    assert staff.shape == (5, 65, 2)
    np.testing.assert_allclose(staff[:, :, 1], np.repeat([np.arange(5) * 10 + top + 1], 65, 0).T)
    np.testing.assert_allclose(staff[0, [0, -1], 0], [20, 420])
  assert found.systems == [[0, 1], [2]]
  # After the last bar line there are no notes. The first measure of a staff needs one too: that at
  # y 51.5 is four staff spaces or nearer to the first staff alone.
  expected = [(0, 20, 201), *((staff, 201, 321) for staff in range(3))]
  np.testing.assert_allclose(found.measures, expected)


def test_example():
  found = example(parsed())
  assert [muscima_pp.CLASSES[label] for label in found['labels']] == [
    *['measureSeparator'] * 4,
    *['noteheadFull'] * 3,
    'stem',
  ]
  assert found['boxes'][4].tolist() == [100, 50, 104, 53]
  assert found['links'].tolist() == [[4, 7]]  # From the first note to the stem; none to staves.
  assert (found['writer'], found['piece']) == (3, 7)
  assert found['systems'].tolist() == [0, 0, 1]
  picture = np.asarray(Image.open(io.BytesIO(found['image'])))
  np.testing.assert_array_equal(picture, annotations.picture(parsed()) > 0)


@pytest.mark.parametrize(
  ('content', 'reason'),
  [
    (b'<Nodes>', 'no element found'),
    (b'<!DOCTYPE x><Nodes/>', 'a document type'),
    # In another encoding the document type would not be seen.
    ('<!DOCTYPE x><Nodes/>'.encode('utf-16'), "'utf-8' codec can't decode"),
    ('<!DOCTYPE x><Nodes/>'.encode('utf-16-be'), 'a document type'),
    (b'<?xml version="1.0" encoding="nonsense"?><Nodes/>', 'no objects'),
    (b'<?xml version="1.0" encoding="utf-7"?><Nodes/>', 'no objects'),
    (page_file(*map(HUGE.format, (90, 91))), 'object 90: it and those before it have more than'),
    (b'<Nodes/>', 'no objects'),
    (page_file(node(60, 'stem', 0, 0, [[1]])), 'object 60 is there twice'),
    (page_file(node(99, 'stem', 0, 0, [[1]], [98])), 'object 99 links to 98'),
    (page_file().replace(b'1:20<', b'1:19<'), 'object 70: its mask does not fill its box'),
    (page_file().replace(b'1:20<', b'1:x<'), 'object 70: '),
    (page_file().replace(b'1:20<', b'1:%d<' % 2**64), 'object 70: its mask does not fill its box'),
    (page_file(node(99, 'stem', 70_000, 70_000, [[1]])), 'too many'),
    (page_file().replace(b'<Left>104', b'<Left>-4'), 'object 70: its box'),
  ],
)
def test_damaged_annotations_are_refused(content, reason):
  with pytest.raises(UserError, match=f'W-03_N-07.*damaged .*{reason}'):
    annotations.parse(content, NAME.format(3, 7))


def test_a_staff_without_five_lines_and_an_unknown_class_are_refused():
  with pytest.raises(UserError, match=r'W-03_N-07.*staff 99 has 0 lines'):
    example(parsed(node(99, 'staff', 0, 0, [[1]])))
  with pytest.raises(UserError, match="'cat' is no class of MUSCIMA"):
    example(parsed(node(99, 'cat', 0, 0, [[1]])))


# Writers 1 to 10 and the pieces they wrote; writer 10 is the one of the official test.
WROTE = {1: (2, 3), 2: (1, 7), 3: (2, 10), 4: (10, 14), 5: (3, 1), 6: (2,), 7: (3,), 10: (2, 3)}
PAGES = [NAME.format(writer, piece) for writer, pieces in WROTE.items() for piece in pieces]
TEST = ['CVC-MUSCIMA_W-10_N-02_D-ideal']


def numbers(split):
  return {name: [splits.writer_and_piece(each) for each in pages] for name, pages in split.items()}


def test_splits_by_writer():
  # Writers 1 to 7 have the numbers 0 to 6: 1 and 6 are in fold 0, 2 and 7 in fold 1.
  found = numbers(splits.split('writers_0', PAGES, TEST))
  assert {writer for writer, _ in found['test']} == {1, 6}
  assert {writer for writer, _ in found['validation']} == {2, 7}
  assert {writer for writer, _ in found['train']} == {3, 4, 5}
  found = numbers(splits.split('writers_4', PAGES, TEST))
  assert {writer for writer, _ in found['test']} == {5}
  assert {writer for writer, _ in found['validation']} == {1, 6}


def test_new_music_shares_neither_writers_nor_pieces():
  found = numbers(splits.split('new_music', PAGES, TEST))
  assert found['test'] == [(2, 1), (2, 7)]
  assert found['validation'] == [(4, 10), (4, 14)]
  assert found['train'] == [(1, 2), (1, 3), (3, 2), (5, 3), (6, 2), (7, 3)]


def test_most_writers_train():
  found = numbers(splits.split('most_writers', PAGES, TEST))
  assert {writer for writer, _ in found['train']} == {2, 3, 4, 5, 7}
  assert {writer for writer, _ in found['validation']} == {1}
  assert {writer for writer, _ in found['test']} == {6}


def test_the_official_test_shares_no_writer():
  found = numbers(splits.split('independent', PAGES, TEST))
  assert found['test'] == [(10, 2)]  # Page 3 of this writer is not used at all.
  assert {writer for writer, _ in found['validation']} == {1, 6}
  assert {writer for writer, _ in found['train']} == {2, 3, 4, 5, 7}


def write(folder, kind, pages=PAGES):
  folder.mkdir()
  with zipfile.ZipFile(folder / kind.name, 'w', zipfile.ZIP_DEFLATED) as file:
    file.writestr('v2.0/specifications/testset-independent.txt', '\n'.join(TEST) + '\n')
    for name in pages:
      file.writestr(name, page_file())
  return folder


def test_the_partial_archive_says_what_it_lacks(tmp_path):
  raw_dir = write(tmp_path / 'raw', archive.PARTIAL, PAGES[:-2])
  with pytest.raises(UserError, match='lacks 1 of the 1 pages of the official test'):
    muscima_pp.prepare('independent', tmp_path / 'data', raw_dir)


def test_prepared_data(tmp_path):
  raw_dir = write(tmp_path / 'raw', archive.FULL)
  builder = muscima_pp.prepare('independent', tmp_path / 'data', raw_dir)
  counts = {name: split.num_examples for name, split in builder.info.splits.items()}
  assert counts == {'train': 9, 'validation': 3, 'test': 1}
  (found,) = builder.as_data_source(split='test')
  assert found['id'] == TEST[0].encode() and found['writer'] == 10
  for name, value in example(parsed()).items():
    if name not in ('id', 'writer', 'piece', 'image'):
      np.testing.assert_array_equal(found[name], value)
  assert muscima_pp.structure(found, 322, 520).systems == [[0, 1], [2]]


def test_another_archive_is_refused(tmp_path):
  raw_dir = write(tmp_path / 'raw', archive.FULL, [])
  with pytest.raises(UserError, match='no pages with annotations in it; get MUSCIMA'):
    muscima_pp.prepare('writers_0', tmp_path / 'data', raw_dir)
