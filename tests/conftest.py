"""Small made-up symbols in HOMUS's format, small made-up pictures, and a small run on each."""

import fcntl
import functools
import gc
import importlib.util
import mmap
import os
import shutil
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

# What takes seconds to import is imported in the fixtures: the process that starts pytest's workers
# runs no test.

PACKAGES = ('omr_jax', 'tfds_builders', 'configs', 'launch', 'docs', 'benchmarks')
# The files that take longest, in the order in which the workers are to begin with them: next to
# those that wait for a browser or for other processes, some that compute all the time. With the
# first one begin all that use the browser (`pytest_xdist_make_scheduler`).
LONG = (
  *('test_shell.py', 'test_step.py', 'test_sweeps.py', 'test_loop.py'),
  *('test_population.py', 'test_predict.py', 'test_models.py', 'test_recipe.py'),
  *('test_distributed.py', 'test_readme.py', 'test_pages_run.py', 'test_main.py'),
  *('test_camera.py', 'test_music_scores_builder.py', 'test_isolated.py', 'test_export.py'),
  *('test_probes.py', 'test_report.py', 'test_symbol_picture.py'),
  *('test_open_set.py', 'test_rasterize.py', 'test_pictures.py'),
  *('test_homus_builder.py', 'test_convolution.py', 'test_model_json.py', 'test_made_up.py'),
  *('test_scores_data.py', 'test_crops.py', 'test_odd_values.py', 'test_page_symbols.py'),
  *('test_evaluate.py', 'test_base.py', 'test_page_windows.py', 'test_in_a_browser.py'),
)


def quick_compilation() -> str:
  """XLA_FLAGS with which a program compiles in a third of the time, and runs slower.

  Programs of tests take longer to compile than they run. XLA ends a process over a flag that it
  does not know, so that its newer ones are only set where the library has their names. It also
  keeps names of flags that are gone, but in no string of their own, between two NULs.
  """
  flags = ['--xla_backend_optimization_level=0']
  # The second one compiles small programs in one piece; in many pieces takes an eighth longer.
  newer = {'xla_cpu_use_fusion_emitters': 'false', 'xla_cpu_parallel_codegen_split_count': '1'}
  for library in Path(importlib.util.find_spec('jaxlib').origin).parent.glob('libjax_common.*'):
    with library.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
      flags += [
        f'--{name}={value}'
        for name, value in newer.items()
        if text.find(f'\0{name}\0'.encode()) >= 0
      ]
  return ' '.join(flags)


# XLA reads this when it compiles first, in the processes that tests start too. What it has of its
# level of optimization already is left alone.
if 'xla_backend_optimization_level' not in os.environ.get('XLA_FLAGS', ''):
  os.environ['XLA_FLAGS'] = f'{quick_compilation()} {os.environ.get("XLA_FLAGS", "")}'


# A busy machine takes any time; and the checkout, where the database would be, may be read-only.
settings.register_profile('untimed', deadline=None, database=None)
settings.load_profile('untimed')


