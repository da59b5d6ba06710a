"""Typeset pages: bounds of shapes, symbols and staves of a drawing, splits, and Verovio's pages."""

import collections
import importlib.util
import io
import os
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import isolated
from tfds_builders.muscima_pp import CLASSES
from tfds_builders.typeset import bounds, drawing, songs, staves, symbols, text

SPACE = 180


@pytest.mark.parametrize(
  ('path', 'box'),
  [
    ('M1 2 L5 2', (1, 2, 5, 2)),
    ('m1 2 l4 0v3H0z', (0, 2, 5, 5)),
    # y is 12 t (1 - t), at most 3.
    ('M0 0C0 4 4 4 4 0', (0, 0, 4, 3)),
    ('M0,0c0,4 4,4 4,0s4-4 4 0', (0, -3, 8, 3)),
    # y is 8 t (1 - t), at most 2.
    ('M0 0Q2 4 4 0', (0, 0, 4, 2)),
    ('M0 0q2 4 4 0t4 0', (0, -2, 8, 2)),
    # x goes back at t = 1/2, where it is (0 + 3 * 4 + 3 * 4 + 0) / 8.
    ('M0 0C4 0 4 6 0 6', (0, 0, 3, 6)),
  ],
)
def test_bounds_of_paths(path, box):
  np.testing.assert_allclose(bounds.union(list(bounds.contours(path))), box, atol=1e-12)


def test_each_part_of_a_path_has_bounds():
  assert bounds.contours('M0 0h4v4h-4zm1 1h2v2h-2z') == ((0, 0, 4, 4), (1, 1, 3, 3))


def test_maps():
  # Scaled by 2, then turned by a quarter, so that (3, 0) is at (0, 6), then moved.
  found = bounds.affine('translate(10, 20) rotate(90) scale(2)')
  np.testing.assert_allclose(found.of(3, 0), (10, 26))
  np.testing.assert_allclose(found.box((0, 0, 3, 1)), (8, 20, 10, 26))
  np.testing.assert_allclose(bounds.affine('rotate(-90 5,5)').of(6, 5), (5, 4))


def svg(*groups):
  """A page as Verovio writes it, with a square glyph for each code point that is used below."""
  letters = 'M0 0h200v300h-200zM50 50h100v100h-100zM300 0h200v400h-200z'
  paths = {'E0A4': 'M0 -125h300v250h-300z', 'E52D': letters, 'E08A': 'M0 0h400v400h-400z'}
  glyphs = ''.join(
    f'<g id="{code}-x"><path transform="scale(1,-1)" d="{path}"/></g>'
    for code, path in paths.items()
  )
  return ElementTree.fromstring(
    f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    f'<defs>{glyphs}</defs><svg class="definition-scale"><g class="page-margin" '
    f'transform="translate(500, 500)">{"".join(groups)}</g></svg></svg>'
  )


def group(name, *inside):
  return f'<g class="{name}">{"".join(inside)}</g>'


def path(d, width=20):
  return f'<path d="{d}" stroke-width="{width}"/>'


def use(code, x, y, scale=0.72):
  return f'<use xlink:href="#{code}-x" transform="translate({x}, {y}) scale({scale}, {scale})"/>'


def staff(left, right, top, *inside):
  lines = [path(f'M{left} {top + SPACE * n} L{right} {top + SPACE * n}') for n in range(5)]
  return group('staff', *lines, *inside)


def found(*groups):
  return symbols.symbols(drawing.read(svg(*groups)))


def test_heads_and_stems():
  note = group('note', group('notehead', use('E0A4', 1000, 360)))
  stem = group('stem', path('M1200 340 L1200 -200'), path('M1100 0 L1400 -200'))
  small = group('note', group('notehead', use('E0A4', 2000, 360, 0.54)))
  heads = found(staff(0, 4000, 0, note, stem, small))
  # 300 by 250 units of the font, times 0.72 or 0.54; all is moved by 500.
  assert heads == [
    ('noteheadFull', (1500, 770, 1716, 950)),
    ('stem', (1690, 300, 1710, 840)),
    ('graceNoteAcciaccatura', (1600, 300, 1900, 500)),
    ('noteheadFullSmall', (2500, 792.5, 2662, 927.5)),
  ]


def test_a_head_on_a_small_staff_is_not_small():
  lines = [path(f'M0 {135 * n} L4000 {135 * n}') for n in range(5)]
  (head,) = found(group('staff', *lines, use('E0A4', 2000, 360, 0.54)))
  assert head.label == 'noteheadFull'


