"""Whole runs on a small archive: what they write, how they stop, how they go on."""

import contextlib
import json
import os
import shutil
import signal
import struct
import sys
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from comparing import assert_same, assert_same_end, latest, metrics
from limits import full_disk, read_only
from made_runs import no_page
from ml_collections import ConfigDict
from small_runs import plain_config, small_config
from tensorboardX.proto.event_pb2 import Event

from omr_jax.errors import UserError
from omr_jax.evaluation import metrics as evaluate
from omr_jax.tasks.classifiers import evaluation
from omr_jax.training import checkpoint, loop, starts, trained
from omr_jax.training.devices import mesh
from omr_jax.training.workdir import claim


def run(config, workdir, folders):
  return loop.train_and_evaluate(config, 'small', workdir, *folders)


@pytest.fixture
def finished(symbol_run):
  """The folder of a run without interruption, and its config."""
  return symbol_run, small_config()


@pytest.fixture
def copied(finished, tmp_path):
  """A copy of the run as it was before its evaluation."""
  workdir = tmp_path / 'run'
  shutil.copytree(finished[0], workdir)
  (workdir / 'summary.json').unlink()
  return workdir


def test_metrics_have_a_line_an_epoch(finished):
  lines = (finished[0] / 'metrics.jsonl').read_text().splitlines()
  keys = ['epoch', 'step', 'loss', 'validation_accuracy', 'validation_loss', 'learning_rate']
  keys += ['images_per_s', 'seconds']
  for number, line in enumerate(lines, 1):
    line = json.loads(line)
    assert list(line) == keys
    assert line['epoch'] == number and line['step'] == 38 * number
    assert all(np.isfinite(value) for value in line.values())
  assert number == 3
  # Of 38 symbols, whole ones are right.
  assert (38 * line['validation_accuracy']) % 1 == pytest.approx(0, abs=1e-9)


def test_tensorboard_has_the_numbers_of_the_metrics(finished):
  (path,) = (finished[0] / 'tensorboard').iterdir()
  content, events = path.read_bytes(), []
  while content:  # A record: length, its check sum, the event, its check sum.
    (length,) = struct.unpack('<Q', content[:8])
    events.append(Event.FromString(content[12 : 12 + length]))
    content = content[16 + length :]
  assert events[0].file_version == 'brain.Event:2'
  read = {}
  for event in events:
    for value in event.summary.value:
      read.setdefault(event.step, {})[value.tag] = value.simple_value
  written = (finished[0] / 'metrics.jsonl').read_text().splitlines()
  assert len(read) == 3
  for line in map(json.loads, written):
    assert read[line['step']] == pytest.approx(
      {k: v for k, v in line.items() if k not in ('epoch', 'step')}, rel=1e-6
    )


def test_summary_has_all_facts(finished):
  workdir, config = finished
  summary = json.loads((workdir / 'summary.json').read_text())
  assert summary['n'] == 38 and 0 <= summary['correct'] <= 38
  assert summary['accuracy'] == summary['correct'] / 38
  low, high = summary['accuracy_wilson_95']
  assert low <= summary['accuracy'] <= high
  assert summary['split_sizes'] == {'train': 304, 'validation': 38, 'test': 38}
  expected = {
    'config_name': 'small',
    'protocol': 'writers_0',
    'seed': 0,
    'epochs': 3,
    'network': 'preact_resnet11',
    'devices': ['cpu'] * jax.device_count(),
  }
  assert {key: summary[key] for key in expected} == expected
  assert summary['versions']['jax'] == jax.__version__
  assert 0 < summary['peak_memory_gib'] < 16 and summary['images_per_s'] > 0
  assert len(summary['data_digest']) == 64 and summary['seconds'] > 0
  best = trained.load(workdir).variables
  assert summary['parameters'] == sum(leaf.size for leaf in jax.tree.leaves(best['params']))
  for name in ('report.html', 'test_predictions.csv', 'per_class.csv'):
    assert (workdir / 'report' / name).stat().st_size
  assert json.loads((workdir / 'config.json').read_text()) == json.loads(config.to_json())


def test_the_best_variables_are_those_tested(finished, dataset):
  workdir, _ = finished
  network = trained.load(workdir)
  logits = jax.jit(network.recipe.predicted)
  accuracies = [line['validation_accuracy'] for line in metrics(workdir)]
  summary = json.loads((workdir / 'summary.json').read_text())
  assert summary['tested_epoch'] == 1 + accuracies.index(max(accuracies))
  with np.load(workdir / 'evaluation.npz') as written:
    for split in ('validation', 'test'):
      arrays = dataset.splits[split]
      again = logits(
        network.variables, {name: arrays[name][:] for name in network.recipe.evaluates}
      )
      np.testing.assert_allclose(written[f'{split}_logits'], again, rtol=1e-4, atol=1e-4)
    right = written['validation_logits'].argmax(1) == written['validation_labels']
    assert right.mean() == max(accuracies)


