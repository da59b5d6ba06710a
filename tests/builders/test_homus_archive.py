import hashlib
import io
import os
import re
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omr_jax.errors import UserError
from tfds_builders.homus import archive

DOT = b'Dot\n1,2;3,4;\n'
NAMES = [f'HOMUS/{writer}/{writer}-{n}.txt' for writer in (1, 2, 3) for n in (1, 2, 3, 4)]
CONTENT = {name: b'Dot\n%d,2;3,4;\n' % i for i, name in enumerate(NAMES)}


def zip_bytes(files, method=zipfile.ZIP_DEFLATED):
  buffer = io.BytesIO()
  with zipfile.ZipFile(buffer, 'w', method) as file:
    for name, content in files.items():
      file.writestr(name, content)
  return buffer.getvalue()


@pytest.fixture
def path(tmp_path):
  return tmp_path / archive.NAME


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


def no_network(url):
  raise AssertionError(f'{url} was asked for')


@pytest.mark.parametrize('place', ['.', 'homus'])
def test_located_in_the_folder_or_one_level_below(tmp_path, monkeypatch, place):
  expected = tmp_path / place / archive.NAME
  expected.parent.mkdir(exist_ok=True)
  expected.write_bytes(b'')
  assert archive.locate(tmp_path, no_network) == expected
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path))
  assert archive.locate(None, no_network) == expected


def test_raw_dir_goes_before_the_environment(tmp_path, monkeypatch):
  for name in ('a', 'b'):
    (tmp_path / name).mkdir()
    (tmp_path / name / archive.NAME).write_bytes(b'')
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path / 'a'))
  assert archive.locate(tmp_path / 'b', no_network) == tmp_path / 'b' / archive.NAME


def test_a_raw_dir_that_is_not_there_is_refused(tmp_path):
  with pytest.raises(UserError, match='no such folder'):
    archive.locate(tmp_path / 'typo', no_network)


def test_offline_names_the_address_and_the_place(tmp_path, monkeypatch):
  # Port 9 of this machine: refused at once, as where there is no network.
  monkeypatch.setattr(archive, 'URL', f'http://127.0.0.1:9/{archive.NAME}')
  monkeypatch.setenv('no_proxy', '127.0.0.1')
  with pytest.raises(UserError) as caught:
    archive.locate(tmp_path, no_network)
  for part in (archive.URL, str(tmp_path), 'raw_dir', '$OMR_RAW_DIR'):
    assert part in str(caught.value)


def test_read_leaves_out_what_systems_leave_behind(path):
  extra = ['HOMUS/', 'HOMUS/.DS_Store', '__MACOSX/HOMUS/1/._1-1.txt', 'HOMUS/1/Thumbs.db']
  path.write_bytes(zip_bytes({**CONTENT, **dict.fromkeys(extra, b'')}))
  assert archive.read(path) == CONTENT


def assert_refused(path, message):
  with pytest.raises(UserError, match=f'^{re.escape(str(path))}: ') as caught:
    archive.read(path)
  assert message in str(caught.value)


@pytest.mark.parametrize(
  'content',
  [b'', b'PK', b'<html>Sign in</html>', zip_bytes(CONTENT)[:-1], zip_bytes(CONTENT)[:500]],
)
def test_truncated_or_no_zip(path, content):
  path.write_bytes(content)
  assert_refused(path, 'not a zip archive, truncated or damaged')


def test_a_folder_is_no_archive(path):
  path.mkdir()
  assert_refused(path, 'not a zip archive')


def test_damaged_content(path):
  content = zip_bytes({'HOMUS/1/1-1.txt': DOT}, zipfile.ZIP_STORED)
  path.write_bytes(content.replace(b'3,4;', b'3,5;'))
  assert_refused(path, 'HOMUS/1/1-1.txt')


@pytest.mark.parametrize(
  ('name', 'message'),
  [
    ('../1-1.txt', 'points outside'),
    ('HOMUS/1/../../../1-1.txt', 'points outside'),
    ('/etc/1-1.txt', 'points outside'),
    ('C:/1-1.txt', 'points outside'),
    ('..\\1-1.txt', 'has a character'),
    ('HOMUS/1/1-1\n.txt', 'has a character'),
    ('../.DS_Store', 'points outside'),
  ],
)
def test_path_tricks(path, name, message):
  path.write_bytes(zip_bytes({**CONTENT, name: DOT}))
  assert_refused(path, message)


