"""Answers for files, folders, and names on standard input."""

import contextlib
import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import types
from itertools import islice
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image
from small_runs import picture_file, small_score_config
from waiting import HANG

import omr_jax
from omr_jax.errors import UserError
from omr_jax.evaluation import finished_run
from omr_jax.predict import __main__ as predict
from omr_jax.predict import answers, classifier, from_run, prepare
from omr_jax.recipe import recipe


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
  finished = finished_run.read(score_run)
  paths = [picture_folders[1] / name for name in finished.test_ids]
  twice = [*paths, *paths]
  assert len(twice) > 2 * classifier.BATCH and len(twice) % classifier.BATCH
  rows = list(answers.answers(classifier.load(score_run), twice))
  assert [row['path'] for row in rows] == [str(path) for path in twice]
  rows = rows[len(paths) :]
  assert [row['class'] for row in rows] == [finished.classes[i] for i in finished.test_predicted]
  with (score_run / 'report/test_predictions.csv').open(newline='') as file:
    confidence = [float(row['confidence']) for row in csv.DictReader(file)]
  found = np.array([row['confidence'] for row in rows])
  # Scores are grey here, others coloured: their brightness is rounded before the resize, not after.
  grey = finished.test_labels == 1
  np.testing.assert_allclose(found[grey], np.array(confidence)[grey], atol=1e-4)
  np.testing.assert_allclose(found, confidence, atol=0.03)


def test_pages_of_a_document(score_run, tmp_path, capsys):
  first, *rest = (
    Image.open(io.BytesIO(picture_file(n, stripes=n % 2 == 0))).convert('RGB') for n in range(20)
  )
  first.save(tmp_path / 'book.tiff', save_all=True, append_images=rest)
  _, rows, _ = run(capsys, '--model', score_run, tmp_path / 'book.tiff')
  assert [row['page'] for row in rows] == list(range(1, 21))
  assert [row['class'] for row in rows] == ['scores', 'other'] * 10


def test_a_clock_that_stands_still_is_no_error(score_run, tmp_path, capsys, monkeypatch):
  monkeypatch.setattr(predict, 'time', types.SimpleNamespace(monotonic=lambda: 5.0))
  code, rows, said = run(capsys, '--model', score_run, tmp_path)
  assert (code, rows) == (0, []) and '0 pages in 0.0 s (0 pages/s)' in said


def test_pages_are_read_when_their_turn_comes():
  """A document of a million pages never is in memory, nor are many files."""
  read, opened = [], []

  def endless(path):
    opened.append(path)
    for number in range(1, 10**6):
      read.append((path, number))
      yield number, UserError('x')

  with contextlib.closing(prepare.batches(endless, map(str, range(10**6)), 1)) as found:
    first = [(page.path, page.number) for (page,) in islice(found, 101)]
    assert first == [('0', number) for number in range(1, 102)]
  files = prepare._AHEAD * prepare.machine.cores()
  assert sorted(map(int, opened)) == list(range(files))
  # Pages 101 to 104 are at hand, the next four may be; of the other files the first four.
  assert max(number for path, number in read if path == '0') <= 104 + prepare._PAGES
  assert max(number for path, number in read if path != '0') == prepare._PAGES


def test_files_of_any_length_keep_their_order():
  """Slow ones too; 4 and 8 pages are just as many as are read at a time."""
  lengths = [0, 1, 3, 4, 5, 8, 9, 2] * 6

  def read(path):
    for number in range(1, lengths[int(path)] + 1):
      time.sleep(0.002 * (int(path) % 3 == 0))
      yield number, UserError('x')

  batches = prepare.batches(read, map(str, range(48)), 1)
  found = [(page.path, page.number) for (page,) in batches]
  assert found == [(str(n), page) for n in range(48) for page in range(1, lengths[n] + 1)]


def test_pages_do_not_wait_for_a_slow_one(monkeypatch):
  """The third of four is read when the first two have been seen."""
  monkeypatch.setattr(prepare, '_PATIENCE', 0.01)
  seen = threading.Event()

  def read(path):
    if path == '2':
      assert seen.wait(60)
    yield 1, UserError('x')

  found = prepare.batches(read, map(str, range(4)), 3)
  assert [page.path for page in next(found)] == ['0', '1']
  seen.set()
  assert [page.path for batch in found for page in batch] == ['2', '3']


