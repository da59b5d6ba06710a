"""Sweeps: what a page says, what is read from the folder, and small ones run by Ray to the end."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys

import pytest
from small_runs import ROOT
from sweeping import SUMMARY, sweep, table, write_page
from waiting import HANG, wait_for

from omr_jax.errors import UserError
from omr_jax.sweeps import (
  analysis,
  choice,
  draws,
  each,
  folder,
  levels,
  log_uniform,
  page,
  product,
  results,
)
from omr_jax.sweeps import report as sweep_report
from omr_jax.sweeps.folder import Pack
from omr_jax.sweeps.results import Row
from omr_jax.tasks import task


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
  """Sweeps name their page as seen from the project's folder."""
  monkeypatch.chdir(ROOT)


def test_runs_have_names_and_overrides():
  optimizers = {'optimizer=sgd': {'optimizer.name': 'sgd', 'epochs': 2}}
  assert product(optimizers, each('seed', (0, 1)), each('batch_size', (8,), 'batch')) == {
    'optimizer=sgd,seed=0,batch=8': {
      'optimizer.name': 'sgd',
      'epochs': 2,
      'seed': 0,
      'batch_size': 8,
    },
    'optimizer=sgd,seed=1,batch=8': {
      'optimizer.name': 'sgd',
      'epochs': 2,
      'seed': 1,
      'batch_size': 8,
    },
  }
  assert levels('optimizer=sgd,plain,seed=0') == {'optimizer': 'sgd', 'seed': '0'}


def test_a_program_that_has_not_noted_its_start_yet_is_left_out(tmp_path):
  """Its file is made before the line is written."""
  pytest.importorskip('rich', reason='needs the extra [sweep]')
  from omr_jax.sweeps import live

  (tmp_path / 'starts').mkdir()
  begun, starting, waiting = (Pack(tmp_path, name, [name]) for name in 'abc')
  folder.note_start(begun, {})
  starting.starts_file.touch()
  names = live._table([waiting, starting, begun], task.named('symbols')).columns[0]
  assert list(names.cells) == ['a']


def test_draws_are_in_their_ranges_and_the_same_again():
  ranges = {'optimizer__learning_rate': log_uniform(1e-4, 1.0), 'model__name': choice('a', 'b')}
  found = draws(100, 7, **ranges)
  assert found == draws(100, 7, **ranges) != draws(100, 8, **ranges)
  assert list(draws(2, 7, 'draw_look', **ranges)) == ['draw_look=0', 'draw_look=1']
  with pytest.raises(ValueError, match='it must be draw, or begin with draw_'):
    draws(2, 7, 'look', **ranges)
  assert list(found)[:2] == ['draw=00', 'draw=01'] and len(found) == 100
  rates = [changes['optimizer.learning_rate'] for changes in found.values()]
  assert all(1e-4 <= rate <= 1 for rate in rates)
  assert 25 < sum(rate < 1e-2 for rate in rates) < 75  # The middle of the logarithms.
  assert {changes['model.name'] for changes in found.values()} == {'a', 'b'}


def test_runs_that_differ_in_numbers_only_are_packed(tmp_path):
  rates = each('optimizer.learning_rate', (0.1, 0.2), 'rate')
  runs = product(rates, each('seed', (0, 1))) | product(each('epochs', (5,)), each('seed', (0,)))
  # With 0 a step has no average: another program.
  runs |= {'average=0': {'average_decay': 0.0}, 'average=0.5': {'average_decay': 0.5}}
  sweep = page.read(write_page(tmp_path / 'page.py', runs, together=3))
  assert {name: list(pack) for name, pack in sweep.packs.items()} == {
    'together_0': ['rate=0.1,seed=0', 'rate=0.1,seed=1', 'rate=0.2,seed=0'],
    'together_1': ['rate=0.2,seed=1', 'average=0.5'],
    'epochs=5,seed=0': ['epochs=5,seed=0'],
    'average=0': ['average=0'],
  }
  assert sweep.configs['rate=0.2,seed=1'].optimizer.learning_rate == 0.2


def test_a_run_that_is_called_like_a_pack(tmp_path):
  runs = {'together_1': {'epochs': 5}, 'a': {'seed': 1}, 'b': {'seed': 2}}
  packs = page.read(write_page(tmp_path / 'page.py', runs, together=2)).packs
  assert {name: list(pack) for name, pack in packs.items()} == {
    'together_1': ['together_1'],
    'together_2': ['a', 'b'],
  }


