"""Files that would take all memory, or hours, end a child process and not the program."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from PIL import Image
from test_documents import CATALOG, drawn, needs_pdf, pdf_of, plain, saved, stream, written
from waiting import wait_for

from omr_jax.errors import UserError
from omr_jax.inputs import child, child_process, documents, isolated, resizing
from omr_jax.utils import files, machine


@pytest.fixture
def limits(monkeypatch):
  """Of new children: 400 MB and a second."""
  isolated._end_all()
  monkeypatch.setattr(child, 'MEMORY', 400_000_000)
  monkeypatch.setattr(child, 'SECONDS', 1)
  yield
  isolated._end_all()


def only(path, **options):
  ((_, page),) = documents.pages(path, **options)
  return page


@needs_pdf
def test_a_form_that_draws_itself_twice(tmp_path, limits):
  entries = '/Type /XObject /Subtype /Form /BBox [0 0 100 200] /Resources '
  resources = '<< /XObject << /F 5 0 R >> >> '
  page = (
    f'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 200] /Contents 4 0 R /Resources {resources}'
  )
  content = pdf_of(
    CATALOG,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    f'{page}{resources}>>',
    stream('/F Do'),
    stream('/F Do /F Do', f'{entries}{resources}'),
  )
  path = written(tmp_path, content, 'twice.pdf')
  error = only(path)
  assert isinstance(error, isolated.Ended)
  assert str(error).startswith(f'{path}, page 1: reading it takes more than ')
  # The next file is read, by a child that is new.
  assert only(written(tmp_path, drawn(''), 'good.pdf')).shape == (1500, 750, 3)


def test_the_content_of_a_file_is_read_as_the_file(tmp_path, limits):
  noise = np.random.default_rng(0).integers(0, 256, (60, 40, 3), np.uint8)
  for file_format in ('PNG', 'TIFF'):
    path = written(tmp_path, saved([Image.fromarray(noise)], file_format))
    finish = partial(resizing.resized, height=9, width=7)
    found = documents.picture(path.read_bytes(), 'x', 8, finish)
    np.testing.assert_array_equal(found, only(path, least=8, finish=finish))
  assert len(isolated._idle) == 1  # The TIFF was read by a child, both times by the same one.


def test_content_that_ends_the_child(limits):
  """64 million black pixels as a TIFF: twice 256 MB in colour are more than the limit."""
  image = Image.new('RGB', (8000, 8000))
  content = io.BytesIO()
  image.save(content, 'TIFF', compression='tiff_adobe_deflate')
  with pytest.raises(UserError, match=r'^big\.tif.*(memory|takes more than)'):
    documents.picture(content.getvalue(), 'big.tif')


def million_lines(tmp_path):
  lines = zlib.compress(b'0 0 m 99 199 l S 3 9 m 80 12 l S\n' * 500_000)
  entries = '/Filter [/ASCIIHexDecode /FlateDecode] '
  page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 200] /Contents 4 0 R >>'
  kids = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'
  content = pdf_of(CATALOG, kids, page, stream(lines.hex() + '>', entries))
  return written(tmp_path, content, 'lines.pdf')


@needs_pdf
def test_a_million_lines(tmp_path, limits):
  path = million_lines(tmp_path)
  error = only(path)
  assert isinstance(error, isolated.Ended)
  assert str(error) == (
    f'{path}, page 1: reading it takes more than 1 s of computing; save it anew, as a picture.'
  )


@needs_pdf
def test_the_limit_that_holds_on_any_system(tmp_path, limits, monkeypatch):
  """Where a process has no limit of its own, as on Windows, the one that asks still gives up."""
  monkeypatch.setattr(child, 'SECONDS', 10_000)
  monkeypatch.setattr(child_process, '_WAIT', 2)
  assert isinstance(only(million_lines(tmp_path)), isolated.Ended)


def test_a_system_without_limits(monkeypatch):
  """Setting them is left out: Windows has neither of these."""
  monkeypatch.setattr(child, 'resource', None)
  monkeypatch.delattr(signal, 'setitimer')
  child._limit_memory(1)
  child._limit_time(1)
  assert len(bytes(10**6)) == 10**6


@needs_pdf
def test_only_some_pages_may_end_the_process(tmp_path, monkeypatch):
  """A hundred pages that take half a minute each would take an hour."""
  content = pdf_of(CATALOG, '<< /Type /Pages /Kids [] /Count 100 >>')
  ended = isolated.Page(isolated.Ended('x'), more=True)
  monkeypatch.setattr(isolated, 'page', lambda wanted: ended)
  *pages, (number, last) = documents.pages(written(tmp_path, content, 'a.pdf'))
  assert len(pages) == 3 and number == 4
  assert 'a.pdf: 3 such pages; the rest is left out.' in str(last)


@needs_pdf
def test_a_file_that_ends_the_process_when_it_is_opened_is_tried_once(tmp_path, limits):
  path = written(tmp_path, b'%PDF-1.4\n', 'sparse.pdf')
  os.truncate(path, 2**36)  # PDFium looks for the objects of a damaged PDF everywhere in it.
  error = only(path)
  assert isinstance(error, isolated.Ended)
  assert str(error).startswith(f'{path}, page 1: reading it takes more than 1 s of computing')


def test_a_picture_of_all_memory(tmp_path, limits):
  path = tmp_path / 'large.png'
  Image.new('L', (20_000, 20_000)).save(path, compress_level=1)  # 800 MB, with a limit of 400.
  error = only(path, finish=partial(resizing.resized, height=2, width=2))
  assert str(error).startswith(f'{path}') and 'memory' in str(error)
  assert 'damaged' not in str(error)


def test_a_large_picture_is_small_when_it_comes(tmp_path):
  path = tmp_path / 'large.png'
  Image.new('RGB', (5000, 4000), 'teal').save(path, compress_level=1)
  found = only(path, finish=partial(resizing.resized, height=3, width=2))
  assert found.tolist() == [[[0, 128, 128]] * 2] * 3


def test_a_child_that_ended_meanwhile_is_replaced(tmp_path):
  path = written(tmp_path, saved(plain(10), 'TIFF'))
  assert (only(path) == 10).all()
  (*_, last) = isolated._idle
  last.process.send_signal(signal.SIGKILL)
  last.process.wait()
  assert (only(path) == 10).all()


def test_a_file_that_changes_is_read_anew(tmp_path):
  path = written(tmp_path, saved(plain(10, 20), 'TIFF'))
  assert (next(documents.pages(path))[1] == 10).all()
  path.write_bytes(saved(plain(30, 40, 50), 'TIFF'))
  assert [page.max() for _, page in documents.pages(path)] == [30, 40, 50]


class Answering:
  """In place of a child: `called` calls the function in this process."""

  def __init__(self, log):
    self.log, self.file, self.process = log, None, self
    self.returncode = None
    log.append('started')

  def is_ready(self):
    return True

  def called(self, function, name, remedy):
    return function()

  def poll(self):
    return self.returncode

  def kill(self):
    pass

  def end(self):
    assert self.returncode is None
    self.returncode = 0
    self.log.append('ended')


@pytest.fixture
def answering(monkeypatch):
  """On a machine of one core: what happened to its children."""
  isolated._end_all()
  log = []
  monkeypatch.setattr(child_process, 'started', lambda: Answering(log))
  monkeypatch.setattr(machine, 'cores', lambda: 1)
  yield log
  isolated._idle.clear()


def test_four_children_for_a_core_answer_at_once_and_one_is_kept(answering):
  asked, may_answer = [], threading.Event()

  def answer():
    asked.append(1)
    may_answer.wait()

  with ThreadPoolExecutor(12) as pool:
    calls = [pool.submit(isolated.call, answer, 'x', '') for _ in range(12)]
    wait_for(lambda: len(asked) + len(isolated._change._waiters) == 12)
    at_once = len(asked)
    may_answer.set()
    for each in calls:
      each.result()
  assert at_once == 4 and len(asked) == 12
  assert len(isolated._idle) == 1
  assert answering.count('started') == answering.count('ended') + 1


def test_whoever_is_interrupted_lets_others_ask(answering):
  def interrupt():
    raise KeyboardInterrupt

  for _ in range(5):
    with pytest.raises(KeyboardInterrupt):
      isolated.call(interrupt, 'x', '')
  assert answering == ['started', 'ended'] * 5 and not isolated._asking
  assert isolated.call(partial(divmod, 7, 2), 'x', '') == (3, 1)


def test_what_is_read_in_this_process_may_ask_in_turn(monkeypatch, answering):
  monkeypatch.setattr(child_process, 'started', lambda: None)

  def asked(depth):
    return isolated.call(partial(asked, depth - 1), 'x', '') + 1 if depth else 0

  assert asked(5) == 5 and not isolated._asking


@pytest.mark.skipif(not os.path.exists('/proc/self/fd'), reason='needs the open files of others')
def test_a_file_whose_reading_ends_early_is_closed(tmp_path):
  isolated._end_all()
  content = saved(plain(10, 20), 'TIFF')
  found = documents.pages(written(tmp_path, content, 'of_a_path'))
  assert next(found)[1].max() == 10
  assert 'of_a_path' in open_files()
  found.close()
  assert 'of_a_path' not in open_files()
  assert documents.picture(content, 'x').max() == 10
  assert 'omr_jax.' not in open_files()


def open_files():
  """The paths of the child's files, when it has done all that was asked of it before."""
  assert isolated.call(partial(divmod, 7, 2), 'x', '') == (3, 1)
  (only_one,) = isolated._idle
  folder = f'/proc/{only_one.process.pid}/fd'
  return ' '.join(os.readlink(f'{folder}/{each}') for each in os.listdir(folder))


