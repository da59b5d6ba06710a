"""Answers for files, folders, and names on standard input."""

import csv
import io
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from conftest import picture_file
from PIL import Image

from omr_jax import listing, pages, predict, prepare, report, trained
from omr_jax.errors import UserError


@pytest.fixture
def folder(tmp_path) -> Path:
  """Good and bad files; `other` kinds and hidden ones are no pictures."""
  content = {
    'b.png': picture_file(1, stripes=True),
    'a.PNG': picture_file(2, stripes=False),
    'broken.jpg': b'\xff\xd8\xff\xe0 no picture',
    'deep/er/c.png': picture_file(3, stripes=True),
    'deep/empty.png': b'',
    'notes.txt': b'no picture',
    '.hidden.png': b'',
    '__MACOSX/x.png': b'',
  }
  for name, data in content.items():
    path = tmp_path / 'photos' / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
  return tmp_path / 'photos'


def run(capsys, *arguments):
  """Exit code, rows and what was said."""
  code = predict.main([str(argument) for argument in arguments])
  out, err = capsys.readouterr()
  return code, [json.loads(line) for line in out.splitlines()], err


def test_files_of_a_folder(folder):
  found = listing.files([str(folder)], (), listing.PICTURES)
  names = [path.relative_to(folder).as_posix() for path in found]
  assert names == ['a.PNG', 'b.png', 'broken.jpg', 'deep/empty.png', 'deep/er/c.png']


def test_files_of_standard_input(folder):
  names = [f'{folder}/b.png\n', '\n', f'{folder}/deep\r\n', f'{folder}/missing.png']
  found = [str(p) for p in listing.files(['x.gif', '-'], names, listing.PICTURES)]
  deep = [f'{folder}/deep/empty.png', f'{folder}/deep/er/c.png']
  assert found == ['x.gif', f'{folder}/b.png', *deep, f'{folder}/missing.png']


def test_links_to_folders_are_not_followed(folder):
  (folder / 'deep/loop').symlink_to(folder)
  assert len(list(listing.files([str(folder)], (), listing.PICTURES))) == 5


def test_names_are_not_gathered():
  def endless():
    while True:
      yield 'x.png'

  assert len(list(islice(listing.files(['-'], endless(), listing.PICTURES), 1000))) == 1000


def test_rows(score_run, folder, capsys):
  code, rows, said = run(capsys, '--model', score_run, folder, folder / 'missing.png')
  assert code == 0
  assert [Path(row['path']).name for row in rows] == [
    *('a.PNG', 'b.png', 'broken.jpg', 'empty.png', 'c.png', 'missing.png')
  ]
  assert {row['page'] for row in rows} == {1}
  answered = [row for row in rows if 'error' not in row]
  assert [row['class'] for row in answered] == ['other', 'scores', 'scores']
  assert all(0 < row['confidence'] <= 1 for row in answered)
  for row in rows:
    assert ('class' in row) != ('error' in row)
  assert 'missing.png' in rows[-1]['error']
  assert '6 pages' in said and '3 of them not read' in said


def test_answers_are_those_of_the_test(score_run, picture_folders):
  """More pictures than two batches, and the last one not full."""
  finished = report.read(score_run)
  paths = [picture_folders[1] / name for name in finished.test_ids]
  twice = [*paths, *paths]
  assert len(twice) > 2 * predict._BATCH and len(twice) % predict._BATCH
  rows = list(predict.answers(str(score_run), twice))
  assert [row['path'] for row in rows] == [str(path) for path in twice]
  rows = rows[len(paths) :]
  assert [row['class'] for row in rows] == [finished.classes[i] for i in finished.test_predicted]
  with (score_run / 'report/test_predictions.csv').open(newline='') as file:
    confidence = [float(row['confidence']) for row in csv.DictReader(file)]
  np.testing.assert_allclose([row['confidence'] for row in rows], confidence, atol=1e-4)


def test_pages_of_a_document(score_run, tmp_path, capsys):
  first, *rest = (
    Image.open(io.BytesIO(picture_file(n, stripes=n % 2 == 0))).convert('RGB') for n in range(20)
  )
  first.save(tmp_path / 'book.tiff', save_all=True, append_images=rest)
  _, rows, _ = run(capsys, '--model', score_run, tmp_path / 'book.tiff')
  assert [row['page'] for row in rows] == list(range(1, 21))
  assert [row['class'] for row in rows] == ['scores', 'other'] * 10