def test_pieces_of_bar_lines_are_joined():
  bar = group(
    'barLine', *(path(f'M900 {top} L900 {end}', 27) for top, end in ((0, 720), (2160, 2880))),
    path('M900 720 L900 2160', 27), path('M980 0 L980 2880', 90),
    '<ellipse cx="700" cy="270" rx="40" ry="40"/>',
  )  # fmt: skip
  assert found(bar) == [
    ('barline', (1386.5, 500, 1413.5, 3380)),
    ('barlineHeavy', (1435, 500, 1525, 3380)),
    ('measureSeparator', (1386.5, 500, 1525, 3380)),
    ('repeatDot', (1159.5, 729.5, 1240.5, 810.5)),
    ('repeat', (1159.5, 500, 1525, 3380)),
  ]
  # Two staves that no line joins.
  apart = group('barLine', path('M900 0 L900 720', 27), path('M900 2160 L900 2880', 27))
  labels = [symbol.label for symbol in found(apart)]
  assert labels == ['barline', 'barline', 'measureSeparator']


def test_letters_of_one_glyph():
  whole, first, second = found(group('dynam', use('E52D', 0, 0, 1)))
  assert whole == ('dynamicsText', (500, 100, 1000, 500))
  # The hole in the first letter is no letter.
  assert first == ('dynamicLetterM', (500, 200, 700, 500))
  assert second == ('dynamicLetterF', (800, 100, 1000, 500))


@pytest.mark.parametrize(
  ('points', 'label'),
  [
    ('900,100 100,0 900,-100', 'dynamicCrescendoHairpin'),
    ('100,100 900,0 100,-100', 'dynamicDiminuendoHairpin'),
  ],
)
def test_hairpins(points, label):
  line = f'<polyline stroke-width="20" points="{points}"/>'
  (symbol,) = found(group('hairpin', line))
  assert symbol == (label, (590, 390, 1410, 610))


def test_what_is_not_shown_has_no_symbol():
  assert found(group('pb placeholder', '<ellipse cx="1" cy="1" rx="9" ry="9"/>')) == []
  assert found(group('note', use('E000', 0, 0))) == []


def test_staves_systems_and_measures():
  def measure(left, right, top):
    bar = path(f'M{right - 20} {top} L{right - 20} {top + 2880}')
    return group(
      'measure',
      staff(left, right, top), staff(left, right, top + 2160), group('barLine', bar),
    )  # fmt: skip

  systems = [group('system', measure(0, 2000, top), measure(2000, 5000, top)) for top in (0, 6000)]
  page = staves.structure(drawing.read(svg(*systems)), 0.1, 1000, 800)
  assert (page.height, page.width, page.staff_space) == (1000, 800, 18)
  assert page.systems == [[0, 1], [2, 3]]
  # Units are a tenth of a pixel, and all is moved by 500 of them.
  for place, top in enumerate((50, 266, 650, 866)):
    np.testing.assert_allclose(page.staves[place][:, 0, 1], top + 18 * np.arange(5))
    np.testing.assert_allclose(page.staves[place][0, [0, -1], 0], (50, 550))
  edges = [(50, 248), (248, 548)]
  expected = [(place, *edge) for place in range(4) for edge in edges]
  np.testing.assert_allclose(page.measures, expected)


def test_words_are_written_in_our_font():
  words = (
    '<text x="1000" y="2000" text-anchor="end" font-size="0px"><tspan class="rend">'
    '<tspan font-size="400px">HH</tspan>'
    '<tspan font-family="Leipzig" font-size="720px">H</tspan></tspan></text>'
  )
  tree = svg(group('tempo', words))
  (symbol,) = text.rewrite(drawing.read(tree))
  left, top, right, bottom = symbol.box
  assert symbol.label == 'tempoText'
  # The letters stand on the base line and end where they should; they are less high than the font.
  assert bottom == pytest.approx(2500, abs=10) and 200 < bottom - top < 300
  assert right == pytest.approx(1500, abs=20) and left < right - 400
  (run,) = tree.iter(f'{drawing.SVG}tspan')
  assert (run.text, run.get('font-family'), run.get('font-weight')) == ('HH', text.FAMILY, 'bold')


