"""Populations: each member is the run that it would be alone."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from comparing import assert_same_end, metrics
from made_runs import no_page
from ml_collections import ConfigDict
from small_runs import ROOT, config_page, plain_config, small_config
from steps import mesh, shapes

from omr_jax.data import dataset as data
from omr_jax.errors import UserError
from omr_jax.evaluation import metrics as evaluate
from omr_jax.recipe import hyperparameters, members, recipe
from omr_jax.tasks.classifiers import evaluation
from omr_jax.training import checkpoint, feed, loop, population, trained, trainer
from omr_jax.training.step import Training

pytestmark = pytest.mark.usefixtures('no_page')
LISTS = {
  'seed': (3, 4, 3, 2**32 - 1),
  'optimizer.learning_rate': (4e-3, 1e-3, 2e-3, 4e-3),
  'augment.rotation': (10.0, 0.0, 20.0, 5.0),
  'augment.zoom': ((0.8, 1.2), (1.0, 1.0), (0.7, 1.0), (0.9, 1.1)),
  'average_decay': (0.995, 0.9, 0.5, 0.995),
  'loss.label_smoothing': (0.05, 0.0, 0.1, 0.05),
}
ON_DEVICES = """
import json, sys
import jax
jax.config.update('jax_num_cpu_devices', 4)
jax.config.update('jax_enable_x64', {x64})
import test_population
print(json.dumps({call}))
"""


def on_devices(call, x64=False):
  """What a call of this module's functions gives in a process with four devices."""
  script = ON_DEVICES.format(call=f'test_population.{call}', x64=x64)
  done = subprocess.run(
    [sys.executable, '-c', script],
    cwd=Path(__file__).parent,
    env=os.environ | {'PYTHONPATH': f'{ROOT}:{ROOT}/tests'},
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  return json.loads(done.stdout)


def population_of(configs, on, steps_per_epoch, **changes):
  """The functions of a population on the mesh `on`; `changes` are of its recipe."""
  config = configs[0]
  made = recipe.create(config)._replace(**changes)
  training = Training(
    made, config.batch_size, steps_per_epoch, config.epochs, made.loss({'label': np.arange(32)})
  )
  numbers = [hyperparameters.of_config(each) for each in configs]
  return trainer.create(training, numbers, on, whole_epochs=False)


def test_another_seed_is_the_same_program(config, folders):
  splits = recipe.create(config).load(*folders).splits
  programs = set()
  for seed in (3, 4):
    config.seed = seed
    compiled = population_of([config], mesh(), 38)
    reads = recipe.create(config).reads
    arrays = {name: splits['train'][name] for name in reads}
    orders = np.arange(len(arrays['label']), dtype=np.int32)[None]
    state = shapes(compiled)
    run, numbers = compiled.run.func, compiled.run.args
    lowered = run.lower(*numbers, state, np.array([True]), arrays, orders, np.int32(1))
    programs |= {lowered.as_text()}
  assert len(programs) == 1


def five_losses(configs, arrays, on):
  """The losses of the first five steps of every config in one program, [configs, steps]."""
  compiled = population_of(configs, on, 38)
  reads = recipe.create(configs[0]).reads
  placed = feed.on_devices(arrays, reads, on)
  orders = np.stack([data.epoch_order(config.seed, 1, 304) for config in configs])
  state, sums = compiled.init(), []
  for step in range(5):
    state = compiled.run(state, np.full(len(configs), True), placed, orders, np.int32(step + 1))
    sums.append(np.asarray(state.loss_sum))
  return np.diff(np.stack(sums, 1), axis=1, prepend=0)


def losses_on_devices(path, count, of_members):
  """Of the first members together, where four devices share the work."""
  lists = {key: values[:count] for key, values in LISTS.items()}
  configs = list(members.split(small_config(), lists).values())
  return five_losses(configs, dict(np.load(path)), mesh(4, of_members)).tolist()


@pytest.fixture(scope='module')
def alone(folders):
  """Losses of each config's run alone, the configs, and what they train on."""
  config = small_config()
  splits = recipe.create(config).load(*folders).splits
  arrays = {name: np.asarray(value) for name, value in splits['train'].items() if name != 'id'}
  configs = list(members.split(config, LISTS).values())
  losses = np.concatenate([five_losses([config], arrays, mesh()) for config in configs])
  return losses, configs, arrays


@pytest.mark.slow
def test_first_losses_are_those_of_runs_alone(alone):
  losses, configs, arrays = alone
  assert len(np.unique(losses.round(4))) == losses.size  # Different members, and they train.
  np.testing.assert_allclose(five_losses(configs, arrays, mesh()), losses, rtol=1e-5)


@pytest.mark.parametrize(
  ('count', 'of_members'),
  [
    pytest.param(2, 2, marks=pytest.mark.slow),
    pytest.param(3, 1, marks=pytest.mark.slow),
    pytest.param(4, 4, marks=pytest.mark.slow),
  ],
)
def test_first_losses_on_four_devices(alone, tmp_path, count, of_members):
  losses, _, arrays = alone
  np.savez(tmp_path / 'arrays.npz', **arrays)
  path = str(tmp_path / 'arrays.npz')
  together = on_devices(f'losses_on_devices({path!r}, {count}, {of_members})')
  np.testing.assert_allclose(together, losses[:count], rtol=1e-5)


class Small(nn.Module):
  """Two layers in float64."""

  @nn.compact
  def __call__(self, inputs, train):
    x = inputs['image'].reshape(len(inputs['image']), -1).astype(jnp.float64)
    dense = [nn.Dense(n, dtype=jnp.float64, param_dtype=jnp.float64) for n in (8, 5)]
    mean = self.variable('batch_stats', 'mean', lambda: jnp.zeros(x.shape[-1]))
    if train:
      mean.value = 0.9 * mean.value + 0.1 * x.mean(0)
    return dense[1](nn.tanh(dense[0](x - mean.value)))


def float64_schedules():
  """Largest relative difference of a member's state from that of its run alone, at the end."""
  rng = np.random.default_rng(0)
  arrays = {'image': rng.normal(size=(24, 4)), 'label': rng.integers(0, 5, 24)}
  config = config_page('homus_paper', 'vgg').unlock()
  config.update({'epochs': 12, 'batch_size': 4, 'average_decay': 0.9})
  config.schedule.patience = 2
  lists = {'seed': (0, 1, 2), 'optimizer.learning_rate': (1.0, 0.5, 2.0)}
  lists |= {'optimizer.l2': (1e-4, 1e-3, 1e-2), 'optimizer.rho': (0.95, 0.9, 0.8)}
  accuracies = rng.uniform(size=(12, 3)).round(1)

  def trained_state(configs, numbers):
    compiled = population_of(
      *(configs, mesh(), 6),
      module=Small(),
      inputs=lambda strengths, rng, batch: batch,
      reads=('image', 'label'),
      shape=(4, 1, 1),
    )
    state, running = compiled.init(), np.full(len(configs), True)
    for epoch in range(12):
      orders = np.stack([data.epoch_order(c.seed, epoch + 1, 24) for c in configs])
      for step in range(6):
        state = compiled.run(state, running, arrays, orders, np.int32(6 * epoch + step + 1))
      state = compiled.after_epoch(state, running, accuracies[epoch, numbers].astype(np.float32))
    return jax.device_get(state)

  configs = list(members.split(config, lists).values())
  together = trained_state(configs, [0, 1, 2])
  assert len(set(together.plateau.scale.tolist())) > 1  # Each has its own plateau.
  worst = 0.0
  for number in range(3):
    alone = trained_state([configs[number]], [number])
    for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(alone), strict=True):
      scale = np.abs(b[0]).max() or 1
      worst = max(worst, float(np.abs(a[number] - b[0]).max() / scale))
  return worst


