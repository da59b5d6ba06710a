"""Long lists in shards: resumed, refused where something has changed, alike in all formats."""

import csv
import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import deadly
import pytest
from small_runs import ROOT, picture_file
from waiting import HANG, wait_for

import omr_jax
from omr_jax.errors import UserError
from omr_jax.predict import __main__ as predict
from omr_jax.predict import answers, classifier, shards

NAMES = [f'{number}.png' for number in range(8)]
SCORES = Path(omr_jax.__file__).parent / 'pretrained' / 'scores'


@pytest.fixture(autouse=True)
def small(monkeypatch):
  monkeypatch.setattr(shards, 'FILES', 3)
  monkeypatch.setattr(answers, '_FILES', 2)


@pytest.fixture(scope='module')
def model():
  return classifier.load('scores')


def rows(folder: Path) -> list[list[dict]]:
  files = sorted(folder.glob('0*.jsonl'))
  return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


def test_every_file_is_in_one_shard_although_processes_are_killed(tmp_path, model):
  names = [*NAMES[:4], 'deadly.png', str(tmp_path / 'once.png'), *NAMES[4:]]
  cut = shards.cut(tmp_path / 'out', names, model, 'jsonl')
  assert (cut.total, cut.files, cut.missing()) == (4, 10, [0, 1, 2, 3])
  with deadly.workers() as several:
    counts = list(shards.answered(cut, several, cut.missing()))
  assert [counted['pages'] for counted in counts] == [3, 3, 3, 1]
  assert [counted['errors'] for counted in counts] == [0, 1, 0, 0]
  found = rows(tmp_path / 'out')
  assert [[row['path'] for row in shard] for shard in found] == [
    *(names[:3], names[3:6], names[6:9], names[9:])
  ]
  assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
    *('000000.jsonl', '000001.jsonl', '000002.jsonl', '000003.jsonl', '_names', '_shards.json')
  ]
  assert cut.missing() == []


def test_a_stopped_command_goes_on_with_the_shard_that_is_missing(tmp_path, model):
  cut = shards.cut(tmp_path, NAMES, model, 'jsonl')
  with deadly.workers(count=1) as several:
    found = shards.answered(cut, several, cut.missing())
    next(found)
    found.close()
  first = cut.path(0).stat().st_ino
  again = shards.cut(tmp_path, iter(NAMES), model, 'jsonl')
  assert again == cut and again.missing() == [1, 2]
  with deadly.workers(count=1) as several:
    assert len(list(shards.answered(again, several, [1, 2]))) == 2
  assert cut.path(0).stat().st_ino == first
  assert [row['path'] for shard in rows(tmp_path) for row in shard] == NAMES


def test_a_list_that_was_not_cut_to_its_end_is_cut_anew(tmp_path, model):
  def stopped():
    yield from NAMES[:7]
    raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    shards.cut(tmp_path, stopped(), model, 'csv')
  cut = shards.cut(tmp_path, NAMES[1:], model, 'csv')
  assert [cut.names(shard) for shard in range(3)] == [NAMES[1:4], NAMES[4:7], NAMES[7:]]


def test_what_has_changed_is_told(tmp_path, model, monkeypatch):
  shards.cut(tmp_path, NAMES, model, 'jsonl')
  for names, asked, kind, words in (
    (NAMES[:-1], model, 'jsonl', 'for 8 files, and there are 7 now; give the arguments of the'),
    (NAMES[::-1], model, 'jsonl', 'was made for other files, or in another order'),
    (NAMES, model, 'csv', '--format was jsonl there'),
    (NAMES, classifier.load('homus'), 'jsonl', 'are of another model'),
    (NAMES, classifier.load(SCORES / 'model_int8.onnx'), 'jsonl', 'are of another model'),
  ):
    with pytest.raises(UserError, match=words):
      shards.cut(tmp_path, names, asked, kind)
  assert shards.cut(tmp_path, NAMES, classifier.load(SCORES / 'model.onnx'), 'jsonl').files == 8
  monkeypatch.chdir(tmp_path)  # From here these names lead to other files.
  with pytest.raises(UserError, match='was made for other files'):
    shards.cut(tmp_path, NAMES, model, 'jsonl')
  monkeypatch.undo()
  monkeypatch.setattr(shards, 'FILES', 3)
  about = json.loads((tmp_path / '_shards.json').read_text())
  (tmp_path / '_shards.json').write_text(json.dumps(about | {'shards': 1}))
  with pytest.raises(UserError, match='has another number of shards, or is damaged'):
    shards.cut(tmp_path, NAMES, model, 'jsonl')  # Two of the three would be missing.
  (tmp_path / '_shards.json').write_text('{')
  with pytest.raises(UserError, match=r'_shards.json: unreadable'):
    shards.cut(tmp_path, NAMES, model, 'jsonl')
  (tmp_path / '_shards.json').unlink()
  (tmp_path / 'a.png').touch()
  with pytest.raises(UserError, match=r'has other files in it, such as a.png'):
    shards.cut(tmp_path, NAMES, model, 'jsonl')


@pytest.mark.parametrize('content', ['', '5', '{"a.png": 1}', '["a.png", 5]', '[' * 10_000])
def test_damaged_names_are_refused(tmp_path, model, content):
  cut = shards.cut(tmp_path, NAMES, model, 'jsonl')
  (tmp_path / '_names/000001').write_text(content)
  with pytest.raises(UserError, match=r'000001: (unreadable|damaged).*; choose another folder'):
    cut.names(1)