def test_a_run_has_exactly_the_keys_that_its_choices_read(tmp_path):
  runs = draws(2, 0, optimizer__name=choice('sgd'), optimizer__rho=choice(0.9))
  for number, changes in enumerate(runs.values()):
    changes |= {'optimizer.momentum': 0, 'seed': number}
  for config in page.read(write_page(tmp_path / 'page.py', runs)).configs.values():
    assert config.is_locked and config.optimizer.to_dict() == {
      'name': 'sgd',
      'learning_rate': 4e-3,
      'l2': 0.0,
      'momentum': 0.0,
    }
    assert isinstance(config.optimizer.momentum, float)


@pytest.mark.parametrize(
  ('runs', 'words'),
  [
    ({'a': {'optimizer.learning_rat': 1.0}}, "did you mean 'learning_rate'?"),
    ({'a': {'seed.x': 1.0}}, 'there is no config.seed.x'),
    ({'a': {'epochs': 'x'}}, "config.epochs cannot be 'x'"),
    ({'a/b': {'seed': 1}}, "'a/b' cannot name a run"),
    ({'rate=1,rate=2': {}}, "'rate=1,rate=2' gives a factor twice; name its parts differently"),
    ({'a': {'seed': 1}, 'b': {'seed': 1}}, 'a and b are the same run'),
    ({'a': {'seed': -1}}, 'none of its runs can be run. config.seed is -1'),
    (
      {'a': {'optimizer.name': 'sgd'}},
      'name=sgd reads keys that the config lacks; add --config.opt',
    ),
    ({'a': {}, 'b': {'optimizer.rho': 0.9}}, 'a and b are the same run'),
    ({'a': {'optimizer.rho': 'x'}}, "config.optimizer.rho cannot be 'x'"),
    ({}, 'gives no runs'),
  ],
)
def test_a_wrong_page_is_refused(tmp_path, runs, words):
  with pytest.raises(UserError, match=r'page\.py') as raised:
    page.read(write_page(tmp_path / 'page.py', runs))
  assert words in str(raised.value)


def test_a_page_that_is_none_is_refused(tmp_path):
  with pytest.raises(UserError, match='there is no such sweep'):
    page.read(str(tmp_path / 'none.py'))
  (tmp_path / 'half.py').write_text('CONFIG = 3')
  with pytest.raises(UserError, match='lacks TOGETHER'):
    page.read(str(tmp_path / 'half.py'))
  (tmp_path / 'broken.py').write_text('1 / 0')
  with pytest.raises(UserError, match='ZeroDivisionError'):
    page.read(str(tmp_path / 'broken.py'))


def test_our_pages_can_be_run():
  quick, study = (page.read(f'configs/sweeps/{name}.py') for name in ('quick', 'paper_study'))
  assert len(quick.configs) == 12 and not quick.wrong
  assert len(study.configs) >= 150 and not study.wrong
  said = [levels(name) for name in study.configs]
  assert all(each.keys() == said[0].keys() for each in said)  # So that pairs can be found.
  for name, config in study.configs.items():
    assert config.data.protocol == 'original' and config.tested == 'best', name
  # The settings of the paper's numbers are among them.
  best = (
    'network=resnet25,canvas=fixed-192x96,thickness=3,staff={},optimizer=adadelta,batch={},seed=0'
  )
  assert {best.format('none', 16), best.format('74', 16)} <= set(study.configs)


def test_a_sweep_of_another_page_is_refused(tmp_path):
  first = page.read(write_page(tmp_path / 'page.py', each('seed', (0, 1))))
  other = page.read(write_page(tmp_path / 'page.py', each('seed', (0, 2))))
  out = tmp_path / 'out'
  folder.create(out, first)
  assert [pack.name for pack in folder.create(out, first)] == ['seed=0', 'seed=1']
  with pytest.raises(UserError, match='another sweep, or of this one before'):
    folder.create(out, other)
  path = out / 'packs/seed=0.json'
  before = path.read_text()
  path.write_text(before.replace('"epochs": ', '"epochs": 1'))  # The base had another number.
  with pytest.raises(UserError, match='run seed=0 with another config; these keys differ: epochs'):
    folder.create(out, first)
  # Keys that only other choices read are no difference, as for a run alone.
  path.write_text(before.replace('"learning_rate"', '"momentum": 0.9, "learning_rate"'))
  folder.create(out, first)
  # The answers of finished runs are those of their own config, not of the one that is given now.
  for pack in folder.packs(out, first):
    pack.workdir.mkdir()
    (pack.workdir / 'summary.json').write_text(json.dumps(SUMMARY))
  folder.create(out, first)
  path.write_text(before.replace('"epochs": ', '"epochs": 1'))
  with pytest.raises(UserError, match='run seed=0 with another config; these keys differ: epochs'):
    folder.is_of(out, first)
  path.write_text(before)
  (tmp_path / 'full').mkdir()
  (tmp_path / 'full' / 'file').touch()
  with pytest.raises(UserError, match='is not empty'):
    folder.create(tmp_path / 'full', first)