def test_batches_are_full_where_nothing_takes_long(monkeypatch):
  monkeypatch.setattr(prepare, '_PATIENCE', 60)
  read = lambda path: iter([(1, UserError('x'))])  # noqa: E731
  assert [len(batch) for batch in prepare.batches(read, map(str, range(20)), 8)] == [8, 8, 4]


def used_blocks():
  """Pillow's blocks of memory."""
  stats = Image.core.get_stats()
  return stats['allocated_blocks'] - stats['freed_blocks'] - stats['blocks_cached']


@pytest.mark.parametrize(('even', 'channels'), [(True, 1), (False, 3)])
def test_networks_read_colour_or_brightness(tmp_path, even, channels):
  config = small_score_config()
  config.model.even = even
  (tmp_path / 'a.png').write_bytes(picture_file(2, stripes=False))
  made = recipe.create(config)
  rule = prepare.Rule(made.task, made.picture, ('views',))
  ((_, inputs),) = prepare.pages(str(tmp_path / 'a.png'), 'a.png', rule)
  assert inputs['views'].shape == (5, 16, 16, channels)


def test_waiting_pages_hold_no_large_picture(score_run, tmp_path):
  """What waits are views of 16x16, not the 12 MB that a frame has, nor 36 MB as an array."""
  Image.new('L', (4000, 3000)).save(
    tmp_path / 'a.tiff', save_all=True, append_images=[Image.new('L', (4000, 3000))] * 8
  )
  rule = classifier.load(score_run).model.rule
  blocks = used_blocks()
  tracemalloc.start()
  try:
    found = prepare.pages(str(tmp_path / 'a.tiff'), 'a.tiff', rule)
    kept = list(islice(found, 2))
    assert [number for number, _ in kept] == [1, 2]
    assert used_blocks() == blocks
    assert tracemalloc.get_traced_memory()[0] < 4e6
  finally:
    tracemalloc.stop()


def test_csv_in_a_file(score_run, folder, tmp_path, capsys):
  out = tmp_path / 'answers.csv'
  assert run(capsys, '--model', score_run, '--format', 'csv', '--out', out, folder)[0] == 0
  with out.open(newline='') as file:
    rows = list(csv.DictReader(file))
  assert tuple(rows[0]) == ('path', 'page', 'class', 'confidence', 'error', 'sure', 'unknown')
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


def test_pages_of_symbols(parts, tmp_path):
  """A stroke file and pictures of the same symbol, in both kinds of ink."""
  (tmp_path / '1-1.txt').write_text('Dot\n10,10;12,10;12,12;10,12;10,10;\n')
  picture = np.full((60, 60, 3), 255, np.uint8)
  picture[20:40, 28:32] = 0
  Image.fromarray(picture).save(tmp_path / 'line.png')
  Image.fromarray(255 - picture).save(tmp_path / 'chalk.png')
  Image.fromarray(np.full_like(picture, 255)).save(tmp_path / 'blank.png')
  (tmp_path / '2-2.txt').write_text('nonsense')
  rule = prepare.Rule(parts.task, parts.picture, ('image', 'size'))
  seen = {
    name: list(prepare.pages(str(tmp_path / name), name, rule))
    for name in ('1-1.txt', 'line.png', 'chalk.png', 'blank.png', '2-2.txt', '3-3.txt')
  }
  for name in ('1-1.txt', 'line.png', 'chalk.png'):
    ((number, inputs),) = seen[name]
    assert number == 1 and inputs['image'].shape == parts.shape and inputs['size'].shape == (2,)
  np.testing.assert_array_equal(seen['line.png'][0][1]['image'], seen['chalk.png'][0][1]['image'])
  for name in ('blank.png', '2-2.txt', '3-3.txt'):
    ((_, error),) = seen[name]
    assert isinstance(error, UserError) and str(error).startswith(name)


def test_head_of_the_rows_ends_quietly(folder):
  command = [sys.executable, '-m', 'omr_jax.predict']
  many = [str(folder / 'b.png')] * 3000
  with subprocess.Popen(
    [*command, *many], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
  ) as process:
    assert json.loads(process.stdout.readline())['path'] == many[0]
    process.stdout.close()
    said = process.stderr.read()
  assert 'Traceback' not in said and process.returncode == 0
  assert ' pages in ' not in said  # Nor how many there would have been.


