import io

import decoding
import numpy as np
import pytest
from PIL import Image

from tfds_builders.music_scores import groups, perceptual
from tfds_builders.music_scores.groups import by_name


def encoded(picture, kind='PNG', **options):
  file = io.BytesIO()
  Image.fromarray(picture).save(file, kind, **options)
  return file.getvalue()


def blotches(seed, side=256):
  """A picture unlike that of any other seed, and smooth, as photos are."""
  coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
  return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
  ('path', 'group'),
  [
    ('scores/muscima_pp/CVC-MUSCIMA_W-01_N-10_D-ideal.png', 'writer 1'),
    ('scores/CVCMUSCIMA_WI/w-01/p013.png', 'writer 1'),
    ('scores/muscima_pp/CVC-MUSCIMA_W-10_N-01_D-ideal.png', 'writer 10'),
    ('other/books_17c/bpt6k1110784__f10.jpg', 'bpt6k1110784'),
    ('other/books_17c/btv1b8610802d__f7.jpg', 'btv1b8610802d'),
    ('scores/engraved/bach__bwv11.6_p2.png', 'bach__bwv11.6'),
    ('scores/engraved/bach__bwv155.5_p1.png', 'bach__bwv155.5'),
    ('scores/engraved/haydn__opus1no1__movement3_p2.png', 'haydn__opus1no1'),
    ('scores/engraved/haydn__opus74no1__movement3_p2.png', 'haydn__opus74no1'),
    ('scores/engraved/palestrina__Agnus_II_15_p2.png', 'palestrina__agnus_ii_15'),
    ('scores/engraved/x__PMFC_12_10a-Credo PMFC12.10a_p1.png', 'x__pmfc_12_10a-credo pmfc12.10a'),
    ('scores/church_organ_prints/10church_input.jpg', '10church'),
    ('scores/church_organ_prints/10church_input_10.jpg', '10church'),
    ('other/title_pages/10church_input_12.jpg', '10church'),
    ('scores/church_organ_prints/allemande_input-3.jpg', 'allemande'),
    ('scores/own/sonata-2.png', 'sonata'),
    ('scores/own/sonata (2).png', 'sonata'),
    ('scores/own/sonata [2].png', 'sonata'),
    ('scores/own/ms123_012v.png', 'ms123'),
    ('scores/own/book_0001.png', 'book'),
    ('scores/own/book.002.png', 'book'),
    ('scores/own/opus_1000.png', 'opus_1000'),
    ('scores/own/op.12.png', 'op.12'),
    ('scores/own/Sonata page 12.tif', 'sonata'),
    ('scores/own/sonata_f12r.tif', 'sonata'),
    ('scores/simple_prints/drum.jpg', 'drum'),
    ('scores/scans/opus1/p001.png', 'scores/scans/opus1'),
    ('scores/scans/opus1/page_12.png', 'scores/scans/opus1'),
    ('scores/scans/page_12.png', 'scores/scans/page_12'),
    ('scores/desk/im10c.jpg', 'scores/desk/im10'),
    ('scores/desk/im10s.jpg', 'scores/desk/im10'),
    ('scores/desk/im1s.jpg', 'scores/desk/im1'),
    ('scores/desk/im5s2.jpg', 'scores/desk/im5'),
    ('other/receipts/001.jpg', 'other/receipts/001'),
    ('scores/receipts/001.jpg', 'scores/receipts/001'),
    ('other/phone/IMG_1234.JPG', 'other/phone/img_1234'),
    ('other/phone/IMG_12.JPG', 'other/phone/img_12'),
    ('other/phone/IMG-20200101-WA0001.jpg', 'other/phone/img-20200101-wa0001'),
    ('other/photos/n01440764_tench.jpg', 'n01440764_tench'),
    ('other/photos/2007_000027.jpg', 'other/photos/2007_000027'),
    ('other/photos/ILSVRC2012_val_00000293.jpg', 'ilsvrc2012_val_00000293'),
    ('other/_2.png', 'other/_2'),
    ('scores/Ko\u0308nig.png', 'k\u00f6nig'),
  ],
)
def test_group_by_name(path, group):
  assert by_name(path) == group