def test_a_finished_sweep_that_others_own_is_printed(tmp_path, capsys, monkeypatch):
  for name in ('ray', 'rich'):
    pytest.importorskip(name, reason='needs the extra [sweep]')
  from omr_jax.sweeps import driver

  sweep = page.read(write_page(tmp_path / 'page.py', each('seed', (0, 1))))
  out = tmp_path / 'out'
  for pack in folder.create(out, sweep):
    pack.workdir.mkdir()
    (pack.workdir / 'summary.json').write_text(json.dumps(SUMMARY))
    (pack.workdir / 'data.json').write_text('{"digest": "0", "raw_dir": "/first"}')
  before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*')}
  # Root may write anywhere.
  monkeypatch.setattr(os, 'access', lambda path, mode: path != out)
  for raw_dir in (None, '/first', '/second'):
    assert driver.run(sweep, out, None, None, None, '', raw_dir)
    said = capsys.readouterr()
    assert '2 of 2 runs finished' in said.out and 'out: cannot be written, so' in said.err
    assert ('have the data of /first, not of /second; if' in said.err) == (raw_dir == '/second')
  assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*')} == before


SYMBOLS = task.named('symbols')


@pytest.mark.parametrize(
  ('key', 'value'),
  [
    *(('validation_accuracy', value) for value in ('0.5', None, 1.1, float('nan'), [0.5])),
    *(('accuracy_wilson_95', value) for value in ([0.2], 3, ['a', 'b'], None, {})),
    *(('devices', value) for value in ('cpu', [1], None)),
    *(('n', 0), ('n', 1.5), ('epochs', -1), ('seconds', -1), ('seconds', 10**400)),
    *(('trained_together', 0), ('images_per_s', {}), ('peak_memory_gib', None)),
  ],
)
def test_a_summary_of_other_values_is_refused(tmp_path, key, value):
  path = tmp_path / 'summary.json'
  path.write_text(json.dumps(SUMMARY))
  assert results.read_summary(tmp_path, SYMBOLS) == SUMMARY
  path.write_text(json.dumps(SUMMARY | {key: value}))
  with pytest.raises(UserError, match=rf'summary.json: {key} is missing or not .*; delete this fi'):
    results.read_summary(tmp_path, SYMBOLS)


def finished(name, correct, validation=0.9, **more):
  """A row of 100 test answers."""
  summary = {'accuracy': correct / 100, 'correct': correct, 'n': 100, 'seconds': 60.0}
  summary |= {'validation_accuracy': validation, 'trained_together': 2} | more
  return Row(name, levels(name), {}, summary, None, 1, '', '')


def test_settings_are_ranked_by_validation():
  rows = [
    finished('net=a,seed=0', 90, 0.80),
    finished('net=a,seed=1', 94, 0.84),
    finished('net=b,seed=0', 50, 0.83),
    Row('net=c,seed=0', {}, {}, None, 'bad', 3, '', ''),
  ]
  first, second = analysis.ranking(rows, SYMBOLS)
  assert (first.name, first.runs, first.validation) == ('net=b', 1, 0.83)
  assert math.isnan(first.deviation)
  assert (second.name, second.runs, second.seconds) == ('net=a', 2, 60)
  assert second.validation == pytest.approx(0.82) and second.test == pytest.approx(0.92)
  assert second.deviation == pytest.approx(0.04 / math.sqrt(2))
  # Both seeds answer the same 100 examples. Wilson's interval of 92 of 100, by hand:
  # (0.92 + 1.92/100 +- 1.96 sqrt(0.92 * 0.08 / 100 + 0.96/100^2)) / (1 + 3.84/100).
  assert (second.low, second.high) == pytest.approx((0.8500, 0.9589), abs=1e-4)


