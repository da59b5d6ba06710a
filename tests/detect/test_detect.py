"""`omr detect`: what it writes for pages, other pictures and broken files, and its comparison."""

import json
import shutil
import xml.etree.ElementTree as ElementTree

import drawn_music
import hand_made_detector
import numpy as np
import pytest
from PIL import Image

from omr_jax.detect import __main__ as detect
from omr_jax.detect import files, finders, pages, resumed, rows
from omr_jax.errors import UserError
from omr_jax.inputs import whole_pages
from omr_jax.predict import detector
from omr_jax.structure import structure_json
from omr_jax.synthetic import papers


def run(capsys, *arguments):
  """Exit code, standard output and what was said."""
  code = detect.main([str(argument) for argument in arguments])
  out, err = capsys.readouterr()
  return code, out, err


@pytest.fixture(scope='module', autouse=True)
def a_detector_made_by_hand():
  """So that what is found on a page is known: five symbols of four classes."""
  with pytest.MonkeyPatch.context() as patch:
    load, made = detector.load, hand_made_detector.detector()
    patch.setattr(
      detector, 'load', lambda name, *more: made if name == 'pages' else load(name, *more)
    )
    yield


@pytest.fixture(scope='module')
def found(tmp_path_factory):
  """The results for a page, the same page in another folder, a page of text, and a broken file."""
  folder = tmp_path_factory.mktemp('scans')
  (folder / 'more').mkdir()
  Image.fromarray(drawn_music.page()).save(folder / 'page.png')
  Image.fromarray(drawn_music.page()).save(folder / 'more/Page.png')
  text = papers.text(np.random.default_rng(0), 800, 600)
  Image.fromarray(text).save(folder / 'text.png')
  (folder / 'broken.jpg').write_bytes(b'\xff\xd8\xff\xe0 no picture')
  out = folder.parent / f'{folder.name}-found'
  assert detect.main([str(folder), '--out', str(out)]) == 0
  return out


def test_every_page_has_a_row(found):
  rows = [json.loads(line) for line in (found / 'pages.jsonl').read_text().splitlines()]
  broken, page, text, again = rows
  assert broken['path'].endswith('broken.jpg') and 'broken.jpg: ' in broken['error']
  assert set(broken) == {'path', 'page', 'error'}
  for row, folder in ((page, 'page'), (again, 'Page~2')):
    counts = {'class': 'scores', 'staves': 4, 'systems': 2, 'measures': 16}
    assert row | counts | {'folder': folder} == row
    assert row['confidence'] > 0.5
  assert text['class'] == 'other' and text['staves'] == 0


def test_the_structure_is_that_of_the_page(found):
  value = structure_json.read(found / 'page/structure.json')
  assert (value.width, value.height, value.systems) == (920, 900, drawn_music.SYSTEMS)
  assert structure_json.read(found / 'text/structure.json').staves == []


def test_the_overlay_shows_what_was_found(found):
  root = ElementTree.parse(found / 'page/overlay.svg').getroot()
  kinds = [each.get('class') for each in root.iter() if each.get('class')]
  assert [kinds.count(kind) for kind in ('staff', 'measure', 'system')] == [4, 16, 2]
  (picture,) = root.iter('{http://www.w3.org/2000/svg}image')
  assert (picture.get('width'), picture.get('height')) == ('920', '900')
  assert picture.get('href').startswith('data:image/jpeg;base64,')
  empty = ElementTree.parse(found / 'text/overlay.svg').getroot()
  assert not [each for each in empty.iter() if each.get('class')]


def test_symbols_are_written(tmp_path, capsys):
  picture = Image.fromarray(drawn_music.page())
  picture.save(tmp_path / 'page.png')
  Image.new('L', (300, 200), 255).save(tmp_path / 'blank.png')
  out = tmp_path / 'found'
  paths = tmp_path / 'page.png', tmp_path / 'blank.png'
  code, _, said = run(capsys, *paths, '--out', out)
  assert code == 0 and '4 staves, 5 symbols, in ' in said
  page, blank = [json.loads(line) for line in (out / 'pages.jsonl').read_text().splitlines()]
  assert (page['symbols'], blank['symbols']) == (5, 0) and 'note' not in page | blank
  assert {path.name for path in (out / 'blank').iterdir()} == set(files.NAMES)
  # A page without music has no symbols, but all classes.
  value = json.loads((out / 'blank/page.json').read_text())
  assert value['annotations'] == [] and len(value['categories']) == 4
  # What was found is its own truth.
  code, table, _ = run(capsys, '--compare', out, out)
  assert code == 0 and '| noteheadFull | 2 | 2 | 100.0 |' in table and '| staff | 4 | 4 |' in table
  # A higher threshold finds nothing.
  code, _, said = run(capsys, paths[0], '--out', out, '--model', 'pages', '--threshold', '0.9')
  assert code == 0 and '4 staves, 0 symbols, in ' in said


