"""What is chosen for the hardware: CPU devices, the cache of compilations."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from omr_jax.training import backend

STARTED = """
import json, os, sys
if len(sys.argv) > 2:
  os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from omr_jax.training import backend
backend.start(int(sys.argv[1]) or None)
import jax, jax.numpy as jnp
jax.jit(lambda x: 2 * x)(jnp.ones(3)).block_until_ready()
print(json.dumps([jax.device_count(), jax.config.jax_compilation_cache_dir]))
"""


@pytest.mark.parametrize(
  ('batch_size', 'members', 'cores', 'devices'),
  [
    *[(64, 1, 2, 2), (64, 1, 16, 8), (64, 1, 6, 4), (32, 1, 8, 4), (16, 1, 2, 2)],
    *[(16, 1, 1, 1), (8, 1, 4, 1), (7, 1, 2, 1), (1, 1, 2, 1), (48, 1, 5, 4), (45, 1, 4, 3)],
    # Members first: 5 for each of 3 devices, or 2 devices for each of 2 members.
    *[(7, 15, 4, 3), (16, 2, 4, 4), (8, 2, 4, 2), (7, 5, 4, 1), (7, 5, 5, 5), (64, 5, 2, 2)],
  ],
)
def test_each_device_has_its_share_of_the_work_and_a_core(batch_size, members, cores, devices):
  assert backend.cpu_devices(batch_size, members, cores) == devices


@pytest.mark.parametrize(('platform', 'whole'), [('cpu', False), ('gpu', True), ('tpu', True)])
def test_only_a_cpu_takes_step_after_step(platform, whole):
  assert backend.takes_whole_epochs(platform) is whole


def test_what_is_called_once_compiles_quickly_on_a_cpu_to_the_same_numbers():
  assert backend.for_one_call('gpu') == {}

  def init(rng):
    return jax.nn.initializers.glorot_uniform()(rng, (3, 3, 5, 7))

  quick = jax.jit(init, compiler_options=backend.for_one_call('cpu'))
  usual, found = (function(jax.random.key(3)) for function in (jax.jit(init), quick))
  np.testing.assert_array_equal(found, usual, strict=True)


def start(tmp_path, *arguments, **variables):
  """Devices and cache folder of a fresh process after `start`, and the cached programs."""
  ours = ('JAX_', 'XLA_FLAGS')
  kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
  done = subprocess.run(
    [sys.executable, '-W', 'error', '-c', STARTED, *map(str, arguments)],
    env=kept | {'OMR_CACHE_DIR': str(tmp_path), 'JAX_PLATFORMS': 'cpu'} | variables,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  devices, folder = json.loads(done.stdout)
  return devices, folder, sorted(path.name for path in Path(folder).glob('*-cache'))


def test_a_process_starts_with_a_device_for_each_core_and_a_cache(tmp_path):
  devices, folder, programs = start(tmp_path, 64)
  cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
  assert devices == backend.cpu_devices(64, 1, cores)
  assert folder == str(tmp_path / 'compiled') and programs
  assert start(tmp_path, 64)[2] == programs  # The same program is not compiled twice.


def test_a_cache_that_cannot_be_written_is_left_alone(tmp_path, monkeypatch):
  """JAX would warn at each program that it compiles."""
  import jax

  (tmp_path / 'file').write_text('')
  monkeypatch.setenv('OMR_CACHE_DIR', str(tmp_path / 'file'))
  before = jax.config.jax_compilation_cache_dir
  jax.config.update('jax_compilation_cache_dir', None)
  try:
    backend.start()
    assert jax.config.jax_compilation_cache_dir is None
  finally:
    jax.config.update('jax_compilation_cache_dir', before)


def test_without_a_batch_a_cpu_is_one_device(tmp_path):
  assert start(tmp_path, 0)[0] == 1


@pytest.mark.skipif(not hasattr(os, 'sched_setaffinity'), reason='confines itself as Linux can')
def test_cores_are_those_that_the_process_may_use(tmp_path):
  assert start(tmp_path, 64, 'one')[0] == 1


def test_what_a_person_has_set_stays(tmp_path):
  own = tmp_path / 'own'
  devices, folder, _ = start(
    tmp_path, 64, JAX_NUM_CPU_DEVICES='4', JAX_COMPILATION_CACHE_DIR=str(own)
  )
  assert (devices, folder) == (4, str(own)) and not (tmp_path / 'compiled').exists()
