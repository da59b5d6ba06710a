import functools
import http.server
import itertools
import os
import resource
import shutil
import tempfile
import threading
import types
import zipfile

import pytest
import tensorflow_datasets as tfds

import tfds_builders.homus
from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from tfds_builders import original_split
from tfds_builders.homus import archive, homus_dataset_builder, prepare, splits

# The fixture `official` replaces these.
RAW_DIR = os.environ.get('OMR_RAW_DIR')
HOMUS_DIGEST = archive.DIGEST
HOMUS_SPLIT_DIGEST = splits.ORIGINAL_DIGEST


def raw_files(writers=10):
  """Ten writers' two symbols of two classes: what stands in for HOMUS here."""
  return {
    f'HOMUS/{w}/{w}-{n}.txt': f'{label}\n{w},{n};{w},{-n};\n100,{n};\n'.encode()
    for w in range(1, writers + 1)
    for n, label in [(1, 'Dot'), (2, 'Whole-Note')]
  }


def write_archive(folder, files):
  folder.mkdir(exist_ok=True)
  with zipfile.ZipFile(folder / archive.ARCHIVE.name, 'w') as file:
    for name, content in files.items():
      file.writestr(name, content)
  return folder


def set_url(monkeypatch, server):
  urls = (f'{server}/{archive.ARCHIVE.name}',)
  monkeypatch.setattr(archive, 'ARCHIVE', archive.ARCHIVE._replace(urls=urls))


@pytest.fixture(autouse=True)
def official(monkeypatch):
  """Lets the files above be what the original archive holds, and its split the original one."""
  files = raw_files()
  symbols = [strokes.parse(content, name) for name, content in files.items()]
  monkeypatch.setattr(archive, 'DIGEST', archive.digest(files))
  monkeypatch.setattr(archive, 'WRITERS', 10)
  monkeypatch.setattr(archive, 'SYMBOLS_PER_WRITER', 2)
  original = original_split.original({s.id: s.label for s in symbols})
  monkeypatch.setattr(splits, 'ORIGINAL_DIGEST', splits.digest(symbols, original))
  monkeypatch.delenv('OMR_RAW_DIR', raising=False)
  # Nobody listens there: no test may reach the network.
  set_url(monkeypatch, 'http://127.0.0.1:9')
  monkeypatch.setenv('no_proxy', '127.0.0.1')
  monkeypatch.setenv('NO_PROXY', '127.0.0.1')


@pytest.fixture
def raw_dir(tmp_path):
  return write_archive(tmp_path / 'raw', raw_files())


@pytest.fixture
def data_dir(tmp_path):
  return tmp_path / 'data'


def ids(builder, split):
  return [example['id'].decode() for example in builder.as_data_source(split=split)]


def test_examples(raw_dir, data_dir):
  builder = prepare('writers_0', data_dir, raw_dir)
  first, second = builder.as_data_source(split='test')
  assert (first['id'], first['label'], first['writer']) == (b'1-1', 12, 1)
  assert (second['id'], second['label'], second['writer']) == (b'1-2', 31, 1)
  assert builder.info.features['label'].names == list(strokes.CLASSES)
  assert first['points'].tolist() == [[1, 1], [1, -1], [100, 1]]
  assert first['stroke'].tolist() == [0, 0, 1]
  assert first['points'].dtype == first['stroke'].dtype == 'int32'
  assert builder.info.metadata['digest'] == archive.digest(raw_files())


def test_writer_fold(raw_dir, data_dir):
  builder = prepare('writers_8', data_dir, raw_dir)
  assert ids(builder, 'test') == ['9-1', '9-2']
  assert ids(builder, 'validation') == ['10-1', '10-2']
  assert ids(builder, 'train') == [f'{w}-{n}' for w in range(1, 9) for n in (1, 2)]


def test_original_protocol(raw_dir, data_dir):
  # Sorted as ASCII, '10-1' comes before all of '1-1' ... '9-1' but the first: indices 6 and 7,
  # which tests/test_splits.py derives, are writers 6 and 7.
  builder = prepare('original', data_dir, raw_dir)
  assert ids(builder, 'validation') == ['6-1', '6-2']
  assert ids(builder, 'test') == ['7-1', '7-2']
  assert len(ids(builder, 'train')) == 16