def test_a_page_of_music_without_staves_says_why_it_has_no_symbols(tmp_path):
  page = tmp_path / 'page.png'
  Image.new('L', (300, 200), 255).save(page)
  find = finders.here(lambda _: GATE, hand_made_detector.detector(), None)
  (row,) = rows.rows(find, [str(page)], tmp_path)
  assert row['symbols'] == 0 and row['note'].startswith('without staves the size of symbols')


def test_large_pages_are_reduced_and_their_structure_enlarged():
  page = whole_pages.reduced(Image.fromarray(drawn_music.page()), side=460)
  assert (page.picture.shape, page.factor, page.size) == ((450, 460, 3), 2, (920, 900))
  found = pages.detected(lambda _: GATE, hand_made_detector.detector(), page)
  assert (found.structure.width, found.structure.height) == (920, 900)
  assert found.structure.staff_space == pytest.approx(16, abs=0.5)
  for staff, expected in zip(found.structure.staves, drawn_music.structure().staves, strict=True):
    assert np.abs(staff[:, :, 1].mean(1) - expected[:, :, 1].mean(1)).max() < 2


class GATE:
  label, confidence = 'scores', 1.0


def test_it_runs_again_into_its_own_folder_alone(found, tmp_path, capsys):
  page, out = tmp_path / 'page.png', tmp_path / 'found'
  Image.fromarray(drawn_music.page()).save(page)
  shutil.copytree(found, out)
  (out / 'text/mine.txt').touch()
  (tmp_path / 'beside').mkdir()
  (tmp_path / 'beside/structure.json').touch()
  (out / 'link').symlink_to(tmp_path / 'beside')
  (out / 'unlisted').mkdir()
  (out / 'unlisted/structure.json').touch()
  with (out / 'pages.jsonl').open('a') as file:
    for folder in (
      '../beside',
      str(tmp_path / 'beside'),
      'link',
      '..',
      '',
      'lost',
      'a\0',
      '\ud800',
      999 * 'a',
      5,
    ):
      file.write(json.dumps({'folder': folder}) + '\n')
    file.write('[]\nnot JSON\n')
  code, _, said = run(capsys, page, '--out', out)
  assert code == 0 and '1 page in' in said and '4 staves' in said
  # Of the earlier pages nothing is left. What the command has not written stays.
  left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*.*'))
  assert left == [
    'beside/structure.json',
    *(f'found/page/{name}' for name in sorted(files.NAMES)),
    'found/pages.jsonl',
    'found/pages.jsonl.settings',
    'found/text/mine.txt',
    'found/unlisted/structure.json',
    'page.png',
  ]
  assert not (out / 'Page~2').exists()
  (tmp_path / 'other').mkdir()
  (tmp_path / 'other/letter.txt').touch()
  code, _, said = run(capsys, page, '--out', tmp_path / 'other')
  assert code == 2 and 'other: holds other files; choose another --out' in said


def test_a_run_that_was_ended_is_replaced(tmp_path, capsys, monkeypatch):
  paths = [tmp_path / f'{name}.png' for name in 'abc']
  for path in paths:
    Image.new('L', (9, 9), 255).save(path)
  detected, calls = pages.detected, []

  def ends(*given, **more):
    calls.append(given)
    if len(calls) == 3:
      raise KeyboardInterrupt
    return detected(*given, **more)

  monkeypatch.setattr(pages, 'detected', ends)
  out = tmp_path / 'found'
  code, _, said = run(capsys, *paths, '--out', out)
  assert code == 1 and 'stopped.' in said
  unfinished = {'pages.jsonl.part', 'pages.jsonl.settings'}
  assert {path.name for path in out.iterdir()} == {'a', 'b', *unfinished}
  code, *_ = run(capsys, paths[2], '--out', out)
  assert code == 0 and {path.name for path in out.iterdir()} == {
    'c',
    'pages.jsonl',
    'pages.jsonl.settings',
  }


