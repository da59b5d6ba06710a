"""HOMUS's archive: its digest, and what differs from HOMUS 2.0."""

import collections
import hashlib
import os
import re
import zipfile
from pathlib import Path

import pytest

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from tfds_builders import original_split
from tfds_builders.homus import archive, splits

DOT = b'Dot\n1,2;3,4;\n'
NAMES = [f'HOMUS/{writer}/{writer}-{n}.txt' for writer in (1, 2, 3) for n in (1, 2, 3, 4)]
CONTENT = {name: b'Dot\n%d,2;3,4;\n' % i for i, name in enumerate(NAMES)}


@pytest.fixture
def official(monkeypatch, tmp_path):
  """Lets the twelve files above be what the original archive holds."""
  checksums = tmp_path / 'checksums.txt'
  lines = [f'{key} {value}\n' for key, value in archive.checksums(CONTENT).items()]
  checksums.write_text(''.join(lines))
  monkeypatch.setattr(archive, '_CHECKSUMS', checksums)
  monkeypatch.setattr(archive, 'DIGEST', archive.digest(CONTENT))
  monkeypatch.setattr(archive, 'WRITERS', 3)
  monkeypatch.setattr(archive, 'SYMBOLS_PER_WRITER', 4)


def test_read_leaves_out_what_systems_leave_behind(tmp_path):
  path = tmp_path / archive.ARCHIVE.name
  with zipfile.ZipFile(path, 'w') as file:
    for name in ('HOMUS/', 'HOMUS/.DS_Store', '__MACOSX/HOMUS/1/._1-1.txt'):
      file.writestr(name, b'')
    for name, content in CONTENT.items():
      file.writestr(name, content)
  assert archive.read(path) == CONTENT


def test_a_symbol_file_has_at_most_a_megabyte(tmp_path):
  path = tmp_path / archive.ARCHIVE.name
  with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
    file.writestr('HOMUS/1/1-1.txt', b'0' * 1_000_000)
  assert len(archive.read(path)['HOMUS/1/1-1.txt']) == 1_000_000
  with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
    file.writestr('HOMUS/1/1-1.txt', b'0' * 1_000_001)
  with pytest.raises(UserError, match=r"'HOMUS/1/1-1\.txt' has 1000001 bytes"):
    archive.read(path)


def test_digest():
  lines = ''.join(
    f'{hashlib.sha256(content).hexdigest()}  {name}\n'
    for name, content in [('HOMUS/10/10-1.txt', b'Dot\n1,2;'), ('HOMUS/9/9-1.txt', b'Flat\n3,4;')]
  )
  files = {
    'HOMUS/9/9-1.txt': b'Flat\r\n3,4;\r\n\r\n',
    'HOMUS/10/10-1.txt': b'\xef\xbb\xbfDot\n1,2;',
  }
  assert archive.digest(files) == hashlib.sha256(lines.encode()).hexdigest()


def verify(files, allow_changed=False):
  archive.verify(files, Path('raw') / 'HOMUS-2.0.zip', allow_changed)


def without(*names):
  return {name: content for name, content in CONTENT.items() if name not in names}


def test_verify_accepts_the_original(official):
  verify(CONTENT)


@pytest.mark.parametrize(
  ('files', 'expected'),
  [
    (without('HOMUS/2/2-3.txt'), ['missing (1): HOMUS/2/2-3.txt']),
    # Writers 1 and 2 and numbers 1 and 2 all lack a file; 1-2 and 2-1 are as they were.
    (
      without('HOMUS/1/1-1.txt', 'HOMUS/2/2-2.txt'),
      ['missing (2): HOMUS/1/1-1.txt, HOMUS/2/2-2.txt'],
    ),
    (
      {**CONTENT, 'HOMUS/4/4-1.txt': DOT, 'HOMUS/1/2-1.txt': DOT},
      ['extra (2): HOMUS/1/2-1.txt, HOMUS/4/4-1.txt'],
    ),
    (
      {**CONTENT, 'HOMUS/2/2-3.txt': b'Dot\n77,2;3,4;\n'},
      ['changed, or some of these (1): HOMUS/2/2-3.txt'],
    ),
    # Writers 1 and 3 and numbers 2 and 4 differ, which leaves four files.
    (
      {**CONTENT, 'HOMUS/1/1-2.txt': b'Flat\n1,1;', 'HOMUS/3/3-4.txt': b'Flat\n2,2;'},
      [
        'changed, or some of these (4): HOMUS/1/1-2.txt, HOMUS/1/1-4.txt, HOMUS/3/3-2.txt, '
        'HOMUS/3/3-4.txt'
      ],
    ),
    # Of a long list the first ten are shown.
    (
      {'HOMUS/3/3-4.txt': CONTENT['HOMUS/3/3-4.txt']},
      [f'missing (11): {", ".join(NAMES[:10])}, ...'],
    ),
  ],
)
def test_verify_lists_all_differences(official, files, expected):
  with pytest.raises(UserError) as caught:
    verify(files)
  first, *differences, remedy = str(caught.value).split('\n')
  assert first == 'raw/HOMUS-2.0.zip: the content is not that of HOMUS 2.0.'
  assert [line.strip() for line in differences] == expected
  assert archive.ARCHIVE.urls[0] in remedy and 'allow_changed' in remedy


@pytest.mark.parametrize('allow_changed', [False, True])
def test_verify_never_accepts_an_unreadable_file(official, allow_changed):
  with pytest.raises(UserError, match=r'unreadable \(1\): HOMUS/2/2-3.txt, line 2') as caught:
    verify({**CONTENT, 'HOMUS/2/2-3.txt': b'Dot\n1,2;3'}, allow_changed)
  assert 'changed,' not in str(caught.value)


def test_verify_warns_of_a_changed_set_that_is_allowed(official, capsys):
  verify({**CONTENT, 'HOMUS/4/4-1.txt': DOT}, allow_changed=True)
  assert 'extra (1): HOMUS/4/4-1.txt' in capsys.readouterr().err


@pytest.fixture(scope='module')
def homus_files():
  if not os.environ.get('OMR_RAW_DIR'):
    pytest.skip('$OMR_RAW_DIR names no raw data')
  return archive.read(archive.locate(None, fetch=None))


def test_homus_is_verified_and_one_changed_coordinate_found(homus_files):
  assert len(homus_files) == 15_200
  verify(homus_files)
  name = 'HOMUS/57/57-101.txt'
  changed = re.sub(rb'[0-9];$', b';', homus_files[name].rstrip())
  with pytest.raises(UserError) as caught:
    verify({**homus_files, name: changed})
  assert re.search(r'changed.* \(1\): HOMUS/57/57-101.txt$', str(caught.value), re.MULTILINE)


def test_original_split_of_homus(homus_files):
  symbols = [strokes.parse(homus_files[n], n) for n in archive.symbol_names(homus_files)]
  split_of = original_split.original({s.id: s.label for s in symbols})
  sizes = collections.Counter(split_of.values())
  assert sizes == {'train': 12_170, 'validation': 1_515, 'test': 1_515}
  assert splits.digest(symbols, split_of) == splits.ORIGINAL_DIGEST
  # Two of the symbols that the original experiments name among their test errors.
  assert split_of['86-133'] == split_of['1-101'] == 'test'