@pytest.mark.slow
def test_a_whole_schedule_is_that_of_runs_alone():
  """In float64, so that only another computation could tell them apart."""
  assert on_devices('float64_schedules()', x64=True) < 1e-5


SEEDS = {'seed': (0, 1)}


@pytest.fixture
def config() -> ConfigDict:
  return plain_config()


@pytest.fixture(scope='module')
def together(tmp_path_factory, folders):
  """The folder of a population of two seeds, and its configs."""
  workdir = tmp_path_factory.mktemp('together') / 'runs'
  configs = members.split(plain_config(), SEEDS)
  with no_page():
    loop.train_all(configs, 'small', workdir, *folders)
  return workdir, configs


def test_each_member_has_the_folder_of_a_run_alone(together, plain_run, folders, capsys):
  workdir, configs = together
  assert sorted(path.name for path in workdir.iterdir()) == [
    *('.lock', 'population.json', 'seed=0', 'seed=1')
  ]
  alone = json.loads((plain_run / 'summary.json').read_text())
  ours = {path.name for path in (workdir / 'seed=1').iterdir()}
  assert ours == {path.name for path in plain_run.iterdir()}
  first, other = metrics(workdir / 'seed=1'), metrics(plain_run)
  assert [line['epoch'] for line in first] == [1, 2, 3]
  np.testing.assert_allclose(first[0]['loss'], other[0]['loss'], rtol=0.05)
  assert first[0]['learning_rate'] == other[0]['learning_rate']
  summary = json.loads((workdir / 'seed=1' / 'summary.json').read_text())
  assert (summary['seed'], summary['trained_together']) == (1, 2)
  assert (alone['seed'], alone['trained_together']) == (1, 1)
  network = trained.load(workdir / 'seed=1')
  shapes = [
    jax.tree.map(jnp.shape, trained.load(p).variables) for p in (workdir / 'seed=1', plain_run)
  ]
  assert shapes[0] == shapes[1]
  assert network.config.seed == 1
  # Finished: said from what is there, and a member started alone is finished too.
  capsys.readouterr()
  again = loop.train_all(configs, 'small', workdir, *folders)
  assert again['seed=1'] == summary
  assert 'this run is finished' in capsys.readouterr().out
  assert (
    loop.train_and_evaluate(configs['seed=1'], 'small', workdir / 'seed=1', *folders) == summary
  )