@pytest.fixture
def three_pages(tmp_path, monkeypatch):
  """Paths of three pages, and the calls of `pages.detected`, of which the third ends the run."""
  paths = [tmp_path / name for name in ('a.png', 'b.tif', 'c.png')]
  for path in paths:
    Image.new('L', (9, 9), 255).save(path)
  frames = [Image.new('L', (9, size), 255) for size in (9, 10, 11)]
  frames[0].save(paths[1], save_all=True, append_images=frames[1:])
  detected, calls = pages.detected, []

  def ends(*given, **more):
    calls.append(given)
    if len(calls) == 4:
      raise KeyboardInterrupt
    return detected(*given, **more)

  monkeypatch.setattr(pages, 'detected', ends)
  return paths, calls


def test_a_run_that_was_ended_goes_on(three_pages, tmp_path, capsys):
  """It ends at page 3 of b.tif. Page 2 is the last row, so its files may be missing."""
  paths, calls = three_pages
  out, whole = tmp_path / 'found', tmp_path / 'whole'
  assert run(capsys, *paths, '--out', out)[0] == 1
  shutil.rmtree(out / 'b-2')
  with (out / 'pages.jsonl.part').open('a') as file:
    file.write('{"path": "half')  # As after a kill.
  lines = (out / 'pages.jsonl.part').read_text().splitlines()
  assert len(lines) == 4
  code, _, said = run(capsys, *paths, '--out', out, '--resume')
  assert code == 0 and '5 pages in ' in said and ' 3 of them before, 0 of them not read' in said
  assert len(calls) == 4 + 2  # Pages 3 of b.tif and c.png.
  assert run(capsys, *paths, '--out', whole)[0] == 0
  names = {path.name for path in whole.iterdir()}
  assert names == {'a', 'b', 'b-2', 'b-3', 'c', 'pages.jsonl', 'pages.jsonl.settings'}
  assert (out / 'pages.jsonl').read_text() == (whole / 'pages.jsonl').read_text()


def test_a_finished_run_goes_on_with_more_files_alone(tmp_path, capsys):
  a, b, c = (tmp_path / f'{name}.png' for name in 'abc')
  for path in (a, b, c):
    Image.new('L', (9, 9), 255).save(path)
  out = tmp_path / 'found'
  assert run(capsys, a, b, '--out', out)[0] == 0
  rows = (out / 'pages.jsonl').read_text()
  first = (out / 'b/page.json').stat().st_ino
  code, _, said = run(capsys, a, b, '--out', out, '--resume')
  assert code == 0 and '2 pages in ' in said and ' 2 of them before' in said
  for others in ([b], [a], [c, a, b]):
    code, _, said = run(capsys, *others, '--out', out, '--resume')
    assert code == 2 and 'was looked at before, and is not the next file now' in said
    assert (out / 'pages.jsonl').read_text() == rows and (out / 'a/page.json').exists()
  code, _, said = run(capsys, a, b, c, '--out', out, '--resume')
  assert code == 0 and '3 pages in ' in said
  assert (out / 'pages.jsonl').read_text().startswith(rows)
  assert (out / 'b/page.json').stat().st_ino == first and (out / 'c/page.json').exists()
  (out / 'pages.jsonl.settings').unlink()  # As earlier versions did.
  code, _, said = run(capsys, a, '--out', out, '--resume')
  assert code == 2 and 'leave out --resume to begin anew' in said


def test_what_does_not_fit_an_ended_run_is_refused(three_pages, tmp_path, capsys):
  paths, _ = three_pages
  out = tmp_path / 'found'
  assert run(capsys, *paths, '--out', out)[0] == 1
  kept = (out / 'pages.jsonl.part').read_text()
  for changed, words in (
    ([*paths, '--threshold', '0.5'], 'was begun with another threshold; leave out --resume'),
    ([paths[1]], 'a.png: was looked at before, and is not the next file now'),
  ):
    code, _, said = run(capsys, *changed, '--out', out, '--resume')
    assert code == 2 and words in said
  assert kept.startswith((out / 'pages.jsonl.part').read_text())
  # Each folder is in a row, also after a refusal: of the last page both are gone.
  rows_left = [json.loads(line) for line in (out / 'pages.jsonl.part').read_text().splitlines()]
  shown = {path.name for path in out.iterdir() if path.is_dir()}
  assert shown == {row['folder'] for row in rows_left}
  (out / 'pages.jsonl.part').write_text('[]\n{}\n')
  code, _, said = run(capsys, *paths, '--out', out, '--resume')
  assert code == 2 and 'pages.jsonl.part: is damaged; leave out --resume' in said