@pytest.mark.parametrize('program', ['', '/no/such/program', 'false', 'echo'])
def test_where_no_process_can_start(tmp_path, monkeypatch, program):
  """In a program that embeds Python, sys.executable may be anything, whatever it prints."""
  isolated._end_all()
  path = written(tmp_path, saved(plain(10, 20), 'TIFF'))
  monkeypatch.setattr(sys, 'executable', shutil.which(program) or program)
  assert [page.max() for _, page in documents.pages(path)] == [10, 20]
  assert isolated.call(partial(divmod, 7, 2), 'y', '') == (3, 1)
  assert not isolated._idle


def test_a_program_that_is_no_python_is_tried_once(tmp_path, monkeypatch):
  """It may do anything, such as open a window."""
  isolated._end_all()
  program = tmp_path / 'program'
  program.write_text(f'#!/bin/sh\necho started >> {tmp_path}/log\n')
  program.chmod(0o755)
  monkeypatch.setattr(sys, 'executable', str(program))
  path = written(tmp_path, saved(plain(10, 20), 'TIFF'))
  assert [page.max() for _, page in documents.pages(path)] == [10, 20]
  assert (tmp_path / 'log').read_text() == 'started\n'


def test_a_program_that_says_nothing_is_given_up(tmp_path, monkeypatch):
  isolated._end_all()
  program = tmp_path / 'program'
  program.write_text('#!/bin/sh\nexec sleep 600\n')
  program.chmod(0o755)
  monkeypatch.setattr(sys, 'executable', str(program))
  monkeypatch.setattr(child_process, '_START', 0.1)
  assert only(written(tmp_path, saved(plain(10), 'TIFF'))).max() == 10