def test_made_up_is_split_by_writer_and_needs_no_archive(data_dir, monkeypatch):
  made_up = types.SimpleNamespace(files=lambda: raw_files(writers=7), DIGEST='0123456789abcdef')
  monkeypatch.setattr(tfds_builders.homus, 'made_up', made_up)
  builder = prepare('made_up', data_dir)
  assert ids(builder, 'test') == ['1-1', '1-2', '6-1', '6-2']
  assert ids(builder, 'validation') == ['2-1', '2-2', '7-1', '7-2']
  assert ids(builder, 'train') == ['3-1', '3-2', '4-1', '4-2', '5-1', '5-2']
  assert builder.info.metadata['digest'] == archive.digest(raw_files(writers=7))


def test_nothing_is_left_among_the_temporary_files(raw_dir, data_dir, tmp_path, monkeypatch):
  temporary = tmp_path / 'temporary'
  temporary.mkdir()
  monkeypatch.setattr(tempfile, 'tempdir', str(temporary))
  prepare('original', data_dir, raw_dir)
  assert not [*temporary.iterdir()]


def test_prepared_data_needs_no_archive(raw_dir, data_dir):
  first = prepare('original', data_dir, raw_dir)
  shutil.rmtree(raw_dir)
  second = prepare('original', data_dir)
  assert ids(second, 'train') == ids(first, 'train')
  assert second.info.metadata['digest'] == archive.digest(raw_files())


def test_unknown_protocol(data_dir):
  with pytest.raises(UserError, match="did you mean 'original'"):
    prepare('orignal', data_dir)
  with pytest.raises(UserError, match="did you mean 'writers_1'"):
    prepare('writers_10', data_dir)
  assert not data_dir.exists()


def changed_files():
  return {**raw_files(), 'HOMUS/11/11-1.txt': b'Dot\n5,5;\n'}


def test_a_changed_set_is_refused(tmp_path, data_dir):
  changed = write_archive(tmp_path / 'changed', changed_files())
  with pytest.raises(UserError, match=r'extra \(1\): HOMUS/11/11-1.txt'):
    prepare('writers_0', data_dir, changed)
  assert not list(data_dir.rglob('*.array_record*'))
  assert not list(data_dir.rglob('*1.0.0*'))


def test_a_changed_set_is_kept_apart(tmp_path, raw_dir, data_dir):
  changed = write_archive(tmp_path / 'changed', changed_files())
  builder = prepare('writers_0', data_dir, changed, allow_changed=True)
  assert ids(builder, 'test') == ['1-1', '1-2', '11-1']
  assert builder.info.metadata['digest'] == archive.digest(changed_files())
  official = prepare('writers_0', data_dir, raw_dir)
  assert ids(official, 'test') == ['1-1', '1-2']
  # And the other way round, with the official data already there.
  builder = prepare('writers_0', data_dir, changed, allow_changed=True)
  assert ids(builder, 'test') == ['1-1', '1-2', '11-1']


def test_allowed_change_needs_its_archive_at_each_start(tmp_path, data_dir):
  changed = write_archive(tmp_path / 'changed', changed_files())
  prepare('writers_0', data_dir, changed, allow_changed=True)
  shutil.rmtree(changed)
  with pytest.raises(UserError, match='could not be downloaded'):
    prepare('writers_0', data_dir, allow_changed=True)


def test_tfds_gives_no_other_set_than_that_in_the_folder(tmp_path, raw_dir, data_dir):
  """The function of TFDS has one folder for both sets, so one of them is refused."""

  def given(folder):
    arguments = {'raw_dir': folder, 'allow_changed': True}
    splits = tfds.data_source('homus/original', data_dir=data_dir, builder_kwargs=arguments)
    return sum(map(len, splits.values()))

  changed = write_archive(tmp_path / 'changed', changed_files())
  assert given(raw_dir) == given(raw_dir) == 10 * 2
  with pytest.raises(UserError, match=r'other raw data than that in .*changed; .*builders\.homus'):
    given(changed)
  (changed / archive.ARCHIVE.name).unlink()
  assert given(changed) == given(None) == 10 * 2  # Prepared data needs no archive.


def test_allow_changed_takes_the_official_set_for_what_it_is(raw_dir, data_dir):
  prepare('original', data_dir, raw_dir, allow_changed=True)
  assert prepare('original', data_dir).data_path == data_dir / 'homus' / 'original' / '1.0.0'