def test_later_pages_are_read_when_their_turn_comes():
  """A document of a million pages never is in memory."""
  read = []

  def endless(path):
    for number in range(1, 10**6):
      read.append(number)
      yield number, UserError('x')

  found = prepare.in_order(endless, [Path('a')] * 3)
  assert [page.number for page in islice(found, 5)] == [1, 2, 3, 4, 5]
  assert max(read) == 5
  found.close()


def test_few_files_are_read_ahead():
  opened = []

  def one(path):
    opened.append(path)
    yield 1, UserError('x')

  found = prepare.in_order(one, (Path(str(n)) for n in range(10**6)))
  assert [page.path.name for page in islice(found, 100)] == [str(n) for n in range(100)]
  found.close()
  assert len(opened) <= 100 + prepare._AHEAD * (prepare.os.cpu_count() or 1)


def test_csv_in_a_file(score_run, folder, tmp_path, capsys):
  out = tmp_path / 'answers.csv'
  assert run(capsys, '--model', score_run, '--format', 'csv', '--out', out, folder)[0] == 0
  with out.open(newline='') as file:
    rows = list(csv.DictReader(file))
  assert tuple(rows[0]) == ('path', 'page', 'class', 'confidence', 'error')
  assert [bool(row['error']) for row in rows] == [False, False, True, True, False]
  assert list(tmp_path.iterdir()) == [folder, out] or set(tmp_path.iterdir()) == {folder, out}


def test_stop_at_an_error_leaves_no_file(score_run, folder, tmp_path, capsys):
  out = tmp_path / 'answers.jsonl'
  arguments = ['--model', score_run, '--on_error', 'stop', '--out', out, folder]
  code, _, said = run(capsys, *arguments)
  assert code == 2 and 'broken.jpg' in said
  assert set(tmp_path.iterdir()) == {folder}


def test_no_model(folder, tmp_path, capsys):
  code, rows, said = run(capsys, '--model', tmp_path, folder)
  assert (code, rows) == (2, []) and 'config.json' in said


def test_reader_of_symbols(parts, config, tmp_path):
  """A stroke file and pictures of the same symbol, in both kinds of ink."""
  (tmp_path / '1-1.txt').write_text('Dot\n10,10;12,10;12,12;10,12;10,10;\n')
  picture = np.full((60, 60, 3), 255, np.uint8)
  picture[20:40, 28:32] = 0
  Image.fromarray(picture).save(tmp_path / 'line.png')
  Image.fromarray(255 - picture).save(tmp_path / 'chalk.png')
  Image.fromarray(np.full_like(picture, 255)).save(tmp_path / 'blank.png')
  (tmp_path / '2-2.txt').write_text('nonsense')
  read = prepare.reader(config, parts)
  seen = {
    name: list(read(tmp_path / name))
    for name in ('1-1.txt', 'line.png', 'chalk.png', 'blank.png', '2-2.txt', '3-3.txt')
  }
  for name in ('1-1.txt', 'line.png', 'chalk.png'):
    ((number, inputs),) = seen[name]
    assert number == 1 and inputs['image'].shape == parts.shape and inputs['size'].shape == (2,)
  np.testing.assert_array_equal(seen['line.png'][0][1]['image'], seen['chalk.png'][0][1]['image'])
  for name in ('blank.png', '2-2.txt', '3-3.txt'):
    ((_, error),) = seen[name]
    assert isinstance(error, UserError) and str(error).startswith(str(tmp_path / name))


def test_head_of_the_rows_ends_quietly(score_run, folder):
  command = [sys.executable, '-m', 'omr_jax.predict', '--model', str(score_run)]
  many = [str(folder / 'b.png')] * 3000
  with subprocess.Popen(
    [*command, *many], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
  ) as process:
    assert json.loads(process.stdout.readline())['class'] == 'scores'
    process.stdout.close()
    said = process.stderr.read()
  assert 'Traceback' not in said and process.returncode == 0


def test_trained_answers_need_a_finished_run(score_run, tmp_path):
  (tmp_path / 'config.json').write_bytes((score_run / 'config.json').read_bytes())
  with pytest.raises(UserError, match='no finished evaluation'):
    trained.answers(tmp_path)


def test_pdf(score_run, tmp_path, capsys):
  pytest.importorskip('pypdfium2', reason='PDFs need the extra [pdf]')
  picture = Image.open(io.BytesIO(picture_file(0, stripes=True))).convert('RGB')
  picture.save(tmp_path / 'a.pdf', save_all=True, append_images=[picture])
  _, rows, _ = run(capsys, '--model', score_run, tmp_path / 'a.pdf')
  assert [(row['page'], row['class']) for row in rows] == [(1, 'scores'), (2, 'scores')]
  assert pages.pypdfium2 is not None