def music(composer='Clara Example (1819-96)', notes=('C', 'D', 'E', 'F')):
  """Three measures of four quarter notes each, above two staves of a piano with whole rests."""
  quarter = (
    '<note><pitch><step>{}</step><octave>5</octave></pitch><duration>1</duration>'
    '<voice>1</voice><type>quarter</type></note>'
  )
  attributes = (
    '<attributes><divisions>1</divisions><key><fifths>-2</fifths></key><time><beats>4</beats>'
    '<beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>'
  )
  end = '<barline location="right"><bar-style>light-heavy</bar-style></barline>'
  measures = ''.join(
    f'<measure number="{n}">{attributes if n == 1 else ""}'
    f'{"".join(map(quarter.format, notes))}{end if n == 3 else ""}</measure>'
    for n in (1, 2, 3)
  )
  parts = ''.join(f'<part id="P{n}">{measures}</part>' for n in (1, 2))
  names = ''.join(f'<score-part id="P{n}"><part-name>P</part-name></score-part>' for n in (1, 2))
  return (
    '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0"><identification>'
    f'<creator type="composer">{composer}</creator></identification>'
    f'<part-list>{names}</part-list>{parts}</score-partwise>'
  )


@pytest.mark.parametrize(
  ('composer', 'surname'),
  [
    ('Clara Example', 'example'),
    ('Example, Clara', 'example'),
    ('Clara Example (1819 - 96)\n', 'example'),
    ('Clara Example 1819-1896', 'example'),
    ('Clara Example [1819-1896]', 'example'),
    ('Clara Example\n1819 - 1896', 'example'),
    ('C. Example.', 'example'),
    ('Clara Example II', 'example'),
    ('Clara Example, Jr.', 'example'),
    ('Antonin Dvor\u030ca\u0301k', 'dvo\u0159\u00e1k'),
    ('Clara Example c1819', 'example'),
    ('Clara Example Jnr', 'example'),
    ('[Clara Example]', 'example'),
    ('1819-1896', 'lc1'),
    ('', 'lc1'),
  ],
)
def test_composers(composer, surname):
  assert songs.composer(music(composer), 'some/lc1.mxl') == surname


def test_splits_share_no_composer():
  composers = {f'{who}{n}.mxl': who for who in 'abcdefg' for n in range(2)}
  split = songs.split(composers)
  who = {name: {composers[song] for song in chosen} for name, chosen in split.items()}
  # Of seven in their order the first and the seventh are the test, the second the validation.
  assert [len(who[name]) for name in ('train', 'validation', 'test')] == [4, 1, 2]
  assert sorted(song for chosen in split.values() for song in chosen) == sorted(composers)
  with pytest.raises(UserError, match='1 composers leave no songs for train and validation'):
    songs.split({'a.mxl': 'a'})


def write(folder, names):
  folder.mkdir()
  for name in names:
    with zipfile.ZipFile(folder / f'{name}.mxl', 'w') as file:
      file.writestr('META-INF/container.xml', '<container/>')
      file.writestr('score.xml', music(f'Some {name}'))
  (folder / 'plain.musicxml').write_text(music('Some Plain'))
  (folder / 'other.xml').write_text('<Nodes/>')
  return folder


def test_songs_are_found_and_read(tmp_path):
  folder = write(tmp_path / 'raw', ['a', 'b'])
  found = songs.find(folder)
  assert list(found) == ['a.mxl', 'b.mxl', 'plain.musicxml']
  assert songs.read(found['a.mxl']) == music('Some a')
  (folder / 'a.mxl').write_bytes(b'PK')
  with pytest.raises(UserError, match=r'a\.mxl: not MusicXML, or damaged .*; remove it\.'):
    songs.read(folder / 'a.mxl')
  (tmp_path / 'empty').mkdir()
  with pytest.raises(UserError, match='empty: no MusicXML in it; put MusicXML files'):
    songs.find(tmp_path / 'empty')


def test_songs_of_one_name_are_refused(tmp_path):
  """Their pages would have one name. They may be in two folders."""
  first, second = (write(tmp_path / name, ['a']) for name in ('one', 'two'))
  with pytest.raises(UserError, match=r'two/a\.mxl: .*one/a\.mxl has the same name; rename or rem'):
    songs.find(f'{first}{os.pathsep}{second}')
  assert list(songs.find(f'{first}{os.pathsep}{first}')) == ['a.mxl', 'plain.musicxml']
  (first / 'a.musicxml').write_text(music())
  with pytest.raises(UserError, match=r'one/a\.mxl: .*one/a\.musicxml has the same name'):
    songs.find(first)


