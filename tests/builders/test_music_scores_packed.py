import contextlib
import io
import tarfile
import zipfile

import pytest

from omr_jax.errors import UserError
from tfds_builders.music_scores import packed

FILES = {'a/b.png': b'first' * 100, 'a/c.png': b'second' * 100}
# What operating systems leave behind.
LITTER = {
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
  return path


def write_tar(path, files, mode='w'):
  with tarfile.open(path, mode) as archive:
    folder = tarfile.TarInfo('a')
    folder.type = tarfile.DIRTYPE
    archive.addfile(folder)
    for name, content in files.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))
  return path


WRITE = {'zip': write_zip, 'tar': write_tar}
both = pytest.mark.parametrize('kind', ['zip', 'tar'])


def read(path, kind):
  with packed.opened(path, kind, 'get it again.') as files:
    return {name: content() for name, content in files.items()}


@both
def test_files_without_litter(tmp_path, kind):
  assert read(WRITE[kind](tmp_path / 'archive', {**LITTER, **FILES}), kind) == FILES


@both
@pytest.mark.parametrize('name', ['../x.png', '/x.png', 'a/../../x.png', 'C:/x.png', 'a\\x.png'])
def test_path_tricks(tmp_path, kind, name):
  path = WRITE[kind](tmp_path / 'archive', {**FILES, name: b'x'})
  with pytest.raises(UserError, match='refused as unsafe') as caught:
    read(path, kind)
  assert str(caught.value).startswith(str(path))
  assert str(caught.value).endswith('get it again.')


@both
def test_a_name_that_is_there_twice(tmp_path, kind):
  path = WRITE[kind](tmp_path / 'archive', FILES)
  if kind == 'tar':
    with tarfile.open(path, 'a') as archive:
      archive.addfile(tarfile.TarInfo('a/b.png'))
    twice = contextlib.nullcontext()
  else:
    twice = pytest.warns(UserWarning, match='Duplicate name')
    with twice, zipfile.ZipFile(path, 'a') as archive:
      archive.writestr('a/b.png', b'')
  with pytest.raises(UserError, match=r"'a/b.png' is there twice"):
    read(path, kind)


@pytest.mark.parametrize(
  'kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_links_and_devices_in_a_tar(tmp_path, kind):
  path = write_tar(tmp_path / 'archive', FILES)
  member = tarfile.TarInfo('a/z.png')
  member.type, member.linkname = kind, '/etc/passwd'
  with tarfile.open(path, 'a') as archive:
    archive.addfile(member)
  with pytest.raises(UserError, match=r"'a/z.png' is (a link|no plain file)"):
    read(path, 'tar')


def test_a_link_and_a_cipher_in_a_zip(tmp_path):
  link = zipfile.ZipInfo('a/z.png')
  link.external_attr = 0o120777 << 16
  with zipfile.ZipFile(tmp_path / 'link', 'w') as archive:
    archive.writestr(link, '/etc/passwd')
  with pytest.raises(UserError, match='is a link'):
    read(tmp_path / 'link', 'zip')
  content = bytearray(write_zip(tmp_path / 'cipher', FILES).read_bytes())
  entry = content.index(b'a/b.png', content.index(b'PK\x01\x02')) - 46
  content[entry + 8] |= 1  # The flags of the entry in the directory.
  (tmp_path / 'cipher').write_bytes(content)
  with pytest.raises(UserError, match='is encrypted'):
    read(tmp_path / 'cipher', 'zip')


@both
def test_absurd_sizes(tmp_path, kind, monkeypatch):
  path = WRITE[kind](tmp_path / 'archive', FILES)  # 500 and 600 bytes in 2 files.
  monkeypatch.setattr(packed, 'MAX_ENTRY_BYTES', 600)
  monkeypatch.setattr(packed, 'MAX_TOTAL_BYTES', 1100)
  monkeypatch.setattr(packed, 'MAX_ENTRIES', 2)
  assert read(path, kind) == FILES
  for name, limit in ('MAX_ENTRY_BYTES', 599), ('MAX_TOTAL_BYTES', 1099), ('MAX_ENTRIES', 1):
    with monkeypatch.context() as patch, pytest.raises(UserError, match='refused as unsafe'):
      patch.setattr(packed, name, limit)
      read(path, kind)


def test_a_zip_entry_that_claims_fewer_bytes_than_it_has(tmp_path):
  bomb = write_zip(tmp_path / 'bomb', {'a/b.png': bytes(1_000_000)}, zipfile.ZIP_DEFLATED)
  size = (1_000_000).to_bytes(4, 'little')
  content = bomb.read_bytes()
  assert content.count(size) == 2
  bomb.write_bytes(content.replace(size, (10).to_bytes(4, 'little')))
  with pytest.raises(UserError, match='bomb'):
    read(bomb, 'zip')


@both
def test_every_truncation_is_refused(tmp_path, kind):
  path = WRITE[kind](tmp_path / 'archive', FILES)
  content = path.read_bytes()
  # A tar ends in padding, all of it zeros; its last file's data begins with the last 'second'.
  end = len(content) if kind == 'zip' else content.rindex(b'second') + 6
  for length in range(0, end, 97):
    path.write_bytes(content[:length])
    with pytest.raises(UserError, match='truncated or damaged'):
      read(path, kind)


def test_a_damaged_tar_header_is_refused(tmp_path):
  path = write_tar(tmp_path / 'archive', FILES)
  content = bytearray(path.read_bytes())
  content[content.index(b'a/c.png')] ^= 1
  path.write_bytes(content)
  with pytest.raises(UserError, match='damaged'):
    read(path, 'tar')


def test_a_changed_byte_in_a_zip_is_refused(tmp_path):
  path = write_zip(tmp_path / 'archive', FILES)
  content = bytearray(path.read_bytes())
  content[content.index(b'second')] ^= 1
  path.write_bytes(content)
  with pytest.raises(UserError, match='damaged'):
    read(path, 'zip')


def test_a_compressed_tar_is_not_what_was_asked_for(tmp_path):
  with pytest.raises(UserError, match='no archive'):
    read(write_tar(tmp_path / 'archive', FILES, 'w:gz'), 'tar')


@both
def test_a_missing_file(tmp_path, kind):
  with pytest.raises(UserError, match='cannot be read'):
    read(tmp_path / 'nothing', kind)
