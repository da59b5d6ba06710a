"""What a line of metrics.jsonl may be."""

import math
from functools import partial

import pytest

from omr_jax.evaluation import history

KEYS = *history.KEYS, 'validation_accuracy'
is_line = partial(history.is_line, validated='validation_accuracy')

LINE = dict.fromkeys((*KEYS, 'validation_loss'), 0.5) | {'epoch': 3, 'step': 30}


def test_a_whole_line():
  assert is_line(LINE, 3)
  assert is_line(LINE | {'more': 'is allowed'}, 3)


@pytest.mark.parametrize('key', [*KEYS, 'validation_loss'])
@pytest.mark.parametrize('value', ['x', None, True, math.nan, math.inf, 10**400, -1e300])
def test_what_is_no_number_that_can_be_drawn(key, value):
  assert not is_line(LINE | {key: value}, 3)


@pytest.mark.parametrize('key', KEYS)
def test_a_missing_number(key):
  assert not is_line({k: v for k, v in LINE.items() if k != key}, 3)


@pytest.mark.parametrize('changes', [{'epoch': 4}, {'step': 1.5}, {'validation_accuracy': 1.5}])
def test_numbers_that_no_run_has(changes):
  assert not is_line(LINE | changes, 3)


@pytest.mark.parametrize('value', [[], 'x', 3, None])
def test_other_json(value):
  assert not is_line(value, 3)
