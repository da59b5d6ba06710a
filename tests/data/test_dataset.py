"""Loading: splits, renderings, the cache, the order of epochs."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from omr_jax.data import cache, digests
from omr_jax.data import dataset as data
from omr_jax.data.cache import Rows
from omr_jax.errors import UserError
from omr_jax.inputs import render
from omr_jax.tasks.symbols import data as symbol_data


def test_epoch_order_is_a_permutation_that_follows_from_seed_and_epoch():
  order = data.epoch_order(3, 7, 1000)
  assert order.dtype == np.int32
  assert sorted(order) == list(range(1000))
  np.testing.assert_array_equal(order, data.epoch_order(3, 7, 1000))
  assert not np.array_equal(order, data.epoch_order(3, 8, 1000))
  assert not np.array_equal(order, data.epoch_order(4, 7, 1000))


def test_an_epoch_may_draw_fewer_or_more_examples_than_there_are():
  chances = np.array([0.0, 0.9, 0.1])
  order = data.epoch_order(3, 7, 3, chances, drawn=1000)
  assert order.dtype == np.int32 and len(order) == 1000
  assert set(order.tolist()) == {1, 2} and 850 < (order == 1).sum() < 950
  assert len(data.epoch_order(3, 7, 3, chances)) == 3


def test_arrays_of_the_splits(dataset):
  sizes = {'train': 304, 'validation': 38, 'test': 38}
  for split, arrays in dataset.splits.items():
    extra = {'points', 'stroke'} if split == 'train' else set()
    assert set(arrays) == {'image', 'size', 'pen', 'label', 'id'} | extra
    assert arrays['pen'].shape[1:] == (96, 3) and arrays['pen'].dtype == np.float32
    assert {len(value) for value in arrays.values()} == {sizes[split]}
    assert arrays['image'].shape[1:] == (16, 16, 1)
    assert arrays['image'].dtype == np.uint8
    assert arrays['image'].min() == 0 and arrays['image'].max() == 255
  # By writer, and ids begin with the writer.
  writers = {s: {i.split('-')[0] for i in a['id']} for s, a in dataset.splits.items()}
  assert writers['test'] == {'1'} and writers['validation'] == {'2'}
  assert writers['train'] == set('3456789') | {'10'}


def test_size_is_the_logarithm_of_the_box(dataset):
  """A pen's tablet has whole pixels, and a box of no width counts as one pixel."""
  boxes = np.exp(dataset.splits['train']['size'])
  np.testing.assert_allclose(boxes, np.rint(boxes), rtol=1e-5)
  assert boxes.min() >= 1 - 1e-6
  first = dataset.splits['train']['points'][0].astype(float)
  kept = first[(dataset.splits['train']['stroke'][0] >= 0)]
  # Simplified strokes keep the box but for a pixel at each side.
  np.testing.assert_allclose(np.ptp(kept, axis=0), boxes[0], atol=2)


def test_renderings_stay_in_their_split_and_evaluated_symbols_count_once(parts, folders):
  drawing = dataclasses.replace(parts.picture, thickness=(2.0, 3.0, 5.0))
  splits = symbol_data.load('writers_0', drawing, *folders, allow_changed=True).splits
  ids, counts = np.unique(splits['train']['id'], return_counts=True)
  assert len(ids) == 304 and set(counts) == {3}
  for split in ('validation', 'test'):
    assert len(set(splits[split]['id'])) == len(splits[split]['id']) == 38
    assert not set(splits[split]['id']) & set(ids)
  # The three of a symbol follow each other and differ in their ink only.
  images = splits['train']['image'].reshape(304, 3, 16, 16)
  ink = 255 - images.mean((0, 2, 3))
  assert ink[0] < ink[1] < ink[2]
  assert (splits['train']['label'].reshape(304, 3).std(1) == 0).all()


def test_second_load_draws_nothing(parts, folders, dataset, monkeypatch):
  def refuse(*args):
    raise AssertionError('drawn again')

  monkeypatch.setattr(render, 'draw_rendering', refuse)
  again = symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)
  for split, arrays in dataset.splits.items():
    assert arrays.keys() == again.splits[split].keys()
    for name, value in arrays.items():
      np.testing.assert_array_equal(value, again.splits[split][name])
  other = dataclasses.replace(parts.picture, margin=1)
  with pytest.raises(AssertionError, match='drawn again'):
    symbol_data.load('writers_0', other, *folders, allow_changed=True)


