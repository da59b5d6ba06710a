"""Whether a training keeps the memory of its steps."""

import json
import platform
import subprocess
import sys

import pytest
from small_runs import config_page

from omr_jax.training import memory

MIB = 2**20
# A thread takes and frees two blocks five times. Printed: the new pages of each time.
BLOCKS = """
import ctypes, json, resource, sys, threading
from omr_jax.training import memory
memory.largest_block = lambda config, examples: examples
size = int(sys.argv[1])
memory.keep(None, size)
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
pages = []
def step():
  before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
  blocks = [libc.malloc(size) for _ in range(2)]
  for block in blocks:
    libc.memset(block, 1, size)
  for block in blocks:
    libc.free(block)
  pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
def steps():
  for _ in range(5):
    step()
thread = threading.Thread(target=steps)
thread.start()
thread.join()
print(json.dumps(pages))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='other libraries are not touched')
@pytest.mark.parametrize('size', [8 * MIB, 40 * MIB, 100 * MIB])
def test_memory_that_a_thread_frees_is_used_again(size):
  """Else two blocks of 8 to 100 MiB have 4 000 to 51 200 new pages of 4 KiB each time."""
  done = subprocess.run(
    [sys.executable, '-c', BLOCKS, str(size)], capture_output=True, text=True, check=True
  )
  assert max(json.loads(done.stdout)[2:]) < 100


@pytest.mark.parametrize(
  ('page', 'examples', 'xla'),
  [
    (('homus',), 32, 29.2),
    (('homus_staff',), 32, 57.2),
    (('homus_best',), 32, 89.0),
    (('homus_paper', 'resnet'), 8, 268.0),
    (('scores',), 16, 24.7),
  ],
)
def test_the_largest_block_is_known_before_compiling(page, examples, xla):
  """`xla`: MiB that jax 0.10.2 takes for the step on two devices, by its `memory_analysis`."""
  found = memory.largest_block(config_page(*page), examples)
  assert found == pytest.approx(xla * MIB, rel=0.55)
  assert (found < 64 * MIB) == (xla < 64)
  assert memory.largest_block(config_page(*page), 2 * examples) == 2 * found