def test_finished_run_says_so_and_rebuilds_the_report(finished, tmp_path, folders, capsys):
  workdir = tmp_path / 'run'
  shutil.copytree(finished[0], workdir)
  report = (workdir / 'report' / 'test_predictions.csv').read_bytes()
  shutil.rmtree(workdir / 'report')
  summary = run(finished[1], workdir, folders)
  assert 'is finished' in capsys.readouterr().out
  assert summary == json.loads((finished[0] / 'summary.json').read_text())
  assert (workdir / 'report' / 'test_predictions.csv').read_bytes() == report


def test_a_finished_run_does_not_answer_for_other_data(finished, folders, tmp_path, capsys):
  workdir = tmp_path / 'run'
  shutil.copytree(finished[0], workdir)
  copy, other = (tmp_path / name for name in ('copy', 'other'))
  shutil.copytree(folders[1], copy)
  other.mkdir()
  with (
    zipfile.ZipFile(folders[1] / 'HOMUS-2.0.zip') as archive,
    zipfile.ZipFile(other / 'HOMUS-2.0.zip', 'w') as less,
  ):
    for name in archive.namelist()[1:]:
      less.writestr(name, archive.read(name))
  for same in (None, str(folders[1]), str(copy)):
    run(finished[1], workdir, (folders[0], same))
    assert 'test accuracy' in capsys.readouterr().out
  with pytest.raises(UserError, match='run: holds a run on other data; choose another workdir'):
    run(finished[1], workdir, (folders[0], str(other)))
  assert 'test accuracy' not in capsys.readouterr().out


@pytest.mark.usefixtures('no_page')
def test_a_run_that_has_lost_its_answers_is_tested_again(finished, tmp_path, folders):
  workdir = tmp_path / 'run'
  shutil.copytree(finished[0], workdir)
  (workdir / 'evaluation.npz').unlink()
  run(finished[1], workdir, folders)
  assert_same_end(workdir, finished[0])


def test_what_a_finished_run_has_left_is_not_trained_over(finished, tmp_path, folders):
  workdir = tmp_path / 'run'
  shutil.copytree(finished[0], workdir)
  (workdir / 'evaluation.npz').unlink()
  shutil.rmtree(workdir / 'checkpoints')
  with pytest.raises(UserError, match='its answers and checkpoints are gone; choose another'):
    run(finished[1], workdir, folders)
  assert (workdir / 'metrics.jsonl').read_text()


def test_finished_run_in_a_read_only_folder_says_its_results(finished, folders, capsys):
  with tempfile.TemporaryDirectory() as folder:
    workdir = Path(folder, 'run')
    shutil.copytree(finished[0], workdir)
    with read_only(Path(folder)):
      summary = run(finished[1], workdir, (folders[0], None))
  assert summary == json.loads((finished[0] / 'summary.json').read_text())
  said = capsys.readouterr()
  assert said.err == f'{workdir}: Permission denied, so its report is not written.\n'
  assert 'test accuracy' in said.out


def test_workdir_of_another_config_is_refused(finished, folders):
  workdir, config = finished
  other = ConfigDict(config.to_dict())
  other.seed = 1
  other.optimizer.learning_rate = 1e-3
  with pytest.raises(UserError, match=r'differ: optimizer.learning_rate, seed\. Choose another'):
    run(other, workdir, folders)


@pytest.mark.parametrize('content', ['{"seed": 0', '[]', '\xff'])
def test_damaged_config_is_refused(config, tmp_path, folders, content):
  (tmp_path / 'config.json').write_bytes(content.encode('latin1'))
  with pytest.raises(UserError, match=r'config\.json: (unreadable|damaged)|another config'):
    run(config, tmp_path, folders)


def test_workdir_that_cannot_be_made_is_refused(config, tmp_path, folders):
  (tmp_path / 'file').write_text('')
  with pytest.raises(UserError, match=r'file/run.*another workdir'):
    run(config, tmp_path / 'file' / 'run', folders)
  assert [p.name for p in tmp_path.iterdir()] == ['file']