def pytest_collection_modifyitems(items):
  """Long files first, so that the workers end together (with pytest-xdist's loadfile)."""
  places = {name: place for place, name in enumerate(LONG)}
  items.sort(key=lambda item: places.get(item.path.name, len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
  """With pytest-xdist's loadfile, one worker has all tests of `tests/web`: they share a browser."""
  from xdist.scheduler import LoadFileScheduling

  class Scheduling(LoadFileScheduling):
    def _split_scope(self, nodeid):
      return 'tests/web' if nodeid.startswith('tests/web/') else super()._split_scope(nodeid)

  return Scheduling(config, log) if config.getvalue('dist') == 'loadfile' else None


def pytest_collection_finish():
  """Spares the search for garbage what was imported, and makes it rarer: tracing makes little."""
  gc.freeze()
  gc.set_threshold(50_000, 20, 100)


def shared_folder(tmp_path_factory) -> Path:
  """A new folder of this session, the same for all of pytest's workers."""
  base = tmp_path_factory.getbasetemp()
  return base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base


@pytest.fixture(scope='session', autouse=True)
def caches(tmp_path_factory):
  """Keeps what is drawn and compiled for this session, and away from the user's own cache."""
  import jax

  folder = shared_folder(tmp_path_factory) / 'caches'
  variables = {
    'OMR_CACHE_DIR': str(folder / 'omr_jax'),
    'JAX_COMPILATION_CACHE_DIR': str(folder / 'xla'),
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
  }
  with pytest.MonkeyPatch.context() as patch:
    for name, value in variables.items():
      patch.setenv(name, value)  # For the processes that tests start.
    jax.config.update('jax_compilation_cache_dir', str(folder / 'xla'))
    jax.config.update('jax_persistent_cache_min_compile_time_secs', 0)
    yield
    jax.config.update('jax_compilation_cache_dir', None)


@pytest.fixture(scope='session', autouse=True)
def untouched_checkout():
  """Nothing is written into the checkout, which may be read-only: neither by tests nor commands."""
  before = _checkout()
  yield
  assert not (new := _checkout() - before), f'written into the checkout: {sorted(new)}'


def _checkout() -> set[str]:
  """The paths in the folder and its packages, without what tools and Python keep there."""
  root = Path(__file__).parent.parent
  inside = (path for name in PACKAGES for path in (root / name).rglob('*'))
  return {
    str(path.relative_to(root))
    for path in (*root.iterdir(), *inside)
    if '__pycache__' not in path.parts and not path.name.startswith('.')
  }


@pytest.fixture(scope='session', autouse=True)
def shared_programs():
  """Equal runs have equal programs, traced once."""
  import programs

  with programs.shared():
    yield


@pytest.fixture
def no_tensorflow(monkeypatch):
  """Makes every import of TensorFlow fail, even where it is installed."""

  class Finder:
    @staticmethod
    def find_spec(name, *args):
      if name.partition('.')[0] == 'tensorflow':
        raise ModuleNotFoundError(f'{name} was imported')

  for name in [name for name in sys.modules if name.partition('.')[0] == 'tensorflow']:
    monkeypatch.delitem(sys.modules, name)
  monkeypatch.setattr(sys, 'meta_path', [Finder, *sys.meta_path])


@pytest.fixture(scope='session')
def folders(tmp_path_factory) -> tuple[Path, Path]:
  """Folders of prepared data and of the raw archive: 10 writers with 38 symbols each.

  In the fold writers_0 writer 1 is the test, writer 2 the validation, the other 8 train.
  """
  from tfds_builders.homus import made_up

  raw_dir = tmp_path_factory.mktemp('raw')
  with zipfile.ZipFile(raw_dir / 'HOMUS-2.0.zip', 'w') as archive:
    for name, content in made_up.files(writers=10, symbols_per_writer=38).items():
      archive.writestr(zipfile.ZipInfo(name), content)  # Without the time: equal in all workers.
  return tmp_path_factory.mktemp('data'), raw_dir


@pytest.fixture
def few(monkeypatch):
  """The protocol made_up has only 7 writers of 38 symbols each."""
  from tfds_builders import homus
  from tfds_builders.homus import made_up

  files = made_up.files(writers=7, symbols_per_writer=38)
  symbols = SimpleNamespace(files=lambda: files, DIGEST='0123456789abcdef')
  monkeypatch.setattr(homus, 'made_up', symbols)


@pytest.fixture(name='no_page')
def without_page():
  """Runs of this test write an empty page."""
  import made_runs

  with made_runs.no_page():
    yield


@pytest.fixture
def config():
  import small_runs

  return small_runs.small_config()


@pytest.fixture
def parts(config):
  """The recipe of `config`."""
  from omr_jax.recipe import recipe

  return recipe.create(config)


@pytest.fixture
def dataset(parts, folders):
  return parts.load(*folders)


@pytest.fixture(scope='session')
def picture_folders(tmp_path_factory) -> tuple[Path, Path]:
  """Folders of prepared data and of pictures: 4 sources of 40, of two labels."""
  from small_runs import picture_file

  raw_dir = tmp_path_factory.mktemp('pictures')
  names = [a + b for a in 'bdfghklm' for b in 'aeiou']
  for number, source in enumerate(('scores/prints', 'scores/desk', 'other/photos', 'other/books')):
    (raw_dir / source).mkdir(parents=True)
    for index, name in enumerate(names):
      content = picture_file(100 * number + index, stripes=source.startswith('scores'))
      (raw_dir / source / f'{source[-3:]}{name}.png').write_bytes(content)
  return tmp_path_factory.mktemp('prepared'), raw_dir


@pytest.fixture(scope='session')
def score_run(picture_folders, tmp_path_factory) -> Path:
  """Workdir of a finished run of `small_score_config` on these pictures; it is only read."""
  from small_runs import small_score_config

  from omr_jax.synthetic import kinds, probes
  from omr_jax.tasks.scores import evaluation

  # Drawing four probes of each kind in their full size takes half of the time.
  small = functools.partial(probes.probes, 300, 300)
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(evaluation, '_PROBES', 1)
    patch.setattr(probes, 'probes', small)
    patch.setattr(kinds, '_PIXELS', kinds._PIXELS // 9)
    patch.setattr(probes, '_SHAPES', [(h // 3, w // 3) for h, w in probes._SHAPES])
    return trained_once(small_score_config(), 'scores', picture_folders, tmp_path_factory)


@pytest.fixture(scope='session')
def symbol_run(folders, tmp_path_factory) -> Path:
  """Workdir of a finished run of `small_config` on made-up symbols; it is only read."""
  from small_runs import small_config

  return trained_once(small_config(), 'small', folders, tmp_path_factory)


@pytest.fixture(scope='session')
def plain_run(folders, tmp_path_factory) -> Path:
  """Workdir of a finished run of `plain_config` with seed 1, with an empty page; only read."""
  import made_runs
  from small_runs import plain_config

  config = plain_config()
  config.seed = 1
  with made_runs.no_page():
    return trained_once(config, 'plain', folders, tmp_path_factory)


def trained_once(config, name, folders, tmp_path_factory) -> Path:
  """Workdir of a finished run.

  That of pytest's workers which needs it first trains it for all; each has a copy of its own.
  """
  from omr_jax.training import loop

  session = shared_folder(tmp_path_factory)
  trained, workdir = session / 'trained' / name, tmp_path_factory.mktemp('runs') / name
  with (session / f'{name}.lock').open('w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not (trained / 'summary.json').exists():
      loop.train_and_evaluate(config, name, trained, *folders)
  shutil.copytree(trained, workdir)
  return workdir
