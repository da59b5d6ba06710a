import collections
import functools
import hashlib
import http.server
import io
import os
import resource
import shutil
import tarfile
import threading
import zipfile
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

import tfds_builders.music_scores
from omr_jax.errors import UserError
from omr_jax.inputs.pictures import CLASSES
from tfds_builders.music_scores import (
  folders,
  groups,
  music_scores_dataset_builder,
  paper,
  prepare,
  search,
)

# The fixture `offline` replaces these.
RAW_DIR = os.environ.get('OMR_RAW_DIR')
PARTS = paper.PARTS
NAMES = [a + b for a in 'bdkm' for b in 'aeiou']  # Of pictures that have nothing in common.


def set_urls(monkeypatch, *servers):
  parts = []
  for part in PARTS:
    urls = tuple(f'{server}/{part.archive.name}' for server in servers)
    parts.append(part._replace(archive=part.archive._replace(urls=urls)))
  monkeypatch.setattr(paper, 'PARTS', tuple(parts))


@pytest.fixture(autouse=True)
def offline(monkeypatch):
  """Nobody listens there: no test may reach the network."""
  monkeypatch.delenv('OMR_RAW_DIR', raising=False)
  monkeypatch.setenv('no_proxy', '127.0.0.1')
  monkeypatch.setenv('NO_PROXY', '127.0.0.1')
  set_urls(monkeypatch, 'http://127.0.0.1:9')


def picture(seed, kind='PNG'):
  coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
  file = io.BytesIO()
  Image.fromarray(coarse).resize((80, 80), Image.Resampling.BICUBIC).save(file, kind)
  return file.getvalue()


def write(folder, files):
  for name, content in files.items():
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
  return folder


def pictures():
  """Half of the names among the scores, half among the others."""
  halves = ('scores/engraved', NAMES[::2]), ('other/photos/deep', NAMES[1::2])
  return {f'{f}/{n}.png': picture(ord(n[0]) * 256 + ord(n[1])) for f, ns in halves for n in ns}


@pytest.fixture
def raw_dir(tmp_path):
  return write(tmp_path / 'raw', pictures())


@pytest.fixture
def data_dir(tmp_path):
  return tmp_path / 'data'


def examples(builder):
  """By id, each with the split it is in."""
  found = {}
  for split in builder.info.splits:
    for example in builder.as_data_source(split=split):
      name = example['id'].decode()
      assert name not in found
      found[name] = {**example, 'split': split}
  return found


def digest(files):
  lines = [f'{hashlib.sha256(content).hexdigest()}  {name}\n' for name, content in files.items()]
  return hashlib.sha256(''.join(sorted(lines, key=lambda line: line[66:])).encode()).hexdigest()


def test_folders(raw_dir, data_dir):
  builder = prepare('folders', data_dir, raw_dir)
  found = examples(builder)
  assert {name: example['image'] for name, example in found.items()} == pictures()
  assert list(builder.info.splits) == [f'fold_{k}' for k in range(5)]
  assert builder.info.features['label'].names == list(CLASSES) == ['other', 'scores']
  for name, example in found.items():
    stem = name.split('/')[-1].removesuffix('.png')
    assert example['label'] == name.startswith('scores')
    assert example['source'] == (b'scores/engraved' if example['label'] else b'other/photos')
    assert example['group'] == stem.encode()
    assert example['split'] == f'fold_{groups.fold(stem)}'
  assert builder.info.metadata['digest'] == digest(pictures())


def test_pictures_that_look_the_same_are_in_one_fold(raw_dir, data_dir):
  # Under a name of its own each would have a fold of its own: 0 and 4 (see the test of `fold`).
  twins = {
    'scores/abc.png': picture(1),
    'other/photos/abc_input_1.jpg': picture(2, 'JPEG'),
    'other/zz1y.jpg': picture(2, 'JPEG'),
    'other/zz2y.webp': picture(1, 'WEBP'),
  }
  write(raw_dir, twins)
  found = examples(prepare('folders', data_dir, raw_dir))
  assert {found[name]['group'] for name in twins} == {b'abc'}
  assert {found[name]['split'] for name in twins} == {'fold_0'}
  assert found['scores/abc.png']['source'] == b'scores'