def test_a_child_that_fails_to_start_once_is_no_reason_not_to_start_others(tmp_path, monkeypatch):
  path = written(tmp_path, saved(plain(10), 'TIFF'))
  assert only(path).max() == 10
  isolated._end_all()
  with monkeypatch.context() as patched:
    patched.setattr(child_process, '_PROGRAM', 'raise SystemExit')
    assert only(path).max() == 10
    assert not isolated._idle
  assert only(path).max() == 10
  assert len(isolated._idle) == 1


def test_a_fork_has_children_of_its_own(tmp_path):
  path = written(tmp_path, saved(plain(10), 'TIFF'))
  assert (only(path) == 10).all()
  program = (
    'import os, sys\n'
    'from omr_jax.inputs import documents\n'
    'read = lambda: [page.max() for _, page in documents.pages(sys.argv[1])] == [10]\n'
    'assert read()\n'
    'if (fork := os.fork()) == 0:\n'
    '  os._exit(0 if all(read() for _ in range(50)) else 1)\n'
    'assert all(read() for _ in range(50))\n'
    'sys.exit(os.waitpid(fork, 0)[1])\n'
  )
  command = [sys.executable, '-W', 'error', '-c', program, str(path)]
  done = subprocess.run(command, capture_output=True, text=True, timeout=60)
  assert (done.returncode, done.stderr) == (0, '')