@pytest.mark.parametrize(
  ('rootfile', 'name', 'is_read'),
  [
    ('<rootfile media-type="x" full-path="b/score.xml"/>', 'b/score.xml', True),
    ('<rootfile full-path = "Tom &amp; Jerry.xml"/>', 'Tom & Jerry.xml', True),
    ('<rootfile full-path="./a%20b.xml"/>', 'a b.xml', True),
    ("""<rootfile full-path="Don't.xml"/>""", "Don't.xml", True),
    ('<x:rootfile xmlns:x="y" full-path="a.xml"/>', 'a.xml', True),
    ('<rootfile full-path="a.pdf"/><rootfile full-path="a.xml"/>', 'a.xml', True),
    ('<!-- <rootfile full-path="a.xml"/> -->', 'a.xml', False),  # The first one is read.
    ('<rootfile full-path="a.xml">', 'a.xml', False),  # Damaged.
    ('<rootfile full-path="../other.xml"/>', 'a.xml', False),
  ],
)
def test_the_score_is_the_one_that_the_container_names(tmp_path, rootfile, name, is_read):
  with zipfile.ZipFile(tmp_path / 'a.mxl', 'w') as file:
    file.writestr('metadata.xml', '<meta/>')
    file.writestr('META-INF/container.xml', f'<container>{rootfile}</container>')
    file.writestr(name, music())
  assert songs.read(tmp_path / 'a.mxl') == (music() if is_read else '<meta/>')


def packed(content, **options):
  file = io.BytesIO()
  with zipfile.ZipFile(file, 'w', **options) as archive:
    archive.writestr('score.xml', content)
  return file.getvalue()


def changed(content, at, value):
  """An archive whose list of files has another value."""
  place = content.rindex(b'PK\1\2') + at
  return content[:place] + value + content[place + len(value) :]


@pytest.mark.parametrize(
  ('name', 'content'),
  [
    ('latin.xml', music('Björn').encode('latin-1')),
    ('many.xml', b'\n' * (songs._MOST_BYTES + 1)),
    ('encrypted.mxl', changed(packed(b'x'), 8, b'\1')),
    ('other.mxl', changed(packed(b'x'), 10, b'\x63')),
    # Bytes that no decompressor has written.
    ('deflate.mxl', changed(packed(b'\xff' * 99), 10, b'\x08')),
    ('lzma.mxl', changed(packed(b'\xff' * 99), 10, b'\x0e')),
  ],
)
def test_songs_that_cannot_be_read(tmp_path, name, content):
  (tmp_path / name).write_bytes(content)
  with pytest.raises(UserError, match=rf'{name}: not MusicXML, or damaged \(.+\); remove it\.'):
    songs.read(tmp_path / name)


def test_a_song_that_would_take_all_memory_is_not_read(tmp_path):
  content = packed(b'\n' * (songs._MOST_BYTES + 1), compression=zipfile.ZIP_DEFLATED)
  (tmp_path / 'bomb.mxl').write_bytes(content)
  with pytest.raises(UserError, match=r'bomb\.mxl: not MusicXML, or damaged \(.+\); remove it\.'):
    songs.read(tmp_path / 'bomb.mxl')


@pytest.mark.parametrize(
  'odd',
  [
    '<creator ' * 50_000,
    '<creator ' + 'type="composer"' * 50_000,
    f'<creator type="composer">{"(" * 100_000}</creator>',
  ],
)
def test_the_search_for_a_composer_ends(odd):
  """With quadratic time each of these would take minutes."""
  assert songs.composer(odd, 'lc1.mxl') == 'lc1'
  assert songs.composer(odd + "<creator type='composer'>Clara Example</creator>", 'x') == 'example'


needs_verovio = pytest.mark.skipif(
  any(importlib.util.find_spec(name) is None for name in ('verovio', 'resvg_py')),
  reason="Verovio is not installed: pip install 'omr_jax[engrave]'",
)


@pytest.fixture(scope='module')
def page():
  from tfds_builders.typeset import engraving

  (page,) = engraving.pages(music(), 'song', test=True)
  return page


@needs_verovio
def test_a_page_has_what_the_music_has(page):
  counts = collections.Counter(symbol.label for symbol in page.symbols)
  assert page.font == 'Leland'
  # Two staves of 12 quarter notes; two flats, a clef and a time signature each; three bar lines on
  # each staff, the last one double, and a separator for each pair; one line at the left of both.
  expected = {
    'noteheadFull': 24, 'stem': 24, 'gClef': 2, 'accidentalFlat': 4, 'keySignature': 2,
    'numeral4': 4, 'timeSignature': 2, 'measureSeparator': 3, 'barline': 2 * 3 + 1,
    'barlineHeavy': 2, 'staffGrouping': 1,
  }  # fmt: skip
  assert {label: counts[label] for label in expected} == expected
  assert set(counts) <= set(CLASSES)