def test_looks_join_names_and_names_join_looks():
  # a and b look the same, and one more a looks like c; d is alone.
  names = ['a', 'b', 'a', 'c', 'd']
  assert groups.merged(names, [0, 0, 1, 1, 2]) == ['a', 'a', 'a', 'a', 'd']


def test_the_most_frequent_name_is_the_group_and_of_several_the_smallest():
  assert groups.merged(['a', 'b', 'b'], [7, 7, 7]) == ['b', 'b', 'b']
  assert groups.merged(['z', 'b'], [7, 7]) == ['b', 'b']
  assert groups.merged(['z', 'b'], [7, 8]) == ['z', 'b']


def test_fold():
  # SHA-256 of nothing and of 'abc' are the standard's own examples. 16 leaves 1 when divided by
  # 5, so a hexadecimal number leaves what its sum of digits leaves: 484 and 430.
  assert (groups.fold(''), groups.fold('abc')) == (4, 0)


def test_folds_have_every_picture_once_and_no_group_twice():
  pictures = [groups.Picture(f'{g}{n}', 'other', 'other', f'{g}') for g in range(40) for n in 'ab']
  folds = groups.by_fold(pictures)
  assert list(folds) == ['fold_0', 'fold_1', 'fold_2', 'fold_3', 'fold_4']
  assert sorted(p for fold in folds.values() for p in fold) == sorted(pictures)
  groups_of = [{p.group for p in fold} for fold in folds.values()]
  assert sum(map(len, groups_of)) == len(set.union(*groups_of)) == 40
  fewer = groups.by_fold(pictures[::4])
  assert all(set(fewer[name]) <= set(folds[name]) for name in folds)


def fingerprint(content):
  side = perceptual.SIDE
  return perceptual.fingerprint(decoding.load(content, 'picture', side, side))


def test_fingerprint_of_a_step():
  # Black left of the middle, white right of it: with k odd the k-th frequency across the picture
  # has the sign of -sin(k pi / 2), so 3, 7, 11 and 15 are above 0, which is the median, as all
  # others are 0 or below. Bits count from frequency 1.
  step = np.zeros((64, 64, 3), np.uint8)
  step[:, 32:] = 255
  bits = np.unpackbits(fingerprint(encoded(step)).view(np.uint8))
  assert np.flatnonzero(bits).tolist() == [2, 6, 10, 14]


def test_a_blank_page_has_no_bits_whatever_its_size():
  for side, grey in (64, 255), (100, 255), (333, 200), (50, 0):
    page = np.full((side, side // 2, 3), grey, np.uint8)
    assert not fingerprint(encoded(page)).any()


def test_copies_look_the_same_and_others_do_not():
  original, other = blotches(1), blotches(2)
  small = np.asarray(Image.fromarray(original).resize((100, 128), Image.Resampling.LANCZOS))
  contents = [
    encoded(original),
    encoded(original, 'JPEG', quality=30),
    encoded(small, 'WEBP'),
    encoded((original * 0.7 + 20).astype(np.uint8)),
    encoded(original[2:, 2:]),
    encoded(other),
    encoded(original[::-1]),
  ]
  looks = np.stack([fingerprint(content) for content in contents])
  first, *others = perceptual.clusters(looks).tolist()
  assert others[:4] == [first] * 4
  assert len({first, *others[4:]}) == 3


def with_bits(*positions):
  bits = np.zeros(256, np.uint8)
  bits[list(positions)] = 1
  return np.packbits(bits).view(np.uint64)


def test_clusters_are_chains():
  # 0 and 1 are 36 bits apart, 1 and 2 too, 0 and 2 then 72; 3 is 37 away from 0.
  looks = np.stack(
    [with_bits(), with_bits(*range(36)), with_bits(*range(72)), with_bits(*range(200, 237))]
  )
  one, two, three, four = perceptual.clusters(looks).tolist()
  assert one == two == three != four


def test_clusters_across_blocks():
  # 300 fingerprints far apart, each with a near one that comes 300 later.
  rng = np.random.default_rng(0)
  far = rng.integers(0, 2**63, (300, 4), np.uint64)
  near = far ^ with_bits(5, 70, 135, 200)
  labels = perceptual.clusters(np.concatenate([far, near])).tolist()
  assert labels[:300] == labels[300:]
  assert len(set(labels)) == 300
