"""Pictures as arrays: whole and in parts, by fold, by source, and how often each is drawn."""

import io
import itertools
import math
from types import SimpleNamespace

import decoding
import numpy as np
import pytest
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import views
from omr_jax.synthetic import cuts, kinds, probes
from omr_jax.tasks.scores import arrays as picture_arrays
from omr_jax.tasks.scores import data as score_data
from omr_jax.tasks.scores import examples
from omr_jax.tasks.scores.arrays import PictureConfig

PICTURE = PictureConfig(height=16, width=12, tiles=2, cuts=0, papers=0, scenes=0, drawn=0)
SOURCES = ('scores/prints', 'scores/desk', 'other/photos', 'other/books')
# Of two letters each, so that no name is a page or a volume of another.
NAMES = [a + b for a, b in itertools.product('bcdf', 'aeiou')]


def content(seed):
  coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
  file = io.BytesIO()
  Image.fromarray(coarse).resize((80, 60), Image.Resampling.BICUBIC).save(file, 'PNG')
  return file.getvalue()


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
  """80 pictures, 20 of each source; book1 is a group of two sources and two labels."""
  raw_dir = tmp_path_factory.mktemp('pictures')
  for number, (source, name) in enumerate(itertools.product(SOURCES, NAMES)):
    path = raw_dir / source / f'{source[-3:]}{name}.png'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(number))
  for number, name in enumerate(('scores/desk/book1__f1.png', 'other/books/book1__f2.png')):
    (raw_dir / name).write_bytes(content(1000 + number))
  return tmp_path_factory.mktemp('data'), raw_dir


def load(folders, fold=0, hold_out='', balance=0.5, picture=PICTURE):
  chosen = {'protocol': 'folders', 'fold': fold, 'hold_out': hold_out, 'balance': balance}
  return score_data.load(chosen, picture, *folders)


def test_arrays(folders):
  splits = load(folders).splits
  for arrays in splits.values():
    n = len(arrays['label'])
    assert arrays['views'].dtype == np.uint8
    assert arrays['views'].shape == (n, 5, 16, 12, 3)
    np.testing.assert_array_equal(arrays['image'], arrays['views'][:][:, 0])
    labels = [int(source.startswith('scores')) for source in arrays['source']]
    np.testing.assert_array_equal(arrays['label'], labels)


def test_whole_pictures_are_those_of_use(folders):
  """Training and use prepare a picture by one rule."""
  splits = load(folders).splits
  for arrays in splits.values():
    for path, whole in zip(arrays['id'][:5], arrays['image'], strict=False):
      used = decoding.load((folders[1] / path).read_bytes(), path, 16, 12)
      np.testing.assert_array_equal(whole, used)


def test_people_and_network_are_asked_the_same_pictures(folders):
  """Views as the network reads them, 16 high and 12 wide, in grey; pictures of 20 by 20."""
  config = {'data': {'protocol': 'folders', 'fold': 0, 'hold_out': '', 'balance': 0.5}}
  layout = views.Layout(16, 12, 2, colour=False, bound=views.BOUND)
  test, pictures_seen = examples.questions(config, layout, 20, *folders)
  assert test['views'].shape == (len(test['label']), 5, 16, 12, 1)
  assert np.asarray(pictures_seen).shape == (len(test['label']), 20, 20, 3)
  with pytest.raises(UserError, match=r'have the bound inf, .* 2; give another --model'):
    examples.questions(config, layout._replace(bound=math.inf), 20, *folders)


def test_folds_test_every_picture_once_and_keep_groups_together(folders):
  tested = []
  for fold in range(5):
    splits = load(folders, fold).splits
    ids = {name: set(arrays['id']) for name, arrays in splits.items()}
    groups = {name: set(arrays['group']) for name, arrays in splits.items()}
    assert sum(map(len, ids.values())) == len(set.union(*ids.values())) == 82
    for a, b in itertools.combinations(groups.values(), 2):
      assert not a & b
    tested += splits['test']['id'].tolist()
  assert len(tested) == len(set(tested)) == 82