def test_an_unreadable_symbol_is_refused_even_when_changes_are_allowed(tmp_path, data_dir):
  files = {**raw_files(), 'HOMUS/3/3-1.txt': b'Dot\n1,'}
  changed = write_archive(tmp_path / 'changed', files)
  with pytest.raises(UserError, match=r'HOMUS/3/3-1.txt, line 2'):
    prepare('writers_0', data_dir, changed, allow_changed=True)


def test_a_set_too_small_for_its_protocol(tmp_path, data_dir):
  changed = write_archive(tmp_path / 'changed', raw_files(writers=9))
  with pytest.raises(UserError, match='none for validation'):
    prepare('original', data_dir, changed, allow_changed=True)


def truncate(folder, name):
  path = next(folder.glob(name))
  content = path.read_bytes()
  path.write_bytes(content[: len(content) // 2])


def flip_a_bit(folder, name):
  path = next(folder.glob(name))
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 1
  path.write_bytes(content)


def remove(folder, name):
  next(folder.glob(name)).unlink()


def empty(folder, name):
  shutil.rmtree(folder)
  folder.mkdir()


def claim_fewer_examples(folder, name):
  path = next(folder.glob(name))
  content = path.read_text()
  assert content.count('"16"') == 1
  path.write_text(content.replace('"16"', '"15"'))


@pytest.mark.parametrize(
  ('damage', 'name'),
  [
    *itertools.product((truncate, flip_a_bit, remove), ('*test.array_record*', 'metadata.json')),
    *itertools.product((truncate, remove, claim_fewer_examples), ['dataset_info.json']),
    (empty, '*'),
  ],
)
def test_a_damaged_prepared_folder(raw_dir, data_dir, damage, name):
  folder = prepare('original', data_dir, raw_dir).data_path
  damage(folder, name)
  with pytest.raises(UserError) as caught:
    prepare('original', data_dir, raw_dir)
  assert str(caught.value).startswith(str(folder))
  assert 'delete this folder' in str(caught.value)
  shutil.rmtree(folder)
  assert ids(prepare('original', data_dir, raw_dir), 'test') == ['7-1', '7-2']


@pytest.mark.parametrize('name', ['data [old]', 'a*b', 'back\\slash'])
def test_special_characters_in_the_name_of_a_folder(raw_dir, tmp_path, name):
  data_dir = tmp_path / name
  assert ids(prepare('original', data_dir, raw_dir), 'test') == ['7-1', '7-2']
  data_dir.rename(tmp_path / 'renamed')
  assert ids(prepare('original', tmp_path / 'renamed'), 'test') == ['7-1', '7-2']
  (tmp_path / 'renamed').rename(data_dir)
  folder = data_dir / 'homus' / 'original' / '1.0.0'
  flip_a_bit(folder, '*test.array_record*')
  with pytest.raises(UserError, match='damaged') as caught:
    prepare('original', data_dir, raw_dir)
  assert str(caught.value).startswith(str(folder))


def test_a_prepared_folder_from_another_archive(tmp_path, raw_dir, data_dir):
  changed = write_archive(tmp_path / 'changed', changed_files())
  builder = prepare('writers_0', data_dir, changed, allow_changed=True)
  shutil.move(builder.data_path, data_dir / 'homus' / 'writers_0' / '1.0.0')
  with pytest.raises(UserError, match='other data'):
    prepare('writers_0', data_dir, raw_dir)


def test_data_dir_that_cannot_be_written(raw_dir, tmp_path):
  (tmp_path / 'file').write_text('in the way')
  with pytest.raises(UserError, match='could not be written'):
    prepare('original', tmp_path / 'file', raw_dir)


def test_full_disk_leaves_nothing(raw_dir, data_dir):
  # A limit on file sizes fails the same system calls as a full disk. The files are of 64 KiB.
  limits = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
  try:
    with pytest.raises(UserError, match=r'could not be written.*File too large') as caught:
      prepare('original', data_dir, raw_dir)
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
  assert str(caught.value).startswith(str(data_dir))
  assert not list(data_dir.rglob('*1.0.0*'))
  assert ids(prepare('original', data_dir, raw_dir), 'test') == ['7-1', '7-2']


def test_another_process_is_faster(raw_dir, data_dir, monkeypatch):
  generate = homus_dataset_builder.Builder._generate_examples
  rivals = [True]

  def prepared_meanwhile(self, symbols):
    if rivals and rivals.pop():
      prepare('writers_0', data_dir, raw_dir)
    return generate(self, symbols)

  monkeypatch.setattr(homus_dataset_builder.Builder, '_generate_examples', prepared_meanwhile)
  assert ids(prepare('writers_0', data_dir, raw_dir), 'test') == ['1-1', '1-2']
  assert [p.name for p in (data_dir / 'homus' / 'writers_0').iterdir()] == ['1.0.0']


@pytest.fixture
def serve(monkeypatch):
  """Serves a folder on this machine as the archive's public address."""
  servers = []

  def start(folder):
    class Handler(http.server.SimpleHTTPRequestHandler):
      def log_message(self, *args):
        pass

    handler = functools.partial(Handler, directory=str(folder))
    servers.append(http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler))
    threading.Thread(target=servers[0].serve_forever, args=(0.01,), daemon=True).start()
    set_url(monkeypatch, f'http://127.0.0.1:{servers[0].server_port}')

  yield start
  for server in servers:
    server.shutdown()
    server.server_close()


def test_download(serve, raw_dir, data_dir):
  serve(raw_dir)
  assert ids(prepare('original', data_dir), 'test') == ['7-1', '7-2']


def test_download_into_a_folder_with_special_characters(serve, raw_dir, tmp_path):
  serve(raw_dir)
  data_dir = tmp_path / '[a]'
  assert ids(prepare('writers_0', data_dir, allow_changed=True), 'test') == ['1-1', '1-2']
  shutil.rmtree(data_dir / 'downloads')
  (raw_dir / archive.ARCHIVE.name).write_text('<html>Sign in to this network</html>')
  with pytest.raises(UserError, match='not a zip archive') as caught:
    prepare('original', data_dir)
  assert str(caught.value).startswith(f'{data_dir}/')


def test_download_of_a_changed_set(serve, tmp_path, data_dir):
  serve(write_archive(tmp_path / 'changed', changed_files()))
  builder = prepare('writers_0', data_dir, allow_changed=True)
  assert ids(builder, 'test') == ['1-1', '1-2', '11-1']


def test_download_of_what_is_no_archive_names_the_file(serve, tmp_path, data_dir):
  (tmp_path / archive.ARCHIVE.name).write_text('<html>Sign in to this network</html>')
  serve(tmp_path)
  with pytest.raises(UserError, match=r'not a zip archive.*delete it') as caught:
    prepare('original', data_dir)
  assert os.path.isfile(str(caught.value).split(':')[0])


def test_download_of_a_missing_file(serve, tmp_path, data_dir):
  serve(tmp_path)
  with pytest.raises(UserError, match='404'):
    prepare('original', data_dir)


def test_builder_works_without_tensorflow(raw_dir, data_dir, no_tensorflow, capfd):
  for _ in range(2):  # To prepare, and to read what is prepared.
    assert len(prepare('original', data_dir, raw_dir).as_data_source(split='train')) == 16
  # TFDS's own messages don't mix with a command's output.
  assert capfd.readouterr().out == ''


def test_description_is_complete():
  metadata = tfds_builders.homus.Builder.get_metadata()
  assert 'Calvo-Zaragoza' in metadata.citation
  assert metadata.tags == ['content.subject.music']
  for config in tfds_builders.homus.Builder.builder_configs:
    assert config.rstrip('0123456789') in metadata.description


@pytest.mark.skipif(not RAW_DIR, reason='$OMR_RAW_DIR names no raw data')
def test_homus(data_dir, monkeypatch):
  monkeypatch.setattr(archive, 'DIGEST', HOMUS_DIGEST)
  monkeypatch.setattr(splits, 'ORIGINAL_DIGEST', HOMUS_SPLIT_DIGEST)
  builder = prepare('original', data_dir, RAW_DIR)
  sizes = {name: split.num_examples for name, split in builder.info.splits.items()}
  assert sizes == {'train': 12_170, 'validation': 1_515, 'test': 1_515}
  assert {'86-133', '1-101'} < set(ids(builder, 'test'))
