import collections
import hashlib

import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.inputs import strokes
from tfds_builders import original_split
from tfds_builders.homus import splits


def symbol(symbol_id, label='Dot'):
  points = np.zeros((1, 2), np.int32)
  return strokes.Symbol(symbol_id, label, int(symbol_id.split('-')[0]), points, points[:, 0])


def original(symbols):
  return original_split.original({s.id: s.label for s in symbols})


LABELS = {n: 'Dot' if n <= 10 else 'Flat' for n in range(1, 21)}


def test_original_recipe_on_ten_symbols():
  # The Mersenne Twister seeded with 0 gives 3626764237, 1654615998, 3255389356, 3823568514 and
  # 1806341205. Of these `sample` uses the highest four bits, 13, 6, 12, 14, 6, and rejects what is
  # not below 10 (then 9): index 6 validates, and index 6 of the other nine, which is 7, tests.
  # Sorted as ASCII, 1-10 stands behind 1-1, which makes the indices the last digits.
  symbols = [symbol(f'1-{n}') for n in range(1, 11)]
  expected = {s.id: 'train' for s in symbols} | {'1-6': 'validation', '1-7': 'test'}
  assert original(symbols) == expected
  assert original(symbols[::-1]) == expected


def test_original_draws_every_class_anew_and_rounds_down():
  dots = [symbol(f'1-{n}') for n in range(1, 11)]
  flats = [symbol(f'2-{n}', 'Flat') for n in range(1, 11)]
  sharps = [symbol(f'3-{n}', 'Sharp') for n in range(1, 10)]
  split_of = original([*sharps, *flats, *dots])
  held_out = {symbol_id: split for symbol_id, split in split_of.items() if split != 'train'}
  assert held_out == {'1-6': 'validation', '1-7': 'test', '2-6': 'validation', '2-7': 'test'}
  assert len(split_of) == 29


@pytest.mark.parametrize(
  ('fold', 'test', 'validation'), [(0, {1, 11}, {2, 12}), (3, {4}, {5}), (9, {10}, {1, 11})]
)
def test_writer_folds(fold, test, validation):
  symbols = [symbol(f'{writer}-{n}') for writer in range(1, 13) for n in (1, 2)]
  writers_of = collections.defaultdict(set)
  split_of = splits.by_writer(symbols, fold)
  for s in symbols:
    writers_of[split_of[s.id]].add(s.writer)
  assert writers_of['test'] == test
  assert writers_of['validation'] == validation
  assert writers_of['train'] == set(range(1, 13)) - test - validation


def test_inner_folds_leave_the_original_test_out():
  symbols = [symbol(f'{writer}-{n}', label) for writer in (1, 2) for n, label in LABELS.items()]
  split_of_symbol = original(symbols)
  folds = [splits.inner(split_of_symbol, symbols, fold) for fold in range(10)]
  for s in symbols:
    found = [split_of[s.id] for split_of in folds]
    if split_of_symbol[s.id] == 'test':
      assert found == ['unused'] * 10
    else:
      assert (found.count('test'), found.count('validation'), found.count('train')) == (1, 1, 8)
      assert found.index('test') == (found.index('validation') + 1) % 10
  # Of 20 of each class 18 are in the folds: one or two in each.
  for split_of in folds:
    tested = collections.Counter(s.label for s in symbols if split_of[s.id] == 'test')
    assert set(tested) == {'Dot', 'Flat'} and set(tested.values()) <= {1, 2}
  assert splits.inner(split_of_symbol, symbols[::-1], 3) == folds[3]


def test_every_writer_is_tested_in_one_fold():
  symbols = [symbol(f'{writer}-1') for writer in range(1, 101)]
  folds = [splits.by_writer(symbols, fold) for fold in range(10)]
  for s in symbols:
    assert [split_of[s.id] for split_of in folds].count('test') == 1


def test_digest():
  symbols = [symbol('2-1'), symbol('10-1'), symbol('1-1', 'Barline')]
  split_of = {'2-1': 'test', '10-1': 'train', '1-1': 'validation'}
  lines = b'Barline\t1-1\tvalidation\nDot\t10-1\ttrain\nDot\t2-1\ttest\n'
  assert splits.digest(symbols, split_of) == hashlib.sha256(lines).hexdigest()


def test_another_split_is_not_the_original():
  with pytest.raises(UserError, match='another split'):
    splits.check_original([symbol('1-1')], {'1-1': 'train'})
