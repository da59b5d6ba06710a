"""Archives of raw data: read without unpacking, and refused when unsafe or damaged."""

import contextlib
import io
import re
import stat
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omr_jax.errors import UserError
from tfds_builders import archives

FILES = {'a/b.png': b'first' * 100, 'a/c.png': b'second' * 100}  # 500 and 600 bytes.
LIMITS = archives.Limits(entries=10, entry_bytes=600, total_bytes=20_000)
SYSTEM_FILES = {
  'a/.DS_Store': b'x',
  '__MACOSX/a/._b.png': b'x',
  '__MACOSX/a/Icon\r': b'x',
  'a/Thumbs.db': b'x',
}


def write_zip(path, files, method=zipfile.ZIP_STORED):
  with zipfile.ZipFile(path, 'w', method) as archive:
    archive.mkdir('a')
    for name, content in files.items():
      archive.writestr(name, content)


def write_tar(path, files, mode='w'):
  with tarfile.open(path, mode) as archive:
    folder = tarfile.TarInfo('a')
    folder.type = tarfile.DIRTYPE
    archive.addfile(folder)
    for name, content in files.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))


WRITE = {'zip': write_zip, 'tar': write_tar}
both = pytest.mark.parametrize('kind', ['zip', 'tar'])


@pytest.fixture
def path(tmp_path):
  return tmp_path / 'archive'


def read(path, kind, **limits):
  archive = archives.Archive(f'data.{kind}', ('http://a.b/data',), LIMITS._replace(**limits))
  with archives.opened(archive, path) as files:
    return {name: content() for name, content in files.items()}


def assert_refused(path, kind, message, **limits):
  """`message` is a regular expression; the remedy follows it."""
  with pytest.raises(UserError, match=f'^{re.escape(str(path))}: ') as caught:
    read(path, kind, **limits)
  assert re.search(message, str(caught.value))
  assert str(caught.value).endswith(f'delete it and get data.{kind} again from http://a.b/data.')


@both
def test_only_files_that_no_operating_system_added(path, kind):
  WRITE[kind](path, {**SYSTEM_FILES, **FILES})
  assert read(path, kind) == FILES


@both
@pytest.mark.parametrize(
  ('name', 'message'),
  [
    ('../x.png', 'points outside'),
    ('a/../../x.png', 'points outside'),
    ('/x.png', 'points outside'),
    ('C:/x.png', 'points outside'),
    ('../.DS_Store', 'points outside'),
    ('..\\x.png', 'has a character'),
    ('a\\x.png', 'has a character'),
    ('a/x\n.png', 'has a character'),
  ],
)
def test_unsafe_names(path, kind, name, message):
  WRITE[kind](path, {**FILES, name: b'x'})
  assert_refused(path, kind, f'refused as unsafe, the entry .* {message}')


def test_nul_in_a_name(path):
  write_zip(path, {'a/x.pngX.exe': b'x'})
  path.write_bytes(path.read_bytes().replace(b'X.exe', b'\0.exe'))
  assert_refused(path, 'zip', 'has a character')


@both
def test_a_name_that_is_there_twice(path, kind):
  WRITE[kind](path, FILES)
  if kind == 'tar':
    with tarfile.open(path, 'a') as archive:
      archive.addfile(tarfile.TarInfo('a/b.png'))
  else:
    twice = pytest.warns(UserWarning, match='Duplicate name')
    with twice, zipfile.ZipFile(path, 'a') as archive:
      archive.writestr('a/b.png', b'')
  assert_refused(path, kind, "'a/b.png' is there twice")


@pytest.mark.parametrize(
  ('kind', 'message'),
  [
    (tarfile.SYMTYPE, 'is a link'),
    (tarfile.LNKTYPE, 'is a link'),
    (tarfile.FIFOTYPE, 'is not a regular file'),
    (tarfile.CHRTYPE, 'is not a regular file'),
    (tarfile.BLKTYPE, 'is not a regular file'),
  ],
)
def test_links_and_devices_in_a_tar(path, kind, message):
  write_tar(path, FILES)
  member = tarfile.TarInfo('a/z.png')
  member.type, member.linkname = kind, '/etc/passwd'
  with tarfile.open(path, 'a') as archive:
    archive.addfile(member)
  assert_refused(path, 'tar', f"'a/z.png' {message}")


def test_a_link_in_a_zip(path):
  link = zipfile.ZipInfo('a/z.png')
  link.external_attr = (stat.S_IFLNK | 0o777) << 16
  write_zip(path, {link: b'/etc/passwd'})
  assert_refused(path, 'zip', "'a/z.png' is a link")


