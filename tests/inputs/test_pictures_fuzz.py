"""Damaged pictures: each is read or refused with its name, in bounded memory and in silence."""

import subprocess
import sys

import damaged_pictures
import pytest
from damaged_pictures import STATUS, check, fuzz, originals
from waiting import HANG


def test_the_originals_can_be_read():
  assert all(check('x', content) for _, content in originals())


def test_mutations(capfd):
  # Neither all nor none: the mutations reach both the decoders and their checks.
  assert 50 < fuzz(400) < 350
  assert capfd.readouterr() == ('', '')


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason='reads peak memory as Linux tells it')
def test_thousands_of_mutations_in_bounded_memory():
  command = [sys.executable, '-W', 'error', damaged_pictures.__file__]
  done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
  assert (done.returncode, done.stderr) == (0, '')
  read, peak = map(int, done.stdout.split())
  assert 500 < read < 4500
  assert peak < 1.5 * 2**20  # KiB.