def test_shared_checkpoints_of_finished_members_are_deleted(together, tmp_path, folders):
  """A population that was killed after its last summary has left them."""
  workdir, configs = tmp_path / 'runs', together[1]
  shutil.copytree(together[0], workdir)
  shutil.copytree(workdir / 'seed=0' / 'checkpoints', workdir / 'checkpoints')
  loop.train_all(configs, 'small', workdir, *folders)
  assert not (workdir / 'checkpoints').exists()
  assert (workdir / 'seed=0' / 'checkpoints').is_dir()


def test_a_finished_population_of_which_one_is_gone(together, tmp_path, folders):
  """Trained again from their start, all would empty their logs; the other one is trained alone."""
  workdir, configs = tmp_path / 'runs', together[1]
  shutil.copytree(together[0], workdir)
  shutil.rmtree(workdir / 'seed=1')
  before = (workdir / 'seed=0/metrics.jsonl').read_bytes()
  with pytest.raises(UserError, match=r'runs: some of its .* by itself, as in --workdir=.*/seed=1'):
    loop.train_all(configs, 'small', workdir, *folders)
  assert (workdir / 'seed=0/metrics.jsonl').read_bytes() == before
  loop.train_and_evaluate(configs['seed=1'], 'small', workdir / 'seed=1', *folders)
  assert loop.train_all(configs, 'small', workdir, *folders).keys() == configs.keys()


