"""Thousands of damaged files through the command: a row for each, in bounded memory."""

import json
import random
import re
import subprocess
import sys

import pytest
from damaged_pictures import MUTATIONS, STATUS, bombs, originals
from PIL import Image
from waiting import HANG

COMMAND = """
import pathlib, sys
from omr_jax.predict import __main__ as predict
code = predict.main(sys.argv[1:])
print(pathlib.Path('/proc/self/status').read_text(), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason='reads peak memory as Linux tells it')
def test_thousands_of_mutations_give_a_row_each(score_run, tmp_path):
  rng, whole = random.Random(3), list(originals())
  names = []
  for number in range(5000):
    file_format, content = rng.choice(whole)
    names.append(f'{number:04}.{file_format.lower().replace("heif", "heic")}')
    (tmp_path / names[-1]).write_bytes(rng.choice(MUTATIONS)(rng, file_format, content))
  for number, (file_format, content) in enumerate(bombs()):
    names.append(f'bomb{number}.{file_format.lower()}')
    (tmp_path / names[-1]).write_bytes(content)
  # Of 400 MB each, more of them than are read ahead by one thread.
  names += [f'colour{number}.png' for number in range(6)]
  Image.new('RGB', (10_000, 10_000), 'teal').save(tmp_path / names[-1], compress_level=1)
  for name in names[-6:-1]:
    (tmp_path / name).hardlink_to(tmp_path / names[-1])
  command = [sys.executable, '-W', 'error', '-c', COMMAND, '--model', str(score_run)]
  done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=HANG)
  assert done.returncode == 0 and 'Traceback' not in done.stderr
  rows = [json.loads(line) for line in done.stdout.splitlines()]
  first = [row['path'].rpartition('/')[2] for row in rows if row['page'] == 1]
  assert first == sorted(names)
  assert all(('class' in row) != ('error' in row) for row in rows)
  assert all('class' in row for row in rows if 'colour' in row['path'])
  assert 500 < sum('class' in row for row in rows) < 4500
  assert int(re.search(r'VmHWM:\s*(\d+)', done.stderr)[1]) < 1.5 * 2**20  # KiB.