def test_tfds_gives_no_pictures_of_an_earlier_folder(raw_dir, tmp_path, data_dir):
  """The function of TFDS has one folder for all pictures, so those of a second one are refused."""

  def given(folder):
    arguments = {'raw_dir': folder}
    splits = tfds.data_source('music_scores/folders', data_dir=data_dir, builder_kwargs=arguments)
    return sum(map(len, splits.values()))

  second = write(tmp_path / 'second', {**pictures(), 'other/more.png': picture(71)})
  # What nobody has prepared is not of other data: TFDS says that it is missing.
  unprepared = tfds.builder('music_scores/folders', data_dir=data_dir, raw_dir=raw_dir)
  with pytest.raises(KeyError, match='has not been generated yet'):
    unprepared.as_data_source(split='fold_0')
  assert given(raw_dir) == given(raw_dir) == 20
  with pytest.raises(UserError, match=r'other raw data than that in .*second; .*music_scores, wh'):
    given(second)
  shutil.rmtree(second)
  assert given(second) == given(None) == 20


def test_raw_data_is_hashed_once(raw_dir, data_dir, monkeypatch):
  """Beside the name of the folder, for which `prepare` needs the digest, by the builder alone."""
  counted = mock.Mock(wraps=folders.digests)
  monkeypatch.setattr(folders, 'digests', counted)
  prepare('folders', data_dir, raw_dir)
  assert counted.call_count == 2
  prepare('folders', data_dir, raw_dir)
  assert counted.call_count == 3


def test_several_folders_are_one_set(raw_dir, tmp_path, data_dir):
  more = {
    'scores/engraved/more.png': picture(70),  # A source of both folders.
    'other/tables/be.png': picture(71),
    # A copy of a picture of the other folder, whose own name would put it into fold 0.
    'scores/prints/zz1y.png': picture(ord('b') * 256 + ord('a'), 'WEBP'),
  }
  second = write(tmp_path / 'second', more)
  both = prepare('folders', data_dir, f'{raw_dir}{os.pathsep}{second}')
  found = examples(both)
  assert set(found) == {*pictures(), *more}
  assert found['scores/engraved/more.png']['source'] == b'scores/engraved'
  for name in ('scores/engraved/ba.png', 'scores/prints/zz1y.png'):
    assert found[name]['group'] == b'ba'
    assert found[name]['split'] == f'fold_{groups.fold("ba")}'
  assert both.info.metadata['digest'] == digest({**pictures(), **more})
  swapped = prepare('folders', data_dir, f'{second}{os.pathsep}{raw_dir}')
  assert swapped.data_path == both.data_path
  write(second, {'scores/engraved/ba.png': picture(72)})
  with pytest.raises(UserError, match=r'second/scores/engraved/ba\.png: .*raw.* has the same name'):
    prepare('folders', data_dir, f'{raw_dir}{os.pathsep}{second}')


def test_order_and_files_of_a_fold(tmp_path, data_dir, monkeypatch):
  # 25 pages of one piece are in one fold, in three files of at most 10; their bytes are unchanged.
  monkeypatch.setattr(music_scores_dataset_builder, 'PICTURES_PER_FILE', 10)
  pages = {f'scores/abc_p{n}.bmp': picture(n, 'BMP') for n in range(25)}
  builder = prepare('folders', data_dir, write(tmp_path / 'raw', {**pictures(), **pages}))
  fold = builder.as_data_source(split='fold_0')
  ids = [example['id'].decode() for example in fold]
  assert ids == sorted(ids)
  assert set(pages) < set(ids)
  assert all(
    example['image'] == pages.get(example['id'].decode(), example['image']) for example in fold
  )
  assert len(list(builder.data_path.glob('*fold_0.array_record*'))) == 3