def test_more_steps_than_32_bits_count_are_refused(config, tmp_path):
  """2^31 is 2 147 483 648."""
  config = ConfigDict(config.to_dict() | {'epochs': 10**6, 'batch_size': 2})
  examples = SimpleNamespace(drawn=4296)
  with pytest.raises(UserError, match=r'of 2148 steps are 2\^31 steps or more; choose fewer'):
    population.create({'': config}, '', tmp_path, None, examples, None, 0.0, None)


def test_members_evaluate_their_own_variables(together, dataset):
  workdir, _ = together
  for name in ('seed=0', 'seed=1'):
    network = trained.load(workdir / name)
    arrays = {name: dataset.splits['test'][name][:] for name in network.recipe.evaluates}
    with np.load(workdir / name / 'evaluation.npz') as written:
      again = jax.jit(network.recipe.predicted)(network.variables, arrays)
      np.testing.assert_allclose(written['test_logits'], again, rtol=1e-4, atol=1e-4)


def test_stopped_in_an_epoch_goes_on_to_the_same_end(together, tmp_path, folders, monkeypatch):
  class StoppedAt55(loop.tqdm):
    steps = 0

    def update(self, n):
      StoppedAt55.steps += n
      if StoppedAt55.steps == 38 + 17:
        signal.raise_signal(signal.SIGTERM)

  workdir, configs = together
  with monkeypatch.context() as patch:
    patch.setattr(loop, 'tqdm', StoppedAt55)
    with pytest.raises(loop.Interrupted):
      loop.train_all(configs, 'small', tmp_path, *folders)
  loop.train_all(configs, 'small', tmp_path, *folders)
  for name in configs:
    assert_same_end(tmp_path / name, workdir / name)


def test_folders_of_other_runs_are_refused(together, config, tmp_path, folders):
  workdir, configs = together
  others = members.split(config, {'seed': (0, 2)})
  with pytest.raises(UserError, match=r'population\.json: lists other runs'):
    loop.train_all(others, 'small', workdir, *folders)
  with pytest.raises(UserError, match=r'population\.json: lists other runs'):
    loop.train_and_evaluate(config, 'small', workdir, *folders)
  shutil.copytree(workdir / 'seed=0', tmp_path / 'alone')
  with pytest.raises(UserError, match='holds a run that was trained alone'):
    loop.train_all(configs, 'small', tmp_path / 'alone', *folders)
  (tmp_path / 'members').mkdir()
  shutil.copytree(workdir / 'seed=1', tmp_path / 'members/seed=1')
  with pytest.raises(UserError, match='seed=1: holds a run that was trained alone'):
    loop.train_all(configs, 'small', tmp_path / 'members', *folders)
  # A member that is not at its end belongs to the others.
  shutil.copy(workdir / 'population.json', tmp_path / 'members')
  (tmp_path / 'members/checkpoints').mkdir()
  (tmp_path / 'members/seed=1/summary.json').unlink()
  with pytest.raises(UserError, match='seed=1: belongs to a population that is still training'):
    loop.train_and_evaluate(configs['seed=1'], 'small', tmp_path / 'members/seed=1', *folders)
  changed = ConfigDict(config.to_dict() | {'epochs': 4})
  with pytest.raises(UserError, match=r'seed=0: .*keys differ: epochs'):
    loop.train_all(members.split(changed, SEEDS), 'small', workdir, *folders)