FOUND = [
  {'path': 'a.png', 'page': 1, 'class': 'other', 'confidence': 0.75, 'sure': False, 'boxes': []},
  {'path': 'b.png', 'page': 2, 'class': 'scores', 'confidence': 1.0, 'sure': True}
  | {'boxes': [{'left': 1, 'top': 2, 'right': 30, 'bottom': 40, 'confidence': 0.5}]},
  {'path': os.fsdecode(b'\xff.png'), 'page': 1, 'error': 'cannot be read'},
]


def written(folder, model, kind):
  cut = shards.cut(folder / kind, NAMES[:3], model, kind)
  counts = shards._write(cut, 0, FOUND)
  assert counts == {'pages': 3, 'errors': 1, 'unsure': 1}
  return cut.path(0)


def test_all_formats_hold_the_same(tmp_path, model):
  written(tmp_path, model, 'jsonl')
  assert rows(tmp_path / 'jsonl') == [FOUND]
  table = list(csv.DictReader(io.StringIO(written(tmp_path, model, 'csv').read_text())))
  assert [row['path'] for row in table] == ['a.png', 'b.png', r'\udcff.png']
  assert [row['sure'] for row in table] == ['false', 'true', '']
  dataset = pytest.importorskip('pyarrow.dataset', reason='needs the extra [shards]')
  found = dataset.dataset(written(tmp_path, model, 'parquet').parent).to_table().to_pylist()
  empty = dict.fromkeys(('class', 'confidence', 'error', 'sure', 'unknown', 'boxes'))
  assert found == [empty | row for row in (*FOUND[:2], FOUND[2] | {'path': r'\udcff.png'})]


def test_the_command_writes_the_same_answers_as_without_shards(tmp_path, monkeypatch, capsys):
  monkeypatch.chdir(tmp_path)
  Path('in').mkdir()
  for number in range(4):
    Path(f'in/{number}.png').write_bytes(picture_file(number, stripes=number % 2 == 0))
  Path('in/5.png').write_bytes(b'no picture')
  assert predict.main(['in', '--out=one.jsonl']) == 0
  assert predict.main(['in', '--shards=out', '--workers=2']) == 0
  one = [json.loads(line) for line in Path('one.jsonl').read_text().splitlines()]
  assert rows(Path('out')) == [one[:3], one[3:]]
  said = capsys.readouterr().err
  assert '5 files in 2 shards, 0 of them finished' in said and said.count('1 of them not read') == 2
  assert predict.main(['in', '--shards=out']) == 0
  assert '2 of them finished\n0 pages' in capsys.readouterr().err


@pytest.mark.parametrize(
  ('options', 'words'),
  [
    (['--workers=0'], '--workers must be 1 or more'),
    (['--address=auto'], '--address and --format parquet need --shards'),
    (['--format=parquet'], '--address and --format parquet need --shards'),
    (['--shards=x', '--out=y'], 'are not for --shards'),
    (['--shards=x', '--on_error=stop'], 'are not for --shards'),
  ],
)
def test_options_that_do_not_fit_are_refused(options, words, capsys):
  with pytest.raises(SystemExit) as ended:
    predict.main(['a.png', *options])
  assert ended.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.slow
def test_a_cluster_answers_although_its_process_is_killed(tmp_path):
  """The process that has written the first shard is killed; nothing is lost or twice."""
  for name in ('pandas', 'pyarrow', 'ray'):
    if importlib.util.find_spec(name) is None:
      pytest.skip('needs the extra [shards]')
  (tmp_path / 'in').mkdir()
  for number in range(12):
    picture = picture_file(number, stripes=number % 2 == 0)
    (tmp_path / f'in/{number:02}.png').write_bytes(picture)
  code = 'from omr_jax.predict import __main__ as predict, shards; shards.FILES = 3; predict.main()'
  flags = ('in', '--shards=out', '--address=local', '--workers=1')
  environment = os.environ | {'PYTHONPATH': os.pathsep.join([str(ROOT), *sys.path])}
  with subprocess.Popen(
    [sys.executable, '-c', code, *flags],
    cwd=tmp_path,
    env=environment,
    stderr=subprocess.PIPE,
    text=True,
  ) as command:
    wait_for((tmp_path / 'out/000000.jsonl').exists, command)
    for pid in answering(command.pid):
      os.kill(pid, signal.SIGKILL)
    _, said = command.communicate(timeout=HANG)
  assert '12 files in 4 shards, 0 of them finished' in said and '12 pages in' in said, said
  found = [row for shard in rows(tmp_path / 'out') for row in shard]
  assert [row['path'] for row in found] == [f'in/{number:02}.png' for number in range(12)]
  assert not any('error' in row for row in found)


def answering(root: int) -> list[int]:
  """The processes below another one in which Ray Data answers."""
  listed = subprocess.run(
    ['ps', '-ww', '-eo', 'pid=,ppid=,args='], capture_output=True, text=True, check=True
  )
  lines = [line.split(None, 2) for line in listed.stdout.splitlines()]
  family, size = {str(root)}, 0
  while len(family) > size:
    size = len(family)
    family |= {pid for pid, parent, _ in lines if parent in family}
  found = [int(pid) for pid, _, words in lines if pid in family and 'ray::MapWorker' in words]
  assert found
  return found