def test_effects_are_means_over_pairs_that_are_equal_else():
  rows = [
    finished('optimizer=x,batch=8,seed=0', 50, 0.5),
    finished('optimizer=x,batch=16,seed=0', 60, 0.5),
    finished('optimizer=y,batch=8,seed=0', 53, 0.6),
    finished('optimizer=y,batch=16,seed=0', 65, 0.7),
    finished('optimizer=z,batch=8,seed=1', 99, 0.9),  # Without a partner.
  ]
  optimizer, batch = analysis.effects(rows, SYMBOLS)
  assert optimizer[:4] == ('optimizer', 'y', 'x', 2)
  assert (optimizer.validation, optimizer.test) == pytest.approx((0.15, 0.04))
  # Differences 0.03 and 0.05: standard error 0.01; t of 0.975 with one degree of freedom 12.706.
  assert (optimizer.low, optimizer.high) == pytest.approx(
    (0.04 - 0.12706, 0.04 + 0.12706), abs=1e-5
  )
  assert batch[:4] == ('batch', '16', '8', 2) and batch.test == pytest.approx(0.11)


def test_seeds_make_the_interval_of_an_effect_no_narrower():
  """Two settings with three seeds each: the settings' means 0.03 and 0.05 count, as above."""
  rows = []
  for batch, right in ((8, (50, 53)), (16, (60, 65))):
    for seed in range(3):
      for optimizer, correct in zip('xy', right, strict=True):
        extra = (seed - 1) * (optimizer == 'y')  # -1, 0 and 1: the mean stays.
        rows.append(
          finished(f'optimizer={optimizer},batch={batch},seed={seed}', correct + extra, 0.5)
        )
  effect, _ = analysis.effects(rows, SYMBOLS)
  assert effect[:4] == ('optimizer', 'y', 'x', 6) and effect.test == pytest.approx(0.04)
  assert (effect.low, effect.high) == pytest.approx((0.04 - 0.12706, 0.04 + 0.12706), abs=1e-5)
  # With one setting, its seeds count: 0.02, 0.03, 0.04, a standard error of 0.01 / sqrt(3).
  (effect,) = analysis.effects([row for row in rows if 'batch=8' in row.run], SYMBOLS)
  half = 4.30265 * 0.01 / math.sqrt(3)
  assert (effect.low, effect.high) == pytest.approx((0.03 - half, 0.03 + half), abs=1e-5)


def test_runs_that_differ_in_a_part_without_a_factor_are_no_pair():
  rows = [finished('adam,rate=1', 90, 0.9), finished('sgd,rate=2', 50, 0.5)]
  assert analysis.effects(rows, SYMBOLS) == []
  rows += [finished('adam,rate=2', 80, 0.9), finished('sgd,rate=1', 60, 0.5)]
  (effect,) = analysis.effects(rows, SYMBOLS)
  assert effect[:4] == ('rate', '2', '1', 2) and effect.test == pytest.approx(-0.1)


def test_draws_are_correlated_by_ranks():
  rows = [
    finished(f'draw={n}', 50, 0.5 + n / 100)._replace(overrides={'rate': 10.0**n, 'name': 'x'})
    for n in range(5)
  ]
  [(key, n, rho, p)] = analysis.correlations(rows, SYMBOLS)
  assert (key, n) == ('rate', 5) and rho == pytest.approx(1)
  assert p == pytest.approx(2 / 120)  # Of the 5! orders two are as extreme.


def test_the_seeds_of_a_draw_are_one_value():
  """Their mean; and a seed is no number that was drawn."""
  rows = [
    finished(f'draw_rate={n},seed={seed}', 50, 0.5 + n / 100 + seed / 10)._replace(
      overrides={'rate': 10.0**n, 'seed': seed}
    )
    for n in range(4)
    for seed in range(3)
  ]
  [(key, n, rho, p)] = analysis.correlations(rows, SYMBOLS)
  assert (key, n) == ('rate', 4) and rho == pytest.approx(1) and p == pytest.approx(2 / 24)
  assert analysis.effects(rows, SYMBOLS) == []