@pytest.mark.usefixtures('no_page')
def test_stopped_in_an_epoch_and_at_its_end_goes_on_to_the_same_end(
  finished, tmp_path, folders, monkeypatch
):
  """Stopped in the first epoch, in the second, and at the end of the second."""
  handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
  before = 0
  for number, step in ((signal.SIGTERM, 17), (signal.SIGINT, 38 + 17), (signal.SIGTERM, 2 * 38)):

    class Stopped(loop.tqdm):
      steps, last, sent = before, step, number

      def update(self, n):
        type(self).steps += n
        if self.steps == self.last:
          signal.raise_signal(self.sent)

    with monkeypatch.context() as patch:
      patch.setattr(loop, 'tqdm', Stopped)
      patch.setattr(loop, 'MOST_SAVING', 1e-9)
      with pytest.raises(loop.Interrupted):
        run(finished[1], tmp_path, folders)
    assert latest(tmp_path)[0] == step
    assert not (tmp_path / 'summary.json').exists()
    assert {each: signal.getsignal(each) for each in handlers} == handlers
    before = step
  run(finished[1], tmp_path, folders)
  assert_same_end(tmp_path, finished[0])


@pytest.mark.usefixtures('no_page')
def test_stopped_at_the_end_of_an_epoch_it_is_saved_though_nobody_reads_on(
  finished, tmp_path, folders, monkeypatch
):
  """Ctrl-C in a terminal also ends the `tee` that standard output goes to."""
  reader, writer = os.pipe()
  os.close(reader)

  class Stopped(loop.tqdm):
    steps = 0

    def update(self, n):
      self.steps += n
      if self.steps == 38:
        signal.raise_signal(signal.SIGINT)
        monkeypatch.setattr(sys, 'stdout', os.fdopen(writer, 'w'))

  monkeypatch.setattr(loop, 'tqdm', Stopped)
  monkeypatch.setattr(loop, 'MOST_SAVING', 1e-9)
  with pytest.raises(BrokenPipeError):
    run(finished[1], tmp_path, folders)
  with contextlib.suppress(BrokenPipeError):
    sys.stdout.close()
  assert latest(tmp_path)[0] == 38


@pytest.mark.usefixtures('no_page')
def test_older_checkpoint_takes_over_from_a_damaged_one(finished, copied, folders):
  folder = copied / 'checkpoints' / str(3 * 38)
  for path in folder.rglob('*'):
    if path.is_file():
      path.write_bytes(path.read_bytes()[:-9])
  with pytest.raises(UserError, match=rf'{folder}: damaged'):
    run(finished[1], copied, folders)
  shutil.rmtree(folder)
  run(finished[1], copied, folders)
  assert_same_end(copied, finished[0])


@pytest.mark.usefixtures('no_page')
def test_half_a_line_of_metrics_is_dropped(finished, copied, folders):
  with (copied / 'metrics.jsonl').open('a') as file:
    file.write('{"epoch": 4, "st')
  run(finished[1], copied, folders)
  assert_same_end(copied, finished[0])


def test_checkpoint_of_another_network_is_refused(finished, copied, folders):
  config = ConfigDict(finished[1].to_dict())
  config.model.widths = (4, 12)
  (copied / 'config.json').write_text(config.to_json())
  with pytest.raises(UserError, match=r'checkpoints/114: .*another network'):
    run(config, copied, folders)


# Orbax leaves half-done writes behind where it fails.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
def test_full_disk_ends_in_a_message_and_the_run_goes_on_later(finished, tmp_path, folders):
  """No file beyond a size: the config, then the first checkpoint, then the report fails."""
  for size, has_config, has_checkpoints in ((512, 0, 0), (4096, 1, 0), (65536, 1, 1)):
    with full_disk(size), pytest.raises(UserError, match='make room'):
      run(finished[1], tmp_path, folders)
    assert not list(tmp_path.rglob('*.tmp'))
    assert not (tmp_path / 'summary.json').exists()
    assert (tmp_path / 'config.json').exists() == has_config
    # Half-done ones have longer names.
    saved = [path.name for path in (tmp_path / 'checkpoints').glob('*') if path.name.isdigit()]
    assert bool(saved) == bool(has_checkpoints)
  with no_page():
    run(finished[1], tmp_path, folders)
  assert_same_end(tmp_path, finished[0])


def test_loss_that_is_not_finite_stops_the_run(tmp_path, folders):
  config = plain_config()
  with config.unlocked():
    config.optimizer.update({'name': 'sgd', 'learning_rate': 1e38, 'momentum': 0.9})
  with pytest.raises(UserError, match=r'epoch 1, step \d+: the (validation )?loss is not finite'):
    run(config, tmp_path, folders)
  assert not (tmp_path / 'summary.json').exists()
  assert metrics(tmp_path) == []


