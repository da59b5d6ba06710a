"""Rows as text, and the files that they may replace."""

import csv
import io
import json
import os

import pytest

from omr_jax.errors import UserError
from omr_jax.predict import rows

BOX = {'left': 0, 'top': 5, 'right': 9, 'bottom': 7, 'confidence': 0.5}
ROW = {'path': 'a.png', 'page': 1, 'class': 'scores', 'confidence': 0.5, 'sure': False}
ROW |= {'boxes': [BOX]}


def written(kind, *found):
  file = io.StringIO(newline='')
  write = rows.writer(kind, file)
  for row in found:
    write(row)
  return file.getvalue()


def test_json():
  assert written('jsonl', ROW, {'path': 'ü', 'page': 2, 'error': 'x'}) == (
    '{"path": "a.png", "page": 1, "class": "scores", "confidence": 0.5, "sure": false, '
    '"boxes": [{"left": 0, "top": 5, "right": 9, "bottom": 7, "confidence": 0.5}]}\n'
    '{"path": "ü", "page": 2, "error": "x"}\n'
  )


@pytest.mark.parametrize('start', ['=', '+', '-', '@', '\t', '\r', '\n'])
def test_no_value_of_a_csv_is_a_formula(start):
  """The path still is that of the same file."""
  name = f'{start}cmd|x.png'
  content = written('csv', {'path': name, 'page': 1, 'error': f'{name}: damaged'}, ROW)
  first, second = csv.DictReader(io.StringIO(content, newline=''))
  assert first['path'] == f'./{name}' and first['error'] == f'./{name}: damaged'
  assert os.path.normpath(first['path']) == name
  assert second == {
    'path': 'a.png',
    'page': '1',
    'class': 'scores',
    'confidence': '0.5',
    'error': '',
    'sure': 'false',
    'unknown': '',
  }


@pytest.mark.parametrize('name', ['a\rb', 'a\nb', 'a\r\nb', 'a"b', 'a,b'])
def test_no_path_breaks_a_row_of_a_csv(name):
  content = written('csv', {'path': name, 'page': 1, 'error': 'x'}, ROW)
  assert content.startswith('path,page,class,confidence,error,sure,unknown\n"')
  assert [row['path'] for row in csv.DictReader(io.StringIO(content, newline=''))] == [
    name,
    'a.png',
  ]


def test_rows_are_in_the_file_as_they_come(tmp_path):
  with (tmp_path / 'a').open('w') as file:
    rows.writer('jsonl', file)(ROW)
    assert json.loads((tmp_path / 'a').read_text()) == ROW


@pytest.mark.parametrize(
  'content',
  [
    b'\xff\xd8\xff',
    b'Dot\n1,2;\n',
    b'{"a": 1}\n',
    b'[1]\n',
    b'{"path": 1, "page": 1, "x": 1}',
    b'\n',
  ],
)
def test_other_files_are_not_replaced(tmp_path, content):
  path = tmp_path / 'a'
  path.write_bytes(content)
  with pytest.raises(UserError, match='exists, and holds no answers'):
    rows.check_replaced(path, overwrite=False)
  rows.check_replaced(path, overwrite=True)


def test_answers_are_replaced(tmp_path):
  rows.check_replaced(tmp_path / 'new', overwrite=False)
  for kind in ('jsonl', 'csv'):
    (tmp_path / kind).write_text(written(kind, ROW))
    rows.check_replaced(tmp_path / kind, overwrite=False)
  (tmp_path / 'older').write_text('path,page,class,confidence,error\n')
  rows.check_replaced(tmp_path / 'older', overwrite=False)
  (tmp_path / 'empty').touch()
  rows.check_replaced(tmp_path / 'empty', overwrite=False)


def test_what_is_read_is_not_written(tmp_path):
  (tmp_path / 'a').touch()
  (tmp_path / 'link').symlink_to('a')
  (tmp_path / 'same').hardlink_to(tmp_path / 'a')
  (tmp_path / 'b').touch()
  for name in ('a', 'link', 'same'):
    found = rows.without(tmp_path / 'a', [str(tmp_path / 'b'), 'missing', str(tmp_path / name)])
    assert [next(found), next(found)] == [str(tmp_path / 'b'), 'missing']
    with pytest.raises(UserError, match='is one of the files that are read'):
      next(found)
  assert list(rows.without(tmp_path / 'new', ['x', 'new'])) == ['x', 'new']