def test_each_number_of_two_draws_is_correlated_by_its_own_draws():
  """Four rates and five decays, in all combinations."""
  rows = [
    finished(f'draw_rate={n},draw_decay={m}', 50, 0.5 + n / 100 - m / 1000)._replace(
      overrides={'rate': 10.0**n, 'decay': 2.0**m}
    )
    for n in range(4)
    for m in range(5)
  ]
  found = analysis.correlations(rows, SYMBOLS)
  assert [(key, n, round(rho)) for key, n, rho, _ in found] == [('rate', 4, 1), ('decay', 5, -1)]
  assert [p for *_, p in found] == pytest.approx([2 / 24, 2 / 120])


def started(command, pack):
  """The process of a sweep, when this pack has had its first epoch.

  Ray gives up when it has not started after 30 seconds, which a very busy machine takes. Then the
  command is started again, as it says.
  """
  going = subprocess.Popen(
    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
  )
  wait_for(lambda: folder.epochs_done(pack) > 0 or going.poll() is not None)
  if going.returncode is None:
    return going
  said = going.communicate()[0]
  assert 'node timed out during startup' in said, said
  return started(command, pack)


def test_a_sweep_with_a_bad_run_and_kills_ends_and_is_not_run_twice(tmp_path, folders, monkeypatch):
  for name in ('ray', 'rich'):
    pytest.importorskip(name, reason='needs the extra [sweep]')
  runs = each('seed', (0, 1)) | {
    'rate=wild': {
      'optimizer.learning_rate': 1e30,
      'optimizer.name': 'sgd',
      'optimizer.momentum': 0.9,
    },
    'epochs=0': {'epochs': 0},
  }
  # Compiled in half the time, and with epochs left after the kill.
  plain = {'augment.space': 'none', 'model.widths': (4,), 'model.blocks': (1,), 'epochs': 4}
  runs = {name: plain | changes for name, changes in runs.items()}
  command, out = sweep(tmp_path, folders, runs, together=2), tmp_path / 'out'
  monkeypatch.setenv('RAY_ADDRESS', '127.0.0.1:1')  # Another cluster, which does not answer.
  pack = Pack(out, 'together_0', ['seed=0', 'seed=1'])
  with started(command, pack) as going:
    os.kill(folder.starts(pack)[-1]['pid'], signal.SIGKILL)  # The worker of Ray.
    wait_for(lambda: len(folder.starts(pack)) > 1, going)
    said = going.communicate(timeout=HANG)[0]
  assert going.returncode == 1 and 'Traceback' not in said
  assert '2 of 4 runs finished' in said and 'config.epochs is 0' in said
  found = {row.run: row for row in results.rows(out)}
  assert [results.state(row) for row in found.values()] == ['finished'] * 2 + ['failed'] * 2
  assert 'the loss is not finite' in found['rate=wild'].error
  assert found['seed=0'].starts == 2 and found['seed=0'].summary['trained_together'] == 2
  assert (out / found['seed=0'].workdir / 'report' / 'report.html').exists()
  page_text = (out / 'sweep.html').read_text()
  assert 'Learning curves' in page_text and 'the loss is not finite' in page_text

  shutil.copytree(out / found['seed=0'].workdir / 'checkpoints', pack.workdir / 'checkpoints')
  before = table(out), folder.starts(pack)
  again = subprocess.run(command, capture_output=True, text=True, timeout=HANG, check=False)
  assert again.returncode == 1 and (table(out), folder.starts(pack)) == before
  assert not (pack.workdir / 'checkpoints').exists()  # As if its program had been killed there.


@pytest.mark.parametrize(
  ('address', 'joined'),
  [(None, 'local'), ('local', 'local'), ('auto', 'auto'), ('host:6379', 'host:6379')],
)
def test_a_sweep_joins_a_cluster_only_where_it_is_told_to(address, joined, monkeypatch):
  """'local' is Ray's word for a cluster of our own, whatever else runs on the machine."""
  ray = pytest.importorskip('ray', reason='needs the extra [sweep]')
  from omr_jax.utils import ray_cluster

  given, ended = [], []
  monkeypatch.setattr(ray, 'init', lambda **options: given.append(options))
  monkeypatch.setattr(ray, 'shutdown', lambda: ended.append(True))
  with ray_cluster.connected(address):
    assert not ended
  assert given[0]['address'] == joined and ended == [True]
  assert ('num_cpus' in given[0]) == (joined == 'local')  # Of a running cluster they are known.


