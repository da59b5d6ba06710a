"""The command as a user starts it: its words, its exit codes, and being killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import answer, refused
from comparing import assert_same_end
from made_runs import no_page
from small_runs import PLAIN, ROOT, SMALL, small_config
from waiting import HANG, wait_for

from omr_jax.training import loop


def command(*arguments):
  return [sys.executable, '-m', 'omr_jax.main', *map(str, arguments)]


TWO = '--num_processes=2', '--process_id=1'
NONE = '--num_processes=0', '--process_id=0'


@pytest.mark.parametrize(
  ('arguments', 'code', 'words'),
  [
    ((), 2, '--config homus'),
    (('--config=configs/hommus.py',), 2, "'configs/hommus.py': there is no such config"),
    (('--config=',), 2, 'the path is empty; is a variable not set?'),
    (('--config=README.md',), 2, '(README.md, line '),
    (('--config=configs/homus.py:resnet',), 2, 'This config has no variants'),
    (('--config=configs/homus.py', '--config.seed=1', '--config.seed=2'), 2, 'is given twice'),
    (('--config=configs/homus.py', f'--config.epochs={10**30}'), 2, 'from 1 to a million'),
    (('--config=configs/homus.py', '--config.model.widths=(4, 10000, 4)'), 2, 'widths'),
    (('--config=configs/homus.py', '--config.epoch=3'), 2, "did you mean 'epochs'?"),
    (
      ('--config=configs/homus.py', '--config.lr=0.1'),
      2,
      "did you mean 'optimizer.learning_rate'?",
    ),
    (('--config=configs/homus.py', '--config.drawing=3'), 2, 'config.drawing is a section'),
    (('--config=configs/homus.py', '--config.optimizer.name=AdamW'), 2, "did you mean 'adamw'?"),
    (
      ('--config=configs/homus.py', '--config.epochs=x'),
      2,
      "config.epochs is 'x'; it must be a whole number.",
    ),
    (
      ('--config=configs/homus.py', '--config.augment.zoom=(1,'),
      2,
      "config.augment.zoom is '(1,'; it must be a list, such as (1, 2).",
    ),
    (
      ('--config=configs/homus.py', '--config.model.widths=a', '--print_config'),
      2,
      "config.model.widths is ('a',); it must be a list of up to 16 whole numbers",
    ),
    (
      ('--config=configs/homus.py', '--config.model.widths=(8, 8)', '--print_config'),
      2,
      'widths (8, 8) and blocks (1, 2, 2) must be equally long.',
    ),
    (('--config=configs/homus.py', '--config.epochs=-1'), 2, 'config.epochs is -1'),
    (('--config=configs/homus_paper.py',), 2, 'none of the variants resnet, vgg, staff'),
    (('--config=configs/homus_paper.py:vgg', '--config.epochs=-1'), 2, 'config.epochs is -1'),
    (('--config=configs/homus_paper.py:vg',), 2, "'vg' is none of the variants resnet, vgg"),
    (('--config=configs/homus.py', '--wokdir=a'), 2, 'Did you mean: workdir'),
    (
      ('--config=configs/homus.py', '--config.model.name=vgg13', '--config.model.widths=(1, 2)'),
      2,
      'config.model.widths is not read',
    ),
    (
      ('--config=configs/homus.py', '--config.optimizer.name=sgd'),
      2,
      'config.optimizer.name=sgd reads keys that the config lacks; '
      'add --config.optimizer.momentum=<at least 0 and below 1>',
    ),
    (
      ('--config=configs/homus.py', '--config.optimizer.momentun=0.9'),
      2,
      "did you mean 'momentum'?",
    ),
    (
      ('--config=configs/homus.py', '--config.seed=0,1', '--config.optimizer.l2=1,2,3'),
      2,
      'lists must be equally long; these have config.seed 2, config.optimizer.l2 3 values',
    ),
    (
      ('--config=pages', '--config.model.widths=(8,8,8,8,8)', '--config.model.blocks=(1,1,1,1,1)'),
      2,
      'config.model.widths: with 5 of them windows must have sides that are multiples of 64',
    ),
    (
      ('--config=homus_staff', '--config.model.even=True'),
      2,
      'close_up needs paper that is white; leave out close_up or even',
    ),
    (
      ('--config=scores', '--config.model.even=False', '--config.model.close_up=(64, 64)'),
      2,
      'config.model.close_up: it enlarges a symbol on white paper',
    ),
    (('--config=homus', '--config.model.epsilon=inf'), 2, 'epsilon is inf'),
    (
      ('--config=homus', '--distributed', '--workdir=x', '--coordinator=localhost', *TWO),
      2,
      '--coordinator must be an address and a port, such as 10.0.0.1:1234',
    ),
    (
      ('--config=homus', '--distributed', '--workdir=x', '--coordinator=h:1', *NONE),
      2,
      '--num_processes must be 1 or more',
    ),
    (
      ('--config=homus', '--distributed', '--workdir=x', '--coordinator=::1', *TWO),
      2,
      '--coordinator must be an address and a port',
    ),
    (
      ('--config=homus', '--distributed', '--workdir=x', '--coordinator=h:65536', *TWO),
      2,
      '--coordinator must be an address and a port',
    ),
    (('--config=configs/homus.py', '--config.seed=0,-1'), 2, 'config.seed is -1'),
    (('--config=configs/homus.py', '--config.epochs=2,3'), 2, "config.epochs is '2,3'; it must be"),
    (('--config=configs/homus.py', '--config.optimizer.rho=0.9,0.8'), 2, 'rho is not read'),
    (('--config=configs/homus.py', 'workdir'), 2, "Unknown argument 'workdir'"),
  ],
)
def test_wrong_command_is_answered_in_a_few_words(arguments, code, words, tmp_path):
  given = (*arguments, f'--data_dir={tmp_path / "data"}') if arguments else ()
  returned, text = refused(*given)
  assert (returned, len(text.splitlines()) <= 3) == (code, True), text
  assert words in text
  assert not list(tmp_path.iterdir())  # Refused before anything is prepared.


@pytest.fixture(scope='module')
def small(folders):
  data_dir, raw_dir = folders
  return (*SMALL, f'--data_dir={data_dir}', f'--raw_dir={raw_dir}')


@pytest.fixture(scope='module')
def uninterrupted(folders, tmp_path_factory):
  """The folder of the run of SMALL from start to end, and the seconds that it took."""
  workdir = tmp_path_factory.mktemp('uninterrupted') / 'run'
  config = small_config()
  config.batch_size, config.epochs = 2, 20
  began = time.monotonic()
  with no_page():
    loop.train_and_evaluate(config, 'configs/homus.py', workdir, *folders)
  return workdir, time.monotonic() - began


def end(small, workdir):
  """Lets the run go to its end, with an empty page; only its own words may be on stderr."""
  done = answer('tests.saving_all', 'omr_jax.main', *small, f'--workdir={workdir}')
  assert done.returncode == 0, done.stderr
  assert 'Traceback' not in done.stderr and 'INFO' not in done.stderr
  # Bars are for terminals: no carriage returns in a log file.
  assert '\r' not in done.stderr and 'Load dataset' not in done.stderr
  assert 'test accuracy' in done.stdout


def begin(small, workdir):
  return subprocess.Popen(
    command(*small, f'--workdir={workdir}'),
    cwd=ROOT,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
  )


def saves(workdir: Path) -> bool:
  """Whether a checkpoint is being written: it has its temporary name still."""
  return any('tmp' in name for name in os.listdir(workdir / 'checkpoints'))


def stop(process, number):
  process.send_signal(number)
  _, text = process.communicate(timeout=HANG)
  return process.returncode, text


def test_stopped_and_killed_runs_end_like_an_uninterrupted_one(folders, plain_run, tmp_path):
  """One run that is stopped with SIGTERM and Ctrl-C, and killed in the middle of a save."""
  data_dir, raw_dir = folders
  same = (*PLAIN, '--config.batch_size=8', '--config.epochs=3', '--config.seed=1')
  flags = (*same, f'--data_dir={data_dir}', f'--raw_dir={raw_dir}')
  workdir = tmp_path / 'run'

  def signalled(name, step):
    return answer('tests.signalled', name, step, *flags, f'--workdir={workdir}')

  for name in ('SIGTERM', 'SIGINT'):
    done = signalled(name, 20)
    assert done.returncode == 1, done.stderr
    said = f'saved; the same command with --workdir={workdir} resumes the run.'
    assert done.stderr.strip().endswith(said)
    assert 'Traceback' not in done.stderr
  assert signalled('SIGKILL', 0).returncode == -signal.SIGKILL
  assert saves(workdir)
  assert not (workdir / 'summary.json').exists()
  end(flags, workdir)
  assert_same_end(workdir, plain_run)


@pytest.mark.slow
@pytest.mark.parametrize('attempt', range(3))
def test_runs_killed_at_any_moment_end_like_an_uninterrupted_one(
  small, uninterrupted, tmp_path, attempt
):
  """Killed at any time from its start on, until one comes to its end by itself."""
  del attempt
  seed = time.time_ns()
  print(f'random.Random({seed})')  # pytest shows it where the test fails.
  chance = random.Random(seed)
  for _ in range(8):
    process = begin(small, tmp_path)
    if chance.random() < 0.5:
      time.sleep(chance.uniform(0, uninterrupted[1] + 5))  # It imports for a few seconds more.
    else:
      (tmp_path / 'checkpoints').mkdir(exist_ok=True)
      wait_for(lambda process=process: saves(tmp_path) or process.poll() is not None, pause=0.0005)
      time.sleep(chance.uniform(0, 0.05))
    code, text = stop(process, signal.SIGKILL)
    assert code in (0, -signal.SIGKILL), text
  end(small, tmp_path)
  assert_same_end(tmp_path, uninterrupted[0])