def test_nul_in_a_name(path):
  path.write_bytes(zip_bytes({'HOMUS/1/1-1.txtX.exe': DOT}).replace(b'X.exe', b'\0.exe'))
  assert_refused(path, 'has a character')


def test_symbolic_link(path):
  link = zipfile.ZipInfo('HOMUS/1/1-1.txt')
  link.external_attr = (stat.S_IFLNK | 0o777) << 16
  path.write_bytes(zip_bytes({link: b'/etc/passwd'}))
  assert_refused(path, 'symbolic link')


def test_duplicate_name(path):
  with zipfile.ZipFile(path, 'w') as file:
    file.writestr('HOMUS/1/1-1.txt', DOT)
    with pytest.warns(UserWarning, match='Duplicate name'):
      file.writestr('HOMUS/1/1-1.txt', DOT + b'5,6;')
  assert_refused(path, 'twice')


def with_directory_field(content, offset, form, value):
  """Changes one field of the first entry of the central directory (its layout: APPNOTE 4.3.12)."""
  content = bytearray(content)
  struct.pack_into(form, content, content.index(b'PK\x01\x02') + offset, value)
  return bytes(content)


def test_encrypted_entry(path):
  path.write_bytes(with_directory_field(zip_bytes({'HOMUS/1/1-1.txt': DOT}), 8, '<H', 1))
  assert_refused(path, 'is encrypted')


def test_other_compression_methods(path):
  path.write_bytes(zip_bytes(CONTENT, zipfile.ZIP_LZMA))
  assert_refused(path, 'compression method 14')


def test_large_file(path):
  path.write_bytes(zip_bytes({'HOMUS/1/1-1.txt': b'0' * 1_000_000}))
  assert len(archive.read(path)['HOMUS/1/1-1.txt']) == 1_000_000
  path.write_bytes(zip_bytes({'HOMUS/1/1-1.txt': b'0' * 1_000_001}))
  assert_refused(path, '1000001 bytes')


def test_large_total(path, monkeypatch):
  # The real bound would need 200 files of a megabyte.
  monkeypatch.setattr(archive, 'MAX_TOTAL_BYTES', sum(map(len, CONTENT.values())))
  path.write_bytes(zip_bytes(CONTENT))
  assert archive.read(path) == CONTENT
  path.write_bytes(zip_bytes({**CONTENT, 'HOMUS/4/4-1.txt': b'1'}))
  assert_refused(path, 'bytes unpacked')


def test_too_many_entries(path, monkeypatch):
  monkeypatch.setattr(archive, 'MAX_ENTRIES', 11)
  path.write_bytes(zip_bytes(CONTENT))
  assert_refused(path, '12 entries')


def test_large_archive(path):
  with path.open('wb') as file:
    file.truncate(archive.MAX_ARCHIVE_BYTES + 1)
  assert_refused(path, 'larger than')


@pytest.mark.parametrize('claim', [1, 999_999])
def test_a_bomb_that_lies_about_its_size(path, claim):
  bomb = zip_bytes({'HOMUS/1/1-1.txt': b'0' * 5_000_000})
  path.write_bytes(with_directory_field(bomb, 24, '<I', claim))
  assert_refused(path, 'HOMUS/1/1-1.txt')


def test_less_content_than_claimed(path):
  path.write_bytes(with_directory_field(zip_bytes({'HOMUS/1/1-1.txt': DOT}), 24, '<I', 500))
  assert_refused(path, 'HOMUS/1/1-1.txt')


@settings(max_examples=200)
@given(st.data())
def test_fuzz_damaged_archives(tmp_path_factory, data):
  content = bytearray(zip_bytes({name: CONTENT[name] for name in NAMES[:2]}))
  for _ in range(data.draw(st.integers(1, 4))):
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
  path = tmp_path_factory.mktemp('fuzz') / archive.NAME
  path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
  try:
    files = archive.read(path)
  except UserError as error:
    assert str(error).startswith(str(path))
    return
  assert all(isinstance(content, bytes) for content in files.values())


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