def test_added_pictures_move_no_others(raw_dir, data_dir):
  before = examples(prepare('folders', data_dir, raw_dir))
  write(raw_dir, {f'scores/new/{n}y.png': picture(seed) for seed, n in enumerate(NAMES)})
  after = examples(prepare('folders', data_dir, raw_dir))
  assert len(after) == 2 * len(before)
  assert all(after[name]['split'] == before[name]['split'] for name in before)


def test_what_changed_is_prepared_anew_and_what_did_not_is_not(raw_dir, data_dir):
  first = prepare('folders', data_dir, raw_dir).data_path
  stamp = os.stat(first).st_mtime_ns
  assert prepare('folders', data_dir, raw_dir).data_path == first
  assert os.stat(first).st_mtime_ns == stamp
  write(raw_dir, {'scores/engraved/ba.png': picture(99)})
  builder = prepare('folders', data_dir, raw_dir)
  assert builder.data_path != first
  assert examples(builder)['scores/engraved/ba.png']['image'] == picture(99)
  (raw_dir / 'scores/engraved/ba.png').rename(raw_dir / 'scores/engraved/wa.png')
  assert 'scores/engraved/wa.png' in examples(prepare('folders', data_dir, raw_dir))


def test_other_files_are_named_and_hidden_ones_are_not(raw_dir, data_dir, caplog):
  write(
    raw_dir,
    {
      'scores/engraved/notes.txt': b'BM stands for Bach',
      'scores/.hidden.png': b'x',
      'scores/.cache/x.png': b'x',
      'other/.DS_Store': b'x',
      'other/Thumbs.db': b'x',
      '__MACOSX/other/x.png': b'x',
      'readme.txt': b'x',
      'other/no_suffix': picture(5),
      'other/odd.dat': picture(6, 'JPEG'),
    },
  )
  found = examples(prepare('folders', data_dir, raw_dir))
  assert set(found) == {*pictures(), 'other/no_suffix', 'other/odd.dat'}
  assert 'not pictures (1): scores/engraved/notes.txt' in caplog.text
  assert caplog.text.count('\n') == 1


def test_a_picture_with_two_labels_is_named(raw_dir, data_dir, caplog):
  """At every call, as it is still there; two of one label are no contradiction."""
  write(raw_dir, {'scores/a.png': picture(5), 'other/b.png': picture(5)})
  write(raw_dir, {'other/c.png': picture(6), 'other/d.png': picture(6)})
  for _ in range(2):
    caplog.clear()
    prepare('folders', data_dir, raw_dir)
    (record,) = caplog.records
    words = 'is in scores/ and in other/ (1): scores/a.png = other/b.png'
    assert words in record.getMessage()


def test_a_broken_picture_is_named_and_left_out(raw_dir, data_dir, caplog):
  broken = {'other/cut.png': picture(7)[:200], 'scores/empty.jpg': b'', 'other/page.tif': b'<html>'}
  write(raw_dir, broken)
  for _ in range(2):  # Also when the data is there already.
    caplog.clear()
    builder = prepare('folders', data_dir, raw_dir)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(':')[:2] for line in lines] == [
      ['left out', f' {name}'] for name in sorted(broken)
    ]
  assert set(examples(builder)) == set(pictures())
  assert builder.info.metadata['digest'] == digest({**pictures(), **broken})


def test_a_pdf_that_is_called_a_picture_is_left_out(raw_dir, data_dir, caplog):
  write(raw_dir, {'other/a.jpg': b'%PDF-1.4'})
  assert set(examples(prepare('folders', data_dir, raw_dir))) == set(pictures())
  assert 'left out: other/a.jpg: a PDF; save its pages as pictures.' in caplog.text


def test_the_same_picture_in_both_folders_is_told(raw_dir, data_dir, caplog):
  write(raw_dir, {'scores/b.png': picture(7), 'other/c.png': picture(7), 'other/d.png': picture(7)})
  prepare('folders', data_dir, raw_dir)
  (line,) = (record.getMessage() for record in caplog.records)
  assert line == (
    'the same picture is in scores/ and in other/ (1): scores/b.png = other/c.png; leave one out.'
  )