def test_names_on_standard_input(score_run, folder, capsys, monkeypatch):
  """A name that is no UTF-8 too; its row says which file that is."""
  odd = os.fsencode(folder) + b'/\xff.png'
  with open(odd, 'wb') as file:
    file.write(picture_file(1, stripes=True))
  names = io.TextIOWrapper(io.BytesIO(odd + b'\nmissing.png\n'), 'utf-8')
  monkeypatch.setattr(sys, 'stdin', names)
  _, rows, _ = run(capsys, '--model', score_run, '-')
  assert [row.get('class') for row in rows] == ['scores', None]
  assert os.fsencode(rows[0]['path']) == odd and 'missing.png' in rows[1]['error']


def test_names_that_end_with_nul(score_run, folder, capsys, monkeypatch):
  names = io.TextIOWrapper(io.BytesIO(os.fsencode(folder / 'b.png') + b'\0odd\nname.png\0'))
  monkeypatch.setattr(sys, 'stdin', names)
  code, rows, _ = run(capsys, '--model', score_run, '-0', '-')
  assert code == 0 and [row.get('class') for row in rows] == ['scores', None]
  assert rows[1]['path'] == 'odd\nname.png'
  code, rows, said = run(capsys, '--model', score_run, '-0', folder)
  assert (code, rows) == (2, []) and '--null: is for names on standard input; give -' in said


def test_pipes_and_unreadable_folders_are_rows(score_run, tmp_path, capsys):
  (tmp_path / 'a').mkdir()
  os.mkfifo(tmp_path / 'a/pipe.png')  # Opening it would wait for ever.
  os.mkfifo(tmp_path / 'named')
  (tmp_path / 'loop.png').symlink_to('loop.png')
  code, rows, _ = run(
    capsys, *('--model', score_run, tmp_path / 'a', tmp_path / 'named', tmp_path / 'loop.png')
  )
  assert code == 0
  assert [Path(row['path']).name for row in rows] == ['pipe.png', 'named', 'loop.png']
  assert all(row['error'].startswith(row['path']) for row in rows)


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs a device that is always full')
def test_full_disk(score_run, folder, capsys):
  command = [sys.executable, '-m', 'omr_jax.predict', str(folder)]
  with open('/dev/full', 'w') as full:
    done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
  code, _, said = run(capsys, '--model', score_run, folder, '--out', '/dev/full')
  assert code == done.returncode == 2
  for text in (said, done.stderr):
    assert 'cannot be written (No space left' in text
    assert 'Traceback' not in text and 'Exception' not in text


def test_only_files_are_replaced(score_run, folder, tmp_path, capsys):
  pipe, link, target = tmp_path / 'pipe', tmp_path / 'link', tmp_path / 'target'
  os.mkfifo(pipe)
  target.write_text('{"path": "old.png", "page": 1, "error": "x"}\n')
  link.symlink_to(target)
  reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
  try:
    run(capsys, '--model', score_run, folder / 'b.png', '--out', pipe)
    assert json.loads(os.read(reader, 10_000))['class'] == 'scores'
  finally:
    os.close(reader)
  run(capsys, '--model', score_run, folder / 'b.png', '--out', link)
  assert pipe.is_fifo() and link.is_symlink()
  assert json.loads(target.read_text())['class'] == 'scores'


def test_interrupt_ends_in_a_line(folder):
  command = [sys.executable, '-m', 'omr_jax.predict', '-']
  # A shell's background jobs ignore it, and so would their children.
  before = signal.signal(signal.SIGINT, signal.default_int_handler)
  process = subprocess.Popen(
    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
  )
  signal.signal(signal.SIGINT, before)
  with process:
    # It waits for more after the first answers. Names and rows fit into the pipes: with more, it
    # would wait for this test to read rows, and this test for it to read names.
    process.stdin.write(f'{folder}/b.png\n'.encode() * 100)
    process.stdin.flush()
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=HANG)[1].decode()  # Reads the rows too, or they would wait.
  assert (process.returncode, said.split()) == (1, ['stopped.'])


def test_trained_answers_need_a_finished_run(score_run, tmp_path):
  (tmp_path / 'config.json').write_bytes((score_run / 'config.json').read_bytes())
  with pytest.raises(UserError, match='no finished evaluation'):
    from_run.describe(None, tmp_path)