def test_an_ended_run_in_another_current_folder_is_refused(
  three_pages, tmp_path, capsys, monkeypatch
):
  """There a relative name may lead to another file."""
  (tmp_path / 'elsewhere').mkdir()
  out = tmp_path / 'found'
  monkeypatch.chdir(tmp_path)
  assert run(capsys, 'a.png', 'b.tif', 'c.png', '--out', out)[0] == 1
  monkeypatch.chdir(tmp_path / 'elsewhere')
  code, _, said = run(capsys, 'a.png', 'b.tif', 'c.png', '--out', out, '--resume')
  assert code == 2 and 'was begun with another current folder; leave out --resume' in said


def test_a_page_after_one_that_could_not_be_read_keeps_its_name(tmp_path):
  """Rows of errors have no folder, so that no name is taken."""
  path = tmp_path / 'none.png'
  Image.new('L', (9, 9), 255).save(path)
  before = [{'path': 'b.png', 'page': 1, 'error': 'b.png: is broken'}]
  find = finders.here(lambda _: GATE, hand_made_detector.detector(), None)
  (row,) = rows.rows(find, ['b.png', str(path)], tmp_path / 'out', before)
  assert row['folder'] == 'none'


def test_files_that_remain():
  done = [{'path': path, 'page': page} for path, page in (('a', 1), ('b', 1), ('b', 2))]
  assert list(resumed.remaining('abcd', done)) == [('b', 2), ('c', 0), ('d', 0)]
  assert list(resumed.remaining('ab', [])) == [('a', 0), ('b', 0)]
  with pytest.raises(UserError, match='b: was looked at before'):
    list(resumed.remaining('a', done))


def test_long_names_are_cut():
  used = set()
  first, second = (rows._name(f'{"ä" * 120}{end}.pdf', 12345, used) for end in 'xy')
  assert first == f'{"ä" * 100}-12345' and second == f'{"ä" * 100}-12345~2'


@pytest.mark.parametrize(
  ('arguments', 'words'),
  [
    (['page.png'], 'give PATH and --out, or --compare'),
    (['--out', 'x'], 'give PATH and --out'),
    (['--compare', 'a', 'b', '--out', 'x'], '--compare takes two folders'),
    (['--compare', 'a', 'b', '--model', 'x'], '--compare takes two folders'),
    (['page.png', '--out', 'x', '--threshold', 'nan'], 'threshold: nan; give a confidence from'),
    (['page.png', '--out', 'x', '--model', 'scores'], 'scores: finds no symbols on pages'),
    (['--compare', 'a', 'b', '--iou', '2'], '--iou: 2 is not above 0'),
    (['page.png', '--out', 'x', '--iou', '0.5'], '--iou is for --compare; leave it out'),
  ],
)
def test_bad_arguments_are_refused(capsys, arguments, words):
  code, _, said = run(capsys, *arguments)
  assert code == 2 and words in said


def test_a_folder_that_cannot_be_made_is_refused(tmp_path, capsys):
  (tmp_path / 'file').touch()
  code, _, said = run(capsys, tmp_path, '--out', tmp_path / 'file/found')
  assert code == 2 and 'found: cannot be used (Not a directory); choose another --out' in said


def test_no_page_is_written_beside_its_place(tmp_path, capsys):
  names = ('..png', '...png', 'pages.jsonl.png')
  for name in names:
    Image.new('L', (9, 9), 255).save(tmp_path / name, 'PNG')
  out = tmp_path / 'out/found'
  code, *_ = run(capsys, *(tmp_path / name for name in names), '--out', out)
  assert code == 0 and [path.name for path in out.parent.iterdir()] == ['found']
  found = {path.name for path in out.iterdir()}
  assert found == {'page', 'page~2', 'pages.jsonl', 'pages.jsonl.settings', 'pages.jsonl~2'}