@needs_verovio
def test_staves_of_a_page(page):
  found = page.structure
  assert found.systems == [[0, 1]] and len(found.measures) == 6
  for staff in found.staves:
    np.testing.assert_allclose(np.diff(staff[:, 0, 1]), found.staff_space)
    for line in staff:
      x, y = line[1].astype(int)  # Left of all symbols but the line of the system.
      assert page.picture[y - 1 : y + 2, x].min() < 128


@needs_verovio
def test_boxes_of_a_page_hold_its_ink(page):
  dark = page.picture < 128
  for label, box in page.symbols:
    left, top, right, bottom = (round(edge) for edge in box)
    inside = dark[top : max(bottom, top + 1), left : max(right, left + 1)]
    assert inside.any(), label
    if label in ('noteheadFull', 'gClef', 'accidentalFlat', 'numeral4'):
      # Ink comes within a pixel of every edge.
      for edge in (inside[:2], inside[-2:], inside[:, :2], inside[:, -2:]):
        assert edge.any(), label
  # What is in no box and on no staff is white: but for the words, whose boxes may be a pixel off.
  for _, box in page.symbols:
    left, top, right, bottom = (round(edge) for edge in box)
    dark[top - 1 : bottom + 1, left - 1 : right + 1] = False
  for staff in page.structure.staves:
    for y in staff[:, 0, 1]:
      dark[int(y) - 2 : int(y) + 3] = False
  assert not dark.any()


@needs_verovio
def test_boxes_are_exact_to_a_fraction_of_a_pixel(page):
  dark = 1 - page.picture / 255
  stems = [box for label, box in page.symbols if label == 'stem']
  assert stems
  for left, top, right, bottom in stems:
    # Across a line the ink adds up to its width, and most rows have nothing but the stem.
    near = slice(int(left) - 1, int(right) + 2)
    across = dark[int(top) + 1 : int(bottom) - 1, near].sum(1)
    np.testing.assert_allclose(np.median(across), right - left, atol=0.2)
    assert right - left != round(right - left)


@needs_verovio
def test_prepared_data(tmp_path, monkeypatch):
  from tfds_builders import typeset
  from tfds_builders.typeset import engraving

  def call(function, name, remedy):
    if name == 'd.musicxml' and function.func is engraving.pages_of:
      raise isolated.Ended(f'{name}: crashes; {remedy}.')
    return function()

  monkeypatch.setattr(isolated, 'call', call)  # Without a process of its own.
  raw_dir = write(tmp_path / 'raw', ['a', 'b'])
  creator = '<identification><creator type="composer">Some a</creator></identification>'
  (raw_dir / 'c.musicxml').write_text(f'<score-partwise>{creator}</score-partwise>')
  (raw_dir / 'd.musicxml').write_text(music('Some b'))
  (raw_dir / 'e.mxl').write_bytes(b'PK')
  builder = typeset.prepare('composers', tmp_path / 'data', raw_dir)
  counts = {name: split.num_examples for name, split in builder.info.splits.items()}
  assert sum(counts.values()) == 3 and set(counts) == {'train', 'validation', 'test'}
  (test,) = builder.as_data_source(split='test')
  (train,) = builder.as_data_source(split='train')
  assert test['font'] == b'Leland' != train['font']
  assert test['group'] != train['group']
  assert test['boxes'].dtype == np.float32 and test['labels'].dtype == np.int32
  assert test['boxes'].shape == (len(test['labels']), 4)
  picture = np.asarray(Image.open(io.BytesIO(test['image'])))
  assert typeset.structure(test, *picture.shape).systems == [[0, 1]]
  first, *others = builder.info.metadata['left_out']
  assert first.startswith(f'{raw_dir}/e.mxl: not MusicXML, or damaged (')
  left_out = ['c.musicxml: no staff of five lines on page 1.', 'd.musicxml: crashes; remove it.']
  assert sorted(others) == left_out
  # The class alone, as the functions of TFDS use it, has one folder for all songs.
  place = {'data_dir': builder.data_path.parents[2], 'raw_dir': raw_dir}
  typeset.Builder(**place).as_data_source(split='test')
  (raw_dir / 'e.mxl').unlink()
  with pytest.raises(UserError, match='prepared from other raw data than that in'):
    typeset.Builder(**place).as_data_source(split='test')
  with pytest.raises(UserError, match='no song for validation and test could be typeset'):
    typeset.refuse_empty({'train': 2, 'validation': 0, 'test': 0})