@pytest.mark.parametrize(
  ('address', 'words'),
  [(None, r'Ray does not start on this machine \(no room\)'), ('a:1', r'--address=a:1: .*README')],
)
def test_a_cluster_that_fails_is_refused(address, words, monkeypatch):
  ray = pytest.importorskip('ray', reason='needs the extra [sweep]')
  from omr_jax.utils import ray_cluster

  def init(**_):
    raise Exception('no room\nand more')

  monkeypatch.setattr(ray, 'init', init)
  with pytest.raises(UserError, match=words), ray_cluster.connected(address):
    pass


@pytest.mark.parametrize(
  ('machines', 'cpus', 'gpus', 'wanted'),
  [
    ([{'CPU': 8}], None, None, {'CPU': 8}),
    ([{'CPU': 8}, {'CPU': 4}], None, None, {'CPU': 4}),
    ([{'CPU': 32, 'GPU': 4}], None, None, {'GPU': 1, 'CPU': 8}),
    ([{'CPU': 32, 'GPU': 4}], None, 0.5, {'GPU': 0.5, 'CPU': 4}),
    ([{'CPU': 32, 'GPU': 4}], 2, None, {'CPU': 2}),
    ([{'CPU': 8}, {'CPU': 100, 'TPU': 4}], None, None, {'TPU': 4, 'CPU': 8}),
    ([{'CPU': 8}], 9, None, None),
    ([{'CPU': 8}], None, 1, None),
  ],
)
def test_a_program_gets_its_share_of_a_machine(monkeypatch, machines, cpus, gpus, wanted):
  pytest.importorskip('ray', reason='needs the extra [sweep]')
  from omr_jax.sweeps import cluster

  nodes = [{'Alive': True, 'Resources': each} for each in machines]
  nodes.append({'Alive': False, 'Resources': {'CPU': 1000, 'GPU': 8}})
  monkeypatch.setattr(cluster.ray, 'nodes', lambda: nodes)
  if wanted is None:
    with pytest.raises(UserError, match='no machine of the cluster has'):
      cluster.share(cpus, gpus)
  else:
    assert cluster.share(cpus, gpus) == wanted


def test_a_program_that_dies_again_and_again_is_given_up(tmp_path, monkeypatch):
  from omr_jax.sweeps import worker

  sweep = page.read(write_page(tmp_path / 'page.py', each('seed', (0,))))
  [pack] = folder.create(tmp_path / 'out', sweep)
  monkeypatch.setattr(sys, 'path', [str(tmp_path), *sys.path])
  (tmp_path / 'dying.py').write_text(
    'import os\ndef train(*arguments):\n  print("last words", flush=True)\n  os.abort()\n'
  )
  assert worker.run(pack, 'first', 0, 'dying:train', '', '') == 'over'
  assert 'died 3 times' in folder.error(tmp_path / 'out', 'seed=0')
  assert 'last words' in folder.error(tmp_path / 'out', 'seed=0')
  assert len(folder.starts(pack)) == 3 and folder.is_over(pack)
  folder.create(tmp_path / 'out', sweep)  # Another start tries again.
  assert not folder.is_over(pack)


def test_what_is_half_written_is_no_end(tmp_path):
  sweep = page.read(write_page(tmp_path / 'page.py', each('seed', (0, 1)), together=2))
  [pack] = folder.create(tmp_path / 'out', sweep)
  pack.starts_file.write_text(json.dumps({'time': 0, 'session': 'a', 'epoch': 0}) + '\n{"ti')
  assert len(folder.starts(pack)) == 1
  pack.workdirs['seed=0'].mkdir(parents=True)
  (pack.workdirs['seed=0'] / 'metrics.jsonl').write_text('{"epoch": 1}\n{"epo')
  assert folder.epochs_done(pack) == 1 and not folder.is_over(pack)
  assert [results.state(row) for row in sweep_report.write(tmp_path / 'out')] == ['begun'] * 2


def test_workers_get_the_folder_of_raw_data_that_the_command_has(tmp_path, monkeypatch):
  """Another machine may have another $OMR_RAW_DIR, or none."""
  for name in ('ray', 'rich'):
    pytest.importorskip(name, reason='needs the extra [sweep]')
  from omr_jax import sweep as command
  from omr_jax.sweeps import driver

  given = []
  monkeypatch.setattr(driver, 'run', lambda *arguments: given.append(arguments) or True)
  monkeypatch.setenv('OMR_RAW_DIR', str(tmp_path))
  path = write_page(tmp_path / 'page.py', each('seed', (0, 1)))
  assert command.main(['--sweep', path, '--out', str(tmp_path / 'out')]) == 0
  assert given[0][-1] == str(tmp_path)
