"""What is chosen for the hardware: CPU devices, the cache of compilations."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from omr_jax.training import backend

# For each start a copy of this process, which has its imports already.
STARTED = """
import json, os, sys, warnings
from pathlib import Path
from omr_jax.configs import homus
from omr_jax.training import backend
import jax, jax.numpy as jnp
config = homus.get_config()
for members, all_cores in json.loads(sys.argv[1]):
  with warnings.catch_warnings(action='ignore'):  # Of threads, which a copy does not have.
    child = os.fork()
  if child:
    assert os.waitpid(child, 0)[1] == 0
    continue
  if not all_cores:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
  backend.start(config if members else None, members)
  assert not members or jnp.arange(3).dtype == 'int32'
  jax.jit(lambda x: 2 * x)(jnp.ones(3)).block_until_ready()
  folder = jax.config.jax_compilation_cache_dir
  programs = sorted(path.name for path in Path(folder).glob('*-cache'))
  print(json.dumps([jax.device_count(), folder, programs]), flush=True)
  os._exit(0)
"""


@pytest.mark.parametrize(
  ('batch_size', 'members', 'cores', 'devices'),
  [
    *[(64, 1, 2, 2), (64, 1, 16, 2), (256, 1, 6, 4), (16, 1, 2, 1), (32, 1, 2, 1), (63, 1, 2, 1)],
    *[(64, 1, 1, 1), (128, 1, 3, 2), (192, 1, 5, 4), (99, 1, 4, 3)],
    # Members first: 5 for each of 3 devices, or 2 devices for each of 2 members.
    *[(7, 15, 4, 3), (64, 2, 4, 4), (32, 2, 4, 2), (7, 5, 4, 1), (7, 5, 5, 5), (64, 5, 2, 2)],
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


def test_networks_on_a_cpu_compute_convolutions_without_ynnpack():
  """Where this version of XLA has the option; else it compiles as usual."""
  assert backend.for_networks('gpu') == {}

  def convolved(x, kernel):
    layout = ('NHWC', 'HWIO', 'NHWC')
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), 'SAME', dimension_numbers=layout)

  arguments = jnp.ones((2, 8, 8, 32)), jnp.ones((3, 3, 32, 32))
  compiled = jax.jit(convolved, compiler_options=backend.for_networks('cpu'))
  program = compiled.lower(*arguments).compile()
  if backend.for_networks('cpu'):
    assert '__ynn_fusion' not in program.as_text()
  assert program(*arguments)[0, 4, 4, 0] == 9 * 32


def started(tmp_path, *starts, **variables):
  """Devices, cache folder and cached programs after each start: members, and whether all cores."""
  ours = ('JAX_', 'XLA_FLAGS')
  kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
  done = subprocess.run(
    [sys.executable, '-W', 'error', '-c', STARTED, json.dumps(starts)],
    env=kept | {'OMR_CACHE_DIR': str(tmp_path), 'JAX_PLATFORMS': 'cpu'} | variables,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  return [json.loads(line) for line in done.stdout.splitlines()]


def test_numbers_of_trainings_have_32_bits(tmp_path):
  """Whatever somebody's shell chooses for other programs; STARTED looks at it."""
  started(tmp_path, (1, True), JAX_ENABLE_X64='1')


def test_a_process_starts_with_devices_for_its_population_and_a_cache(tmp_path):
  first, again, without_training = started(tmp_path, (4, True), (4, True), (0, True))
  devices, folder, programs = first
  cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
  assert devices == backend.cpu_devices(64, 4, cores)
  assert folder == str(tmp_path / 'compiled') and programs
  assert again == first  # The same program is not compiled twice.
  assert without_training[0] == 1


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


@pytest.mark.skipif(not hasattr(os, 'sched_setaffinity'), reason='confines itself as Linux can')
def test_cores_are_those_that_the_process_may_use(tmp_path):
  assert started(tmp_path, (4, False))[0][0] == 1


def test_what_a_person_has_set_stays(tmp_path):
  own = tmp_path / 'own'
  variables = {'JAX_NUM_CPU_DEVICES': '4', 'JAX_COMPILATION_CACHE_DIR': str(own)}
  [(devices, folder, _)] = started(tmp_path, (1, True), **variables)
  assert (devices, folder) == (4, str(own)) and not (tmp_path / 'compiled').exists()