def test_many_broken_pictures_are_counted(raw_dir, data_dir, caplog):
  write(raw_dir, {f'other/{n}.png': b'broken' for n in range(25)})
  prepare('folders', data_dir, raw_dir)
  assert len(caplog.records) == 21
  assert 'left out: 5 more pictures' in caplog.text


def test_all_pictures_of_a_label_broken(tmp_path, data_dir):
  files = {name: b'x' if name.startswith('scores') else c for name, c in pictures().items()}
  with pytest.raises(UserError, match=r'scores: no picture can be decoded(.|\n)*scores/engraved/b'):
    prepare('folders', data_dir, write(tmp_path / 'raw', files))
  assert not list(data_dir.rglob('*array_record*'))


@pytest.mark.parametrize(
  ('files', 'message'),
  [
    ({}, 'no scores/ and no other/; put pictures'),
    ({'scores/a.png': b''}, 'no other/ beside scores/; put pictures'),
    ({'other/a.png': b''}, 'no scores/ beside other/; put pictures'),
    ({'scores/a.png': b'', 'other/a.txt': b''}, 'other: no picture in it'),
    ({f'{a}/{b}/a.png': b'' for a in 'xy' for b in CLASSES}, 'in several folders: x, y; name one'),
  ],
)
def test_folders_that_cannot_be_used(tmp_path, data_dir, files, message):
  (tmp_path / 'raw').mkdir()
  with pytest.raises(UserError, match=message):
    prepare('folders', data_dir, write(tmp_path / 'raw', files))
  assert not data_dir.exists()


def test_no_folder(tmp_path, data_dir, monkeypatch):
  with pytest.raises(UserError, match=r'no raw_dir: put pictures .* with raw_dir or \$OMR_RAW_DIR'):
    prepare('folders', data_dir)
  with pytest.raises(UserError, match='nowhere: no such folder'):
    prepare('folders', data_dir, tmp_path / 'nowhere')
  write(tmp_path / 'deep' / 'raw', pictures())
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path / 'deep'))
  assert set(examples(prepare('folders', data_dir))) == set(pictures())


def test_too_few_groups(tmp_path, data_dir):
  files = {'scores/abc_p1.png': picture(1), 'other/abc_p2.png': picture(2)}
  with pytest.raises(
    UserError, match='no pictures for fold_1, fold_2, fold_3, fold_4; add pictures'
  ):
    prepare('folders', data_dir, write(tmp_path / 'raw', files))


def test_links_are_followed_and_circles_end(raw_dir, tmp_path):
  write(tmp_path / 'elsewhere', {'x.png': picture(5)})
  (raw_dir / 'scores' / 'linked').symlink_to(tmp_path / 'elsewhere')
  (tmp_path / 'elsewhere' / 'back').symlink_to(raw_dir / 'scores')
  found = search.find(raw_dir)[0]
  assert found == sorted({*pictures(), 'scores/linked/x.png'})


def test_a_file_that_cannot_be_read(raw_dir, data_dir):
  (raw_dir / 'scores' / 'lost.png').symlink_to(raw_dir / 'nowhere')
  with pytest.raises(UserError, match=r'lost\.png: cannot be read.*remove it'):
    prepare('folders', data_dir, raw_dir)


def test_a_name_that_is_no_text(raw_dir, data_dir):
  write(raw_dir, {os.fsdecode(b'scores/\xff.png'): picture(5)})
  with pytest.raises(UserError, match='not UTF-8; rename'):
    prepare('folders', data_dir, raw_dir)