def test_a_run_leaves_the_numbers_of_the_calling_program_alone(score_run):
  picture = np.zeros((20, 30, 3), np.uint8)
  expected = omr_jax.load(score_run)(picture).probabilities
  jax.config.update('jax_enable_x64', True)
  try:
    assert omr_jax.load(score_run)(picture).probabilities == expected
    assert jax.numpy.arange(3.0).dtype == 'float64'
  finally:
    jax.config.update('jax_enable_x64', False)


def test_pdf(score_run, tmp_path, capsys):
  pytest.importorskip('pypdfium2', reason='PDFs need the extra [pdf]')
  picture = Image.open(io.BytesIO(picture_file(0, stripes=True))).convert('RGB')
  picture.save(tmp_path / 'a.pdf', save_all=True, append_images=[picture])
  _, rows, _ = run(capsys, '--model', score_run, tmp_path / 'a.pdf')
  assert [(row['page'], row['class']) for row in rows] == [(1, 'scores'), (2, 'scores')]


def answers_of(*arguments, closed):
  """Of the command in a shell that closes a stream, as `>&-` does."""
  command = shlex.join([sys.executable, '-m', 'omr_jax.predict', *map(str, arguments)])
  return subprocess.run(['sh', '-c', f'exec {command} {closed}'], capture_output=True, text=True)


def test_closed_streams_are_told_in_a_line(folder):
  names = answers_of('-', closed='<&-')
  assert (names.returncode, names.stdout) == (2, '')
  assert names.stderr.strip().startswith('-: standard input is closed')
  rows = answers_of(folder / 'b.png', closed='>&-')
  assert (rows.returncode, rows.stdout) == (2, '')
  assert rows.stderr.strip().startswith('standard output: is closed')
  quiet = answers_of(folder / 'b.png', folder / 'broken.jpg', closed='2>&-')
  assert (quiet.returncode, quiet.stderr) == (0, '')
  assert [json.loads(row)['path'] for row in quiet.stdout.splitlines()] == [
    str(folder / name) for name in ('b.png', 'broken.jpg')
  ]


def test_streams_that_another_program_has_replaced(score_run, folder, monkeypatch):
  class Output:
    """Has no more than Python itself asks for."""

    def __init__(self):
      self.written = ''

    def write(self, text):
      self.written += text

    def flush(self):
      pass

  output = Output()
  monkeypatch.setattr(sys, 'stdout', output)
  monkeypatch.setattr(sys, 'stdin', io.StringIO(f'{folder}/b.png\n'))
  assert predict.main(['--model', str(score_run), '-']) == 0
  assert json.loads(output.written)['path'] == f'{folder}/b.png'


def test_pictures_are_not_replaced(score_run, folder, capsys):
  before = {path: path.read_bytes() for path in folder.rglob('*.*') if path.is_file()}
  picture = folder / 'b.png'
  for arguments, words in (
    ([picture, '--out', picture], 'holds no answers'),
    ([picture, '--out', folder / 'a.PNG'], 'holds no answers'),
    ([picture, '--overwrite', '--out', picture], 'one of the files that are read'),
    ([folder, '--overwrite', '--out', folder / 'deep/er/c.png'], 'one of the files that are read'),
  ):
    code, rows, said = run(capsys, '--model', score_run, *arguments)
    assert (code, rows) == (2, []) and words in said
  assert {path: path.read_bytes() for path in folder.rglob('*.*') if path.is_file()} == before


def test_what_is_left_out_of_a_folder_is_told(score_run, folder, capsys):
  _, _, said = run(capsys, '--model', score_run, folder)
  assert '; left out of the folders, as they are of other kinds: hidden (2), .txt (1)' in said


def test_one_bad_answer_is_an_error_of_its_page():
  """The network says nothing of the second of three."""
  model = classifier.load('scores')
  found = np.array([[0.5, 0.5], [np.nan, 0.5], [0.001, 0.999]])

  def run(inputs):
    return {'probabilities': found[inputs['views']]}

  broken = classifier.Classifier(model.model, run)
  pages = [{'views': np.array(number)} for number in range(3)]
  first, second, third = answers._asked(broken, pages)
  assert (first.probabilities['other'], third.label) == (0.5, 'scores')
  assert 'no probabilities' in str(second)