@pytest.mark.usefixtures('no_page')
@pytest.mark.parametrize(('tested', 'epoch'), [('best', 2), ('last', 5)])
def test_plateau_and_early_stopping(tmp_path, folders, monkeypatch, tested, epoch):
  """Given accuracies: the best is epoch 2; a wait of one epoch halves the next one's rate."""
  config = plain_config().unlock()
  config.epochs = 9
  config.stop_after = 3
  config.tested = tested
  config.schedule.update({'name': 'plateau', 'factor': 0.5, 'patience': 1, 'floor': 1e-3})
  shares = iter([1, 3, 3, 2, 3, 3, 3])
  given = SimpleNamespace(
    accuracy=lambda logits, labels: (next(shares), 10),
    negative_log_likelihood=evaluate.negative_log_likelihood,
    log_probabilities=evaluate.log_probabilities,
  )
  monkeypatch.setattr(evaluation, 'metrics', given)
  monkeypatch.setattr(loop, 'MOST_SAVING', np.inf)
  bests = []
  save = checkpoint.save
  monkeypatch.setattr(
    checkpoint,
    'save',
    lambda m, s, state, best, *others: (
      bests.append(trained.tested(config, state, best)[0]),
      save(m, s, state, best, *others),
    ),
  )
  summary = run(config, tmp_path, folders)
  lines = metrics(tmp_path)
  assert [line['epoch'] for line in lines] == [1, 2, 3, 4, 5]
  rates = [line['learning_rate'] for line in lines]
  np.testing.assert_allclose(rates, [4e-3, 4e-3, 4e-3, 2e-3, 1e-3], rtol=1e-5)
  assert summary['epochs'] == 5 and summary['tested_epoch'] == epoch
  best = jax.tree.map(lambda leaf: leaf[0], bests[epoch - 1])
  assert_same(dict(trained.load(tmp_path).variables), dict(best))
  # The best of epoch 2 stays, the last is another each time.
  for before, after in pairwise(bests[1:]):
    same = jax.tree.leaves(jax.tree.map(np.array_equal, before, after))
    assert all(same) == (tested == 'best')


@pytest.mark.usefixtures('no_page')
def test_of_short_epochs_the_first_and_the_last_are_saved(config, tmp_path, folders, monkeypatch):
  config.epochs = 3
  monkeypatch.setattr(loop, 'MOST_SAVING', 1e-9)
  steps, save = [], checkpoint.save
  monkeypatch.setattr(
    checkpoint,
    'save',
    lambda manager, step, *others: (steps.append(step), save(manager, step, *others)),
  )
  run(config, tmp_path, folders)
  assert steps == [38, 3 * 38]


@pytest.mark.parametrize('devices', [3, 8])
def test_a_batch_that_the_devices_cannot_share_is_refused(monkeypatch, devices):
  monkeypatch.setattr(jax, 'device_count', lambda: devices)
  with pytest.raises(UserError, match='batch_size=20 does not divide'):
    mesh(20)


@pytest.mark.usefixtures('no_page')
def test_a_run_goes_on_in_a_folder_with_special_characters(finished, copied, folders):
  workdir = copied.rename(copied.with_name('runs [old] * ? \\'))
  shutil.rmtree(workdir / 'checkpoints' / str(3 * 38))
  run(finished[1], workdir, folders)
  assert_same_end(workdir, finished[0])
  assert trained.load(workdir).config.seed == 0


@pytest.mark.usefixtures('no_page')
def test_another_start_is_said_and_both_are_in_the_summary(
  finished, copied, folders, monkeypatch, capsys
):
  first = starts.here()
  now = {'revision': 'another', 'hardware': '64 x cpu, 64 cores'}
  monkeypatch.setattr(starts, 'here', lambda: now)
  shutil.rmtree(copied / 'checkpoints' / str(3 * 38))
  summary = run(finished[1], copied, folders)
  assert summary['revision'] == first['revision'] and summary['starts'] == [first, now]
  assert 'goes on with another, 64 x cpu, 64 cores.' in capsys.readouterr().err
  assert checkpoint.facts(checkpoint.open_folder(copied)).starts == [first, now]
  alone = json.loads((finished[0] / 'summary.json').read_text())
  assert alone['hardware'] == first['hardware'] and 'starts' not in alone


@pytest.mark.usefixtures('no_page')
def test_seconds_go_on_where_the_run_goes_on(finished, copied, folders):
  before = checkpoint.facts(checkpoint.open_folder(copied)).seconds
  written = json.loads((finished[0] / 'summary.json').read_text())['seconds']
  assert 0 < before < written
  summary = run(finished[1], copied, folders)
  assert summary['seconds'] > before


def test_a_run_that_goes_on_keeps_others_out(finished, copied, folders):
  digest = json.loads((copied / 'data.json').read_text())['digest']
  refused = pytest.raises(UserError, match='another process is training there')
  with claim({copied: finished[1]}, digest), refused:
    run(finished[1], copied, folders)