def test_a_picture_that_changes_meanwhile(raw_dir):
  names = search.find(raw_dir)[0]
  paths = folders.union({raw_dir: names})
  hashes = folders.digests(paths)
  found, _ = folders.group(paths)
  write(raw_dir, {names[1]: picture(5)})
  contents = folders.contents(paths, hashes, found)
  assert next(contents)[0].id == names[0]
  with pytest.raises(UserError, match='changed while'):
    next(contents)


def test_a_damaged_prepared_folder(raw_dir, data_dir):
  folder = prepare('folders', data_dir, raw_dir).data_path
  path = next(folder.glob('*fold_1.array_record*'))
  content = bytearray(path.read_bytes())
  content[len(content) // 2] ^= 1
  path.write_bytes(content)
  with pytest.raises(UserError, match=r'damaged.*delete this folder') as caught:
    prepare('folders', data_dir, raw_dir)
  assert str(caught.value).startswith(str(folder))
  shutil.rmtree(folder)
  assert set(examples(prepare('folders', data_dir, raw_dir))) == set(pictures())


def test_a_prepared_folder_of_other_data(raw_dir, data_dir):
  first = prepare('folders', data_dir, raw_dir).data_path
  write(raw_dir, {'scores/more.png': picture(5)})
  second = prepare('folders', data_dir, raw_dir).data_path
  shutil.rmtree(second)
  shutil.move(first, second)
  with pytest.raises(UserError, match='other data than expected'):
    prepare('folders', data_dir, raw_dir)


def test_data_dir_that_cannot_be_written(raw_dir, tmp_path):
  (tmp_path / 'file').write_text('in the way')
  with pytest.raises(UserError, match='could not be written'):
    prepare('folders', tmp_path / 'file', raw_dir)


def test_full_disk_leaves_nothing(raw_dir, data_dir):
  # A limit on file sizes fails the same system calls as a full disk. The files are of 64 KiB.
  limits = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
  try:
    with pytest.raises(UserError, match=r'could not be written.*File too large'):
      prepare('folders', data_dir, raw_dir)
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
  assert set(examples(prepare('folders', data_dir, raw_dir))) == set(pictures())


def test_unknown_protocol(data_dir):
  with pytest.raises(UserError, match="did you mean 'folders'"):
    prepare('folder', data_dir)
  assert not data_dir.exists()


MUSCIMA = [f'CVCMUSCIMA_WI/PNG_GT_Gray/w-{w:02}/p{p:03}.png' for w in (1, 2) for p in range(1, 4)]
VOC = [f'VOCdevkit/VOC2006/PNGImages/{n:06}.png' for n in range(1, 9)]
PHONE = [f'scores/b{n}.jpg' for n in range(4)] + [f'other/0{n}.JPG' for n in range(2)]


def write_zip(path, names):
  with zipfile.ZipFile(path, 'w') as archive:
    for name in names:
      archive.writestr(name, name.encode())


def write_archives(folder):
  """The paper's archives in small, with what else lies in them; a file holds its own name."""
  folder.mkdir()
  litter = ['CVCMUSCIMA_WI/PNG_GT_Gray/.DS_Store', 'CVCMUSCIMA_WI/PNG_GT_Gray/w-01/.DS_Store']
  litter += ['CVCMUSCIMA_WI/PNG_GT_BW/w-01/p001.png', 'CVCMUSCIMA_WI/readme.txt']
  litter += ['__MACOSX/CVCMUSCIMA_WI/PNG_GT_Gray/w-01/._p001.png']
  write_zip(folder / 'CVCMUSCIMA_WI.zip', [*MUSCIMA[::-1], *litter])
  with tarfile.open(folder / 'voc2006_trainval.tar', 'w') as archive:
    for name in [*VOC, 'VOCdevkit/VOC2006/Annotations/000001.txt']:
      member = tarfile.TarInfo(name)
      member.size = len(name)
      archive.addfile(member, io.BytesIO(name.encode()))
  litter = ['scores/.DS_Store', '__MACOSX/other/._00.JPG', 'other/Thumbs.db']
  write_zip(folder / 'MusicScoreClassificationDataset.zip', [*PHONE, *litter])
  return folder


@pytest.fixture
def archives(tmp_path):
  return write_archives(tmp_path / 'archives')


def test_paper(archives, data_dir, caplog):
  builder = prepare('paper', data_dir, archives)
  found = examples(builder)
  assert {n: e['image'] for n, e in found.items()} == {
    name: name.encode() for name in [*MUSCIMA, *VOC, *PHONE]
  }
  sources = collections.defaultdict(set)
  for name, example in found.items():
    sources[example['source'].decode(), example['label']].add(name)
  assert sources == {
    ('scores/muscima', 1): set(MUSCIMA),
    ('other/pascal_voc', 0): set(VOC),
    ('scores/phone', 1): set(PHONE[:4]),
    ('other/phone', 0): set(PHONE[4:]),
  }
  assert found[MUSCIMA[3]]['group'] == b'writer 2'
  assert builder.info.metadata['digest'] == digest({n: n.encode() for n in found})
  assert '8 pictures of other/pascal_voc; the paper has 2618' in caplog.text
  assert len(caplog.records) == 4


def test_paper_split(archives, data_dir):
  # Of ten pictures of a class index 6 validates and 7 tests, which tests/test_splits.py derives.
  # In their folder the scores are b0 ... b3, then w-01_p001 ... w-02_p003: 6 and 7 are w-01_p003
  # and w-02_p001. The others are 000001.png ... 000008.png, then 00.JPG and 01.JPG, but '.' comes
  # before '0': 00.JPG is first and 01.JPG last, so 6 and 7 are 000006 and 000007.
  builder = prepare('paper', data_dir, archives)
  found = examples(builder)
  held_out = {name: e['split'] for name, e in found.items() if e['split'] != 'train'}
  assert held_out == {
    'CVCMUSCIMA_WI/PNG_GT_Gray/w-01/p003.png': 'validation',
    'CVCMUSCIMA_WI/PNG_GT_Gray/w-02/p001.png': 'test',
    'VOCdevkit/VOC2006/PNGImages/000006.png': 'validation',
    'VOCdevkit/VOC2006/PNGImages/000007.png': 'test',
  }


def test_paper_sizes():
  counts = {'scores': 2000, 'other': 3618}
  names = [f'{label}/{n}.png' for label, count in counts.items() for n in range(count)]
  made = [groups.Picture(n, n.split('/')[0], '', '') for n in names]
  sizes = {split: len(chosen) for split, chosen in paper.split(made).items()}
  assert sizes == {'train': 4496, 'validation': 561, 'test': 561}


def test_prepared_paper_data_needs_no_archive(archives, data_dir):
  first = examples(prepare('paper', data_dir, archives.parent))  # One level below.
  shutil.rmtree(archives)
  assert examples(prepare('paper', data_dir)) == first


def test_missing_archives_are_all_named_with_address_and_remedy(archives, data_dir):
  for name in ('CVCMUSCIMA_WI.zip', 'voc2006_trainval.tar'):
    (archives / name).unlink()
  with pytest.raises(UserError) as caught:
    prepare('paper', data_dir, archives)
  message = str(caught.value)
  assert 'http://127.0.0.1:9/CVCMUSCIMA_WI.zip' in message
  assert 'http://127.0.0.1:9/voc2006_trainval.tar' in message
  assert 'MusicScoreClassificationDataset' not in message
  assert 'put it into a folder, and name that folder with raw_dir or $OMR_RAW_DIR' in message
  with pytest.raises(UserError, match='no such folder'):
    prepare('paper', data_dir, archives / 'nowhere')


def test_download_from_the_mirror(archives, data_dir, monkeypatch):
  class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
      pass

  handler = functools.partial(Handler, directory=str(archives))
  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    set_urls(monkeypatch, 'http://127.0.0.1:9', f'http://127.0.0.1:{server.server_port}')
    assert set(examples(prepare('paper', data_dir))) == {*MUSCIMA, *VOC, *PHONE}
    server.shutdown()


def test_an_archive_without_its_pictures(archives, data_dir):
  write_zip(archives / 'MusicScoreClassificationDataset.zip', PHONE[:4])
  with pytest.raises(UserError, match='no pictures of other/phone'):
    prepare('paper', data_dir, archives)


def test_a_truncated_archive(archives, data_dir):
  path = archives / 'voc2006_trainval.tar'
  path.write_bytes(path.read_bytes()[:3000])
  with pytest.raises(UserError, match='truncated or damaged') as caught:
    prepare('paper', data_dir, archives)
  assert str(caught.value).startswith(str(path))
  assert not list(data_dir.rglob('*array_record*'))


def test_a_changed_byte_in_an_archive(archives, data_dir):
  path = archives / 'CVCMUSCIMA_WI.zip'
  content = bytearray(path.read_bytes())
  start = content.index(MUSCIMA[0].encode())
  content[content.index(MUSCIMA[0].encode(), start + 1)] ^= 1  # The file's content is its name.
  path.write_bytes(content)
  with pytest.raises(UserError, match=r'damaged \(Bad CRC.*get CVCMUSCIMA_WI.zip again') as caught:
    prepare('paper', data_dir, archives)
  assert str(caught.value).startswith(str(path))
  assert not list(data_dir.rglob('dataset_info.json'))


def test_too_small_archives(archives, data_dir):
  write_zip(archives / 'CVCMUSCIMA_WI.zip', MUSCIMA[:1])
  with tarfile.open(archives / 'voc2006_trainval.tar', 'w') as archive:
    archive.addfile(tarfile.TarInfo(VOC[0]))
  with pytest.raises(UserError, match='no pictures for validation, test'):
    prepare('paper', data_dir, archives)


def test_builder_works_without_tensorflow(raw_dir, data_dir, no_tensorflow, capfd):
  for _ in range(2):  # To prepare, and to read what is prepared.
    builder = prepare('folders', data_dir, raw_dir)
    assert sum(len(builder.as_data_source(split=s)) for s in builder.info.splits) == len(NAMES)
  # TFDS's own messages don't mix with a command's output.
  assert capfd.readouterr().out == ''


def test_description_is_complete():
  metadata = tfds_builders.music_scores.Builder.get_metadata()
  assert 'Pacha' in metadata.citation
  assert metadata.tags == ['content.subject.music']
  assert '`paper`' in metadata.description
  assert '`folders`' in metadata.description


def test_description_has_the_addresses():
  description = tfds_builders.music_scores.Builder.get_metadata().description
  for part in PARTS:
    assert all(f']({url})' in description for url in part.archive.urls)


@pytest.mark.skipif(not RAW_DIR, reason='$OMR_RAW_DIR names no raw data')
def test_real_folders(data_dir):
  if not os.path.isdir(os.path.join(RAW_DIR, 'scores_vs_other')):
    pytest.skip('no scores_vs_other in $OMR_RAW_DIR')
  builder = prepare('folders', data_dir, os.path.join(RAW_DIR, 'scores_vs_other'))
  assert builder.info.metadata['left_out'] == []
  by_id = examples(builder)
  found = by_id.values()
  sources = collections.Counter(example['source'].decode() for example in found)
  assert sources['other/photos'] == 997
  assert sources['scores/muscima_pp'] == 140
  assert sum(sources.values()) == 2005
  split_of = {}
  for example in found:
    assert split_of.setdefault(example['group'], example['split']) == example['split']
  assert len({e['group'] for e in found if e['source'] == b'scores/muscima_pp'}) == 50
  assert max(collections.Counter(e['group'] for e in found).values()) < 40
  assert min(split.num_examples for split in builder.info.splits.values()) > 300
  # Pages of different music don't look the same, so only their names tell their groups.
  pages = [name for name in by_id if name.startswith(('scores/', 'other/title_pages'))]
  assert len(pages) == 423
  for name in pages:
    assert by_id[name]['group'].decode() == groups.by_name(name)