def test_damaged_cache_is_made_anew(parts, folders, tmp_path, monkeypatch):
  monkeypatch.setenv('OMR_CACHE_DIR', str(tmp_path))
  whole = symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)
  whole = np.array(whole.splits['test']['image'])  # What is mapped goes with its file.
  (path,) = tmp_path.glob('drawn/*/test/image.npy')
  content = path.read_bytes()
  damaged = {
    'truncated': content[: len(content) // 2],
    'emptied': b'',
    'removed': None,
    'header': content.replace(b'{', b'[', 1),
    'bracket': content.replace(b'{', b'(', 1),
    'pixel': content[:-1] + bytes([content[-1] ^ 1]),
  }
  for damage, instead in damaged.items():
    path.unlink()
    if instead is not None:
      path.write_bytes(instead)
    again = symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)
    np.testing.assert_array_equal(again.splits['test']['image'], whole, damage)
    assert path.read_bytes() == content, damage
    assert {each.suffix for each in (tmp_path / 'drawn').iterdir()} == {'', '.lock'}, damage


@pytest.mark.parametrize('place', [0, 65_535, 65_536, 131_072, 131_080])
def test_checksum_notices_a_changed_byte(place):
  """At the edges of two blocks of 65 536 bytes, and in the 9 bytes after them."""
  array = np.arange(131_081, dtype=np.uint64).astype(np.uint8)
  before = digests.checksum({'a': array})
  assert digests.checksum({'a': array.copy()}) == before != digests.checksum({'b': array})
  array[place] ^= 1
  assert digests.checksum({'a': array}) != before


def test_what_a_killed_process_left_is_removed(parts, folders, tmp_path, monkeypatch):
  monkeypatch.setenv('OMR_CACHE_DIR', str(tmp_path))
  symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)
  (folder,) = (path for path in (tmp_path / 'drawn').iterdir() if path.is_dir())
  folder.rename(folder.with_suffix('.new'))
  (folder.with_suffix('.new') / 'checksum').unlink()
  symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)
  assert {path.suffix for path in (tmp_path / 'drawn').iterdir()} == {'', '.lock'}


def test_cache_that_cannot_be_written_names_the_remedy(parts, folders, tmp_path, monkeypatch):
  (tmp_path / 'file').write_text('')
  monkeypatch.setenv('OMR_CACHE_DIR', str(tmp_path / 'file'))
  with pytest.raises(UserError, match=r'file/drawn.*OMR_CACHE_DIR'):
    symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)


def test_more_pictures_than_the_disk_has_room_for_are_refused(
  parts, folders, monkeypatch, tmp_path
):
  """304 training symbols of 16x16 pixels are 77 824 bytes."""
  monkeypatch.setenv('OMR_CACHE_DIR', str(tmp_path))
  room = SimpleNamespace(free=77_823)
  monkeypatch.setattr(cache.shutil, 'disk_usage', lambda path: room)
  with pytest.raises(
    UserError, match=r'need 76\.0 KiB there, 1 byte more than are free; make room'
  ):
    symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)
  assert {path.suffix for path in (tmp_path / 'drawn').iterdir()} == {'.lock'}
  room.free += 1
  symbol_data.load('writers_0', parts.picture, *folders, allow_changed=True)


@pytest.mark.parametrize('contiguous', [True, False])
def test_rows_are_those_of_the_arrays_joined(contiguous):
  """Three parts of 2, 0 and 3 rows."""
  parts = [np.arange(12).reshape(2, 3, 2), np.empty((0, 3, 2), int), np.arange(18).reshape(3, 3, 2)]
  if not contiguous:
    parts = [np.stack([part, part], 1)[:, 0] for part in parts]
  chosen = np.array([4, 0, 0, 2])
  joined, rows = np.concatenate(parts)[chosen], Rows(parts, chosen)
  assert (rows.shape, rows.dtype, rows.ndim, len(rows)) == ((4, 3, 2), joined.dtype, 3, 4)
  assert rows.nbytes == joined.nbytes
  for index in (
    0,
    -1,
    slice(1, 3),
    slice(None),
    np.array([3, 3, 1]),
    [[0, 1], [2, 3]],
    slice(2, 2),
  ):
    np.testing.assert_array_equal(rows[index], joined[index])
  np.testing.assert_array_equal(np.asarray(rows), joined)
  np.testing.assert_array_equal(np.array(rows, float), joined.astype(float))


def test_origin_of_the_symbols(parts, folders, dataset, few, tmp_path):
  assert dataset.origin == 'a changed HOMUS'
  made_up = symbol_data.load('made_up', parts.picture, tmp_path, None, allow_changed=False)
  assert made_up.origin == 'made-up symbols'