# Every lock of `inputs` is held by another thread than the one that forks.
HELD_AT_THE_FORK = """
import os, sys, threading
from omr_jax.inputs import documents, isolated, pdf, pictures, pillow_setup

locks = [pictures.ONE_LARGE, pdf._PDFIUM, pillow_setup._LOCK, isolated._change]
are_held, is_over = threading.Event(), threading.Event()

def hold():
  with locks[0], locks[1], locks[2], locks[3]:
    are_held.set()
    is_over.wait()

threading.Thread(target=hold).start()
are_held.wait()
isolated._asking.update(range(100_000))  # More than may ask at once.
if (fork := os.fork()) == 0:
  free = [lock.acquire(blocking=False) for lock in locks]
  for lock in locks:
    lock.release()
  pictures.SMALL = 0  # All pictures are large ones.
  maxima = [page.max() for path in sys.argv[1:] for _, page in documents.pages(path)]
  os._exit(0 if all(free) and maxima == [10, 20] else 1)
assert not any(lock.acquire(blocking=False) for lock in locks)
is_over.set()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]))
"""


def test_a_fork_reads_though_another_thread_was_reading(tmp_path):
  paths = [
    written(tmp_path, saved(plain(10), 'PNG'), 'a'),
    written(tmp_path, saved(plain(20), 'TIFF'), 'b'),
  ]
  command = [sys.executable, '-c', HELD_AT_THE_FORK, *paths]
  done = subprocess.run(command, capture_output=True, text=True, timeout=60)
  assert done.returncode == 0, done.stderr


def test_a_script_is_not_run_again(tmp_path):
  """It has no `if __name__ == '__main__'`, which `multiprocessing` would need."""
  path = written(tmp_path, saved(plain(10), 'TIFF'), 'a.tiff')
  (tmp_path / 'script.py').write_text(
    "print('once')\n"
    'from omr_jax.inputs import documents\n'
    f'print([int(page.max()) for _, page in documents.pages({str(path)!r})])\n'
  )
  command = [sys.executable, '-W', 'error', tmp_path / 'script.py']
  environment = os.environ | {'PYTHONPATH': os.pathsep.join(filter(None, sys.path))}
  done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
  assert (done.stdout, done.stderr) == ('once\n[10]\n', '')


def test_errors_keep_their_words(tmp_path):
  content = saved(plain(10), 'TIFF')
  path = written(tmp_path, content[: len(content) // 2])
  error = only(path)
  assert isinstance(error, UserError) and not isinstance(error, isolated.Ended)
  assert str(path) in str(error)


def test_results_are_arrays_of_their_own(tmp_path):
  page = only(written(tmp_path, saved(plain(10), 'TIFF')))
  page[:] = 3
  assert page.flags.writeable and page.dtype == np.uint8


@pytest.mark.parametrize(
  ('function', 'words'),
  [
    (os.abort, f'crashes the library that reads it (signal {signal.SIGABRT:d}); remove it.'),
    (partial(sum, iter(int, 1)), 'reading it takes more than 1 s of computing; remove it.'),
    (partial(bytearray, 10**9), 'reading it takes more than 0.4 GB of memory, or'),
  ],
)
def test_a_function_that_ends_the_process(limits, function, words):
  with pytest.raises(isolated.Ended) as error:
    isolated.call(function, 'x.mxl', 'remove it')
  assert str(error.value).startswith('x.mxl: reading it takes') and words in str(error.value)
  assert isolated.call(partial(divmod, 7, 2), 'y', '') == (3, 1)  # By a new process.


def test_a_function_that_refuses_its_file(tmp_path, limits):
  with pytest.raises(UserError, match='lost: unreadable') as error:
    isolated.call(partial(files.read_json, tmp_path / 'lost', 'give another'), 'x', '')
  assert not isinstance(error.value, isolated.Ended)
  assert len(isolated._idle) == 1
