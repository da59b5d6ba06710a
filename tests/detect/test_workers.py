"""`omr detect --workers`: its results are those of one process, also when processes are killed."""

import json
import multiprocessing
import shutil
from pathlib import Path

import drawn_music
import pytest
from PIL import Image

import omr_jax
from omr_jax.detect import __main__ as detect
from omr_jax.detect import finders, rows


@pytest.fixture
def scans(tmp_path):
  """A page, a file of two pages, one that can't be read, and a blank page."""
  folder = tmp_path / 'scans'
  folder.mkdir()
  page = Image.fromarray(drawn_music.page())
  page.save(folder / 'a.png')
  page.save(folder / 'b.tif', save_all=True, append_images=[page.rotate(180)])
  (folder / 'c.png').write_bytes(b'no picture')
  Image.new('L', (90, 90), 255).save(folder / 'd.png')
  return folder


def test_the_results_are_those_of_one_process(scans, tmp_path, capsys, monkeypatch):
  model, one, two = (tmp_path / name for name in ('model', 'one', 'two'))
  shutil.copytree(Path(omr_jax.__file__).parent / 'pretrained/pages_handwriting', model)
  asked, workers = [], finders.workers
  monkeypatch.setattr(finders, 'workers', lambda *given: asked.append(given) or workers(*given))
  given = [str(scans), '--model', str(model), '--threshold=0.7', '--out']
  assert detect.main([*given, str(one)]) == 0 and not asked
  assert detect.main([*given, str(two), '--workers=2']) == 0
  assert asked == [(str(model), 0.7, 2)]
  said = capsys.readouterr().err.splitlines()
  assert all(line.startswith('5 pages in ') and '1 of them not read' in line for line in said[-2:])
  files = sorted(path.relative_to(one) for path in one.rglob('*.*'))
  assert files == sorted(path.relative_to(two) for path in two.rglob('*.*')) and len(files) == 22
  assert all((one / each).read_bytes() == (two / each).read_bytes() for each in files)
  assert multiprocessing.active_children() == []


def test_no_page_is_lost_when_processes_are_killed(scans, tmp_path):
  names = [str(path) for path in sorted(scans.iterdir())]
  with finders.workers('pages', None, 2) as several:
    found = rows.rows(finders.shared(several), names, tmp_path / 'found')
    first = next(found)
    for process in multiprocessing.active_children():
      process.kill()
    rest = list(found)
  assert [(row['path'][-5:], row['page']) for row in [first, *rest]] == [
    *(('a.png', 1), ('b.tif', 1), ('b.tif', 2), ('c.png', 1), ('d.png', 1))
  ]
  assert ['error' in row for row in rest] == [False, False, True, False]
  assert rest[0] | {'path': first['path'], 'folder': 'a'} == first  # It shows the same.
  value = json.loads((tmp_path / 'found/b/page.json').read_text())
  assert len(value['annotations']) == first['symbols'] > 0


@pytest.mark.parametrize('count', ['0', '-1'])
def test_a_wrong_number_is_refused(count, tmp_path, capsys):
  assert detect.main(['a.png', '--out', str(tmp_path), f'--workers={count}']) == 2
  assert '--workers must be 1 or more' in capsys.readouterr().err