def difference(files, allow_changed=False):
  with pytest.raises(UserError) as caught:
    archive.verify(files, Path('raw') / archive.NAME, allow_changed)
  return str(caught.value)


def test_verify_accepts_the_original(official):
  archive.verify(CONTENT, archive.NAME, allow_changed=False)


def test_verify_names_a_missing_file(official):
  files = {name: CONTENT[name] for name in NAMES if name != 'HOMUS/2/2-3.txt'}
  message = difference(files)
  assert 'missing (1): HOMUS/2/2-3.txt' in message
  assert 'changed,' not in message
  assert 'raw/HOMUS-2.0.zip' in message
  assert 'allow_changed' in message


def test_verify_blames_no_file_for_others_that_are_missing(official):
  # Writers 1 and 2 and numbers 1 and 2 all lack a file, 1-2 and 2-1 are as they were.
  missing = ('HOMUS/1/1-1.txt', 'HOMUS/2/2-2.txt')
  message = difference({name: CONTENT[name] for name in NAMES if name not in missing})
  assert 'missing (2): HOMUS/1/1-1.txt, HOMUS/2/2-2.txt' in message
  assert 'changed,' not in message


def test_verify_names_an_extra_file(official):
  message = difference({**CONTENT, 'HOMUS/4/4-1.txt': DOT, 'HOMUS/1/2-1.txt': DOT})
  assert 'extra (2): HOMUS/1/2-1.txt, HOMUS/4/4-1.txt' in message
  assert 'changed,' not in message


def test_verify_names_a_changed_file(official):
  message = difference({**CONTENT, 'HOMUS/2/2-3.txt': b'Dot\n77,2;3,4;\n'})
  assert re.search(r'changed.* \(1\): HOMUS/2/2-3.txt$', message, re.MULTILINE)
  assert 'missing' not in message
  assert 'extra' not in message


def test_verify_names_where_changed_writers_and_numbers_meet(official):
  changed = {'HOMUS/1/1-2.txt': b'Flat\n1,1;', 'HOMUS/3/3-4.txt': b'Flat\n2,2;'}
  # Writers 1 and 3 and numbers 2 and 4 differ: one of four pairings of these.
  message = difference({**CONTENT, **changed})
  for name in ('HOMUS/1/1-2.txt', 'HOMUS/1/1-4.txt', 'HOMUS/3/3-2.txt', 'HOMUS/3/3-4.txt'):
    assert name in message
  assert 'some of these (4)' in message


@pytest.mark.parametrize('allow_changed', [False, True])
def test_verify_never_lets_an_unreadable_file_through(official, allow_changed):
  message = difference({**CONTENT, 'HOMUS/2/2-3.txt': b'Dot\n1,2;3'}, allow_changed)
  assert 'unreadable (1): HOMUS/2/2-3.txt, line 2' in message
  assert 'changed,' not in message


def test_verify_shortens_long_lists(official):
  message = difference({'HOMUS/3/3-4.txt': DOT})
  assert 'missing (11): HOMUS/1/1-1.txt' in message
  assert 'HOMUS/3/3-2.txt, ...' in message
  assert 'HOMUS/3/3-3.txt' not in message


def test_verify_warns_of_a_changed_set_that_is_allowed(official, capsys):
  archive.verify({**CONTENT, 'HOMUS/4/4-1.txt': DOT}, archive.NAME, allow_changed=True)
  assert 'extra (1): HOMUS/4/4-1.txt' in capsys.readouterr().err


@pytest.mark.skipif('OMR_RAW_DIR' not in os.environ, reason='$OMR_RAW_DIR names no raw data')
def test_homus_is_verified_and_one_changed_coordinate_found():
  path = archive.locate(None, no_network)
  files = archive.read(path)
  assert len(files) == 15_200
  archive.verify(files, path, allow_changed=False)
  files['HOMUS/57/57-101.txt'] = re.sub(rb'[0-9];$', b';', files['HOMUS/57/57-101.txt'].rstrip())
  assert re.search(r'changed.* \(1\): HOMUS/57/57-101.txt$', difference(files), re.MULTILINE)
