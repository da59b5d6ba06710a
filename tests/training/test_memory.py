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

# Printed: the bytes by which the heap shrinks when 2.4 GB are freed, of which no page was used.
MUCH = """
import ctypes, json
from omr_jax.training import memory
memory.largest_block = lambda config, examples: 2**30
memory.keep(None, 1)
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.sbrk.restype = [ctypes.c_void_p], ctypes.c_void_p
blocks = [libc.malloc(1_200_000_000) for _ in range(2)]
end = libc.sbrk(0)
assert all(blocks) and end - blocks[1] > 1_100_000_000
for block in blocks:
  libc.free(block)
print(json.dumps(end - libc.sbrk(0)))
"""

# Of 4 000 blocks of 64 KiB every second is freed, and one of 8 MiB before them. Printed: whether a
# new block of 64 KiB is at the place of one of these, before and after `settle`, and a new one of
# 7 MiB at the place of the other.
PIECES = """
import ctypes, json
from omr_jax.training import memory
memory.largest_block = lambda config, examples: 2**30
memory.keep(None, 1)
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
large = libc.malloc(2**23)
blocks = [libc.malloc(2**16) for _ in range(4000)]
freed = set(blocks[::2])
for block in [*freed, large]:
  libc.free(block)
def new(size):
  block = libc.malloc(size)
  libc.free(block)
  return block
before = new(2**16) in freed
memory.settle()
print(json.dumps([before, new(2**16) in freed, new(7 * 2**20) == large]))
"""


def run(program, *arguments):
  command = [sys.executable, '-c', program, *map(str, arguments)]
  return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


on_glibc = pytest.mark.skipif(
  platform.libc_ver()[0] != 'glibc', reason='other libraries are not touched'
)


@on_glibc
@pytest.mark.parametrize('size', [8 * MIB, 40 * MIB, 100 * MIB])
def test_memory_that_a_thread_frees_is_used_again(size):
  """Else two blocks of 8 to 100 MiB have 4 000 to 51 200 new pages of 4 KiB each time."""
  assert max(run(BLOCKS, size)[2:]) < 100


@on_glibc
def test_more_than_an_int_can_say_is_kept_too():
  assert run(MUCH) == 0


@on_glibc
def test_free_pieces_are_taken_away_but_no_large_block():
  before, pieces, large = run(PIECES)
  assert before and not pieces and large


@pytest.mark.parametrize(
  ('page', 'examples', 'xla'),
  [
    (('homus',), 64, 80.6),
    (('homus_strokes',), 64, 86.9),
    (('homus_staff',), 64, 139.3),
    (('homus_best',), 64, 255.6),
    (('homus_paper', 'resnet'), 8, 371.4),
    (('scores',), 32, 48.1),
  ],
)
def test_the_largest_block_is_known_before_compiling(page, examples, xla):
  """`xla`: MiB that jax 0.10.2 takes for the step on one device, by its `memory_analysis`."""
  found = memory.largest_block(config_page(*page), examples)
  assert found == pytest.approx(xla * MIB, rel=0.55)
  assert (found < 64 * MIB) == (xla < 64)
  assert memory.largest_block(config_page(*page), 2 * examples) > 1.5 * found