def test_a_member_whose_loss_is_not_finite_leaves_the_others_alone(
  config, plain_run, tmp_path, folders
):
  """An endless rate spoils a member in its first step; the other is what it is alone."""
  rate = config.optimizer.learning_rate
  lists = {'optimizer.learning_rate': (1e38, rate), 'seed': (0, 1)}
  configs = members.split(config, lists)
  bad, good = configs
  for _ in range(2):  # The second time from its checkpoint.
    with pytest.raises(
      UserError, match=f'the loss of {re.escape(bad)} is not finite; the other runs'
    ):
      loop.train_all(configs, 'small', tmp_path / 'runs', *folders)
    assert (tmp_path / 'runs' / good / 'summary.json').exists()
    assert not (tmp_path / 'runs' / bad / 'summary.json').exists()
  ours, alone = metrics(tmp_path / 'runs' / good), metrics(plain_run)
  assert [line['epoch'] for line in ours] == [1, 2, 3]
  np.testing.assert_allclose(ours[0]['loss'], alone[0]['loss'], rtol=1e-3)
  assert metrics(tmp_path / 'runs' / bad) == []


def test_a_member_that_has_stopped_is_reported_when_the_last_one_fails(
  config, tmp_path, folders, monkeypatch
):
  """The first stops after epoch 2; in epoch 3 the other's loss is no number."""
  config.stop_after = 1
  shares = iter([3, 1, 2, 2, 2, 3])
  losses = iter([1.0, 1.0, 1.0, 1.0, 1.0, np.nan])
  given = SimpleNamespace(
    accuracy=lambda logits, labels: (next(shares), 10),
    negative_log_likelihood=lambda logits, labels: next(losses),
    log_probabilities=evaluate.log_probabilities,
  )
  monkeypatch.setattr(evaluation, 'metrics', given)
  configs = members.split(config, SEEDS)
  with pytest.raises(UserError, match='the loss of seed=1 is not finite; the other runs'):
    loop.train_all(configs, 'small', tmp_path, *folders)
  assert json.loads((tmp_path / 'seed=0/summary.json').read_text())['epochs'] == 2
  assert not (tmp_path / 'seed=1/summary.json').exists()


def test_each_member_stops_when_it_is_enough(config, tmp_path, folders, monkeypatch):
  """Given accuracies: the first waits from epoch 2 on, the second from 4 on, for three epochs."""
  config.unlock()
  config.epochs = 9
  config.stop_after = 3
  config.schedule.update({'name': 'plateau', 'factor': 0.5, 'patience': 1, 'floor': 1e-3})
  shares = iter(
    np.array([[1, 3, 3, 2, 3, 9, 9], [1, 2, 3, 4, 4, 4, 4]]).T.ravel().tolist() + [5] * 9
  )
  given = SimpleNamespace(
    accuracy=lambda logits, labels: (next(shares), 10),
    negative_log_likelihood=evaluate.negative_log_likelihood,
    log_probabilities=evaluate.log_probabilities,
  )
  monkeypatch.setattr(evaluation, 'metrics', given)
  monkeypatch.setattr(loop, 'MOST_SAVING', np.inf)
  bests, save = {}, checkpoint.save
  monkeypatch.setattr(
    checkpoint,
    'save',
    lambda m, s, state, best, *others: (bests.update({s: best}), save(m, s, state, best, *others)),
  )
  configs = members.split(config, SEEDS)
  summaries = loop.train_all(configs, 'small', tmp_path, *folders)
  ends = {name: (s['epochs'], s['tested_epoch']) for name, s in summaries.items()}
  assert ends == {'seed=0': (5, 2), 'seed=1': (7, 4)}
  rates = [[line['learning_rate'] for line in metrics(tmp_path / name)] for name in configs]
  np.testing.assert_allclose(rates[0], [4e-3, 4e-3, 4e-3, 2e-3, 1e-3], rtol=1e-5)
  np.testing.assert_allclose(rates[1], [4e-3] * 5 + [2e-3, 1e-3], rtol=1e-5)
  for number, (name, step) in enumerate({'seed=0': 2 * 38, 'seed=1': 4 * 38}.items()):
    kept = jax.tree.leaves(trained.load(tmp_path / name).variables)
    for leaf, all_members in zip(kept, jax.tree.leaves(bests[step]), strict=True):
      np.testing.assert_array_equal(leaf, all_members[number])