def test_drawn_pictures_train_only(folders, monkeypatch):
  """15 kinds of papers, scenes, and the kinds of `kinds`, of which 8 are scores; drawn small."""
  monkeypatch.setattr(kinds, '_PIXELS', kinds._PIXELS // 9)
  monkeypatch.setattr(probes, '_SHAPES', [(h // 3, w // 3) for h, w in probes._SHAPES])
  splits = load(folders, picture=PICTURE._replace(papers=1, scenes=4, drawn=1)).splits
  assert sum(kind.label == 'scores' for kind in kinds.KINDS) == 8
  of_kinds = [(f'drawn {kind.name}', int(kind.label == 'scores'), 1) for kind in kinds.KINDS]
  spreads = []
  for source, label, count in (('drawn papers', 0, 15), ('drawn scenes', 0, 4), *of_kinds):
    drawn = splits['train']['source'] == source
    assert drawn.sum() == count
    assert (splits['train']['label'][drawn] == label).all()
    spreads.append(splits['train']['views'][drawn].std(axis=(1, 2, 3, 4)).max())
  # Papers and scenes have contrast, and so have most kinds, each of which is a single picture here.
  # Fine stripes are grey at 16 x 12 pixels, but no kind is blank.
  papers, scenes, *of_each_kind = spreads
  assert min(papers, scenes, np.median(of_each_kind)) > 10 and min(of_each_kind) > 1
  assert len(set(splits['train']['id'])) == len(splits['train']['id'])
  for name in ('validation', 'test'):
    assert not any(source.startswith('drawn') for source in splits[name]['source'])


def test_cuts_go_where_their_pictures_go(folders):
  plain = load(folders).splits
  splits = load(folders, picture=PICTURE._replace(cuts=2)).splits
  for name in ('train', 'validation'):
    count = len(plain[name]['label'])
    np.testing.assert_array_equal(splits[name]['id'][:count], plain[name]['id'])
    cut = {key: splits[name][key][count:] for key in ('id', 'group', 'label', 'source')}
    for key in ('group', 'label'):
      np.testing.assert_array_equal(cut[key], np.repeat(plain[name][key], 2))
    for found, of in zip(cut['id'], np.repeat(plain[name]['id'], 2), strict=True):
      assert found.startswith(f'{of} (')
    assert set(cut['source']) == {f'{source} (cut)' for source in plain[name]['source']}
  # Those of tested pictures are tested apart.
  np.testing.assert_array_equal(splits['test']['id'], plain['test']['id'])
  np.testing.assert_array_equal(splits['cuts']['label'], np.repeat(plain['test']['label'], 2))
  assert set(splits['cuts']['kind']) <= set(cuts.KINDS)
  assert len(set(splits['cuts']['id'])) == 2 * len(plain['test']['id'])
  assert splits['cuts']['views'].shape == (2 * len(plain['test']['id']), 5, 16, 12, 3)
  np.testing.assert_allclose(splits['test']['proportion'], 80 / 60)


def test_held_out_source(folders):
  dataset = load(folders, hold_out='scores/desk')
  splits = dataset.splits
  assert set(splits['test']['source']) == {'scores/desk'}
  assert len(splits['test']['label']) == 21
  rest = np.concatenate([splits[name]['id'] for name in ('train', 'validation')])
  # The other page of its book is left out: 82 - 21 - 1.
  assert len(rest) == 60 and 'other/books/book1__f2.png' not in rest
  with pytest.raises(UserError, match=r"'scores/desks'.*'scores/desk'"):
    load(folders, hold_out='scores/desks')


def test_sources(folders):
  assert score_data.sources('folders', *folders) == sorted(SOURCES)


def test_a_source_without_which_only_one_class_is_left_is_refused(monkeypatch):
  """Before any run: that of this source would be refused after the others have been trained."""
  rows = [
    {'source': source.encode(), 'group': f'{source}{n}'.encode(), 'label': source == 'scores/a'}
    for source in ('scores/a', 'other/b', 'other/c')
    for n in range(200)
  ]
  info = SimpleNamespace(splits=('fold_0', 'fold_1'))
  builder = SimpleNamespace(info=info, as_data_source=lambda split: rows[split == 'fold_1' :: 2])
  monkeypatch.setattr(score_data.music_scores, 'prepare', lambda *_: builder)
  with pytest.raises(UserError, match='scores/a: where it is tested, the pictures leave only one'):
    score_data.sources('folders', '', None)


def test_draws():
  names = np.array(['a'] * 16 + ['b'] * 4)
  assert score_data._draws(names, 1) is None
  # 16^0.5 = 4 and 4^0.5 = 2 of 6, over 16 and 4 pictures.
  np.testing.assert_allclose(score_data._draws(names, 0.5), [4 / 6 / 16] * 16 + [2 / 6 / 4] * 4)
  np.testing.assert_allclose(score_data._draws(names, 0), [1 / 2 / 16] * 16 + [1 / 2 / 4] * 4)


def test_second_load_decodes_nothing(folders, monkeypatch):
  first = load(folders)
  monkeypatch.setattr(picture_arrays, 'views', None)
  second = load(folders)
  for name, arrays in first.splits.items():
    for key, value in arrays.items():
      np.testing.assert_array_equal(value, second.splits[name][key])


def test_a_tiff_is_prepared_as_the_same_picture_in_another_format():
  """A child process reads it, which has to import what makes views and cuts of it."""
  pixels = np.random.default_rng(0).integers(0, 256, (90, 60, 3), np.uint8)
  how = PictureConfig(16, 16, 2, cuts=3, papers=0, scenes=0, drawn=0)
  found = []
  for file_format in ('PNG', 'TIFF'):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format)
    example = {'image': file.getvalue(), 'label': 1}
    example |= {'id': b'scores/a/b', 'source': b'scores/a', 'group': b'a'}
    for make in (picture_arrays.whole, picture_arrays.cut):
      new = lambda split, name, shape, dtype: np.empty(shape, dtype)  # noqa: E731
      found.append(make([dict(example)], 'train', how, new))
  for png, tiff in zip(found[:2], found[2:], strict=True):
    assert png.keys() == tiff.keys()
    for name, array in png.items():
      np.testing.assert_array_equal(array, tiff[name])
  np.testing.assert_array_equal(found[0]['views'][0], views.views(pixels, 16, 16, 2))