def set_directory_field(path, offset, form, value):
  """Changes a field of a/b.png in a zip's central directory (its layout: APPNOTE 4.3.12)."""
  content = bytearray(path.read_bytes())
  entry = content.index(b'a/b.png', content.index(b'PK\x01\x02')) - 46
  struct.pack_into(form, content, entry + offset, value)
  path.write_bytes(content)


def test_an_encrypted_file(path):
  write_zip(path, FILES)
  set_directory_field(path, 8, '<H', 1)
  assert_refused(path, 'zip', 'is encrypted')


def test_other_compression_methods(path):
  write_zip(path, FILES, zipfile.ZIP_LZMA)
  assert_refused(path, 'zip', 'compression method 14')


@both
def test_limits(path, kind):
  WRITE[kind](path, FILES)
  size = path.stat().st_size
  assert size > 1100
  assert read(path, kind, entries=3, total_bytes=size) == FILES  # The folder a/ is an entry too.
  assert_refused(path, kind, 'more than 2 entries', entries=2)
  assert_refused(path, kind, "'a/c.png' has 600 bytes", entry_bytes=599)
  assert_refused(path, kind, f'larger than {size - 1} bytes', total_bytes=size - 1)


def test_the_limit_of_all_files_together(path):
  # Compressed, the archive itself is much smaller than the 1 100 bytes of its files.
  write_zip(path, FILES, zipfile.ZIP_DEFLATED)
  assert read(path, 'zip', total_bytes=1100) == FILES
  assert_refused(path, 'zip', 'more than 1099 bytes unpacked', total_bytes=1099)


@pytest.mark.parametrize('claim', [1, 499, 501, 600])
@pytest.mark.parametrize('method', [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_file_that_has_not_the_size_it_claims(path, claim, method):
  write_zip(path, FILES, method)
  set_directory_field(path, 24, '<I', claim)
  assert_refused(path, 'zip', 'a/b.png')


def test_a_bomb_is_not_unpacked(path):
  write_zip(path, {'a/b.png': bytes(5_000_000)}, zipfile.ZIP_DEFLATED)
  set_directory_field(path, 24, '<I', 10)
  assert_refused(path, 'zip', 'a/b.png')


@both
@pytest.mark.parametrize('content', [b'', b'PK', b'<html>Sign in</html>'])
def test_what_is_no_archive(path, kind, content):
  path.write_bytes(content)
  assert_refused(path, kind, f'not a {kind} archive, truncated or damaged')


@both
def test_a_folder_and_nothing(path, kind):
  assert_refused(path, kind, 'cannot be read')
  path.mkdir()
  assert_refused(path, kind, f'not a {kind} archive')


@both
def test_every_truncation_is_refused(path, kind):
  WRITE[kind](path, FILES)
  content = path.read_bytes()
  # A tar ends in padding, all of it zeros; its last file's data begins with the last 'second'.
  end = len(content) if kind == 'zip' else content.rindex(b'second') + 6
  for length in [*range(0, end, 97), end - 1]:
    path.write_bytes(content[:length])
    assert_refused(path, kind, 'truncated or damaged')


@pytest.mark.parametrize(('kind', 'changed'), [('tar', b'a/c.png'), ('zip', b'second')])
def test_a_changed_byte_is_refused(path, kind, changed):
  """In a header of a tar, which has a checksum, and in the content of a zip, which has one too."""
  WRITE[kind](path, FILES)
  content = bytearray(path.read_bytes())
  content[content.index(changed)] ^= 1
  path.write_bytes(content)
  assert_refused(path, kind, 'damaged')


def test_a_compressed_tar_is_not_what_was_asked_for(path):
  write_tar(path, FILES, 'w:gz')
  assert_refused(path, 'tar', 'not a tar archive')


@pytest.fixture(scope='module')
def fuzzed(tmp_path_factory):
  """A place for damaged archives, and whole ones of each kind."""
  folder = tmp_path_factory.mktemp('fuzzed')
  whole = {}
  for kind, write in WRITE.items():
    write(folder / kind, FILES)
    whole[kind] = (folder / kind).read_bytes()
  return folder / 'archive', whole


@both
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_fuzz_damaged_archives(fuzzed, kind, data):
  path, whole = fuzzed
  content = bytearray(whole[kind])
  for _ in range(data.draw(st.integers(1, 4))):
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
  path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
  with contextlib.suppress(UserError):
    assert all(isinstance(content, bytes) for content in read(path, kind).values())
