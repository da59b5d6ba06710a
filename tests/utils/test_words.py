"""Numbers as people write them, and texts that cannot break what they stand in."""

import pytest

from omr_jax.utils.words import cell, counted, one_line, size, some


@pytest.mark.parametrize(
  ('count', 'words'),
  [
    (0, '0 bytes'),
    (1, '1 byte'),
    (1023, '1023 bytes'),
    (1024, '1.0 KiB'),
    (5 * 2**20 + 2**19, '5.5 MiB'),
    (3 * 2**30, '3.0 GiB'),
  ],
)
def test_size(count, words):
  assert size(count) == words


@pytest.mark.parametrize(('count', 'words'), [(0, '0 pages'), (1, '1 page'), (17, '17 pages')])
def test_counted(count, words):
  assert counted(count, 'page') == words


def test_some():
  assert some(['a', 'b'], 2) == 'a, b'
  assert some(['a', 'b', 'c'], 2) == 'a, b, ...'


def test_what_is_printed_stays_in_its_line_and_its_cell():
  assert one_line('Größe 日本 |') == 'Größe 日本 |'
  assert one_line('a\nb\r\x1b[2J\ud800\u202e') == r'a\nb\r\x1b[2J\ud800\u202e'
  assert cell('a | b\n| c') == r'a \| b\n\| c'
  assert cell('a\\|') == r'a\\\|'
