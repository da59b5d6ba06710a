"""What caches know of prepared data."""

import subprocess
import sys

from tfds_builders import homus, prepared

CODE = """
import sys
from pathlib import Path
from types import SimpleNamespace
from tfds_builders import homus, prepared
from tfds_builders.homus import made_up
files = made_up.files(writers=7, symbols_per_writer=38)
homus.made_up = SimpleNamespace(files=lambda: files, DIGEST='0123456789abcdef')
print(prepared.identity(homus.prepare('made_up', Path(sys.argv[1]), None)))
"""


def test_data_that_is_prepared_again_is_the_same(few, tmp_path):
  """TFDS writes other bytes in another process, but they are the same examples."""
  here = homus.prepare('made_up', tmp_path / 'here', None)
  command = [sys.executable, '-c', CODE, tmp_path / 'there']
  done = subprocess.run(command, capture_output=True, text=True, check=True)
  assert done.stdout.strip() == prepared.identity(here)


def test_data_of_which_something_was_left_out_is_other_data(few, tmp_path):
  builder = homus.prepare('made_up', tmp_path, None)
  before = prepared.identity(builder)
  builder.info.metadata['left_out'] = ['a.png']
  assert prepared.identity(builder) != before
