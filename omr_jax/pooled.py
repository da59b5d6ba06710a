"""Trains and tests a config on every fold, or with every source held out, and pools the answers.

python -m omr_jax.pooled --config configs/scores.py --workdir runs/folds --over folds
python -m omr_jax.pooled --config configs/homus.py --workdir runs/writers --over writers

Each run has a folder in the workdir, fold_0 ... or the source's name with __ for /, and is the very
run that omr_jax.main makes with --config.data.fold or --config.data.hold_out: what is finished is
only pooled, what was interrupted goes on. pooled.html, pooled.json and pooled.csv are written at
the end, for symbols the report of a run, see `writers`. Without --workdir it is
runs/<config>-<what --over says>.
"""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from absl import app, flags
from ml_collections import ConfigDict

from omr_jax import evaluate, finished_run, folders, pool, pooled_page, report, writers
from omr_jax import main as single
from omr_jax.errors import UserError
from omr_jax.files import write_file
from omr_jax.finished_run import FinishedRun
from omr_jax.pictures import CLASSES
from omr_jax.pool import Pool

OVER = ('folds', 'sources', 'writers')  # of pictures the first two

_OVER = flags.DEFINE_enum(
  'over', None, OVER, 'What each run tests: a fold, a source held out, or writers.'
)
flags.adopt_module_key_flags(single)  # So that --help tells them too.
_SEVERAL_PROCESSES = ('distributed', 'coordinator', 'num_processes', 'process_id')


def main(arguments: list[str]) -> None:
  """The command."""
  config, name = single.page(arguments)
  if _OVER.value is None:
    sys.exit('Say what to pool with --over folds or sources, on homus with --over writers.')
  if several := [flag for flag in _SEVERAL_PROCESSES if flags.FLAGS[flag].present]:
    sys.exit(f'--over trains one run after the other in one process; leave --{several[0]} out.')
  over, workdir = _OVER.value, Path(flags.FLAGS.workdir or f'runs/{name}-{_OVER.value}')
  single.end(lambda: _train_and_pool(config, name, over, workdir), workdir)


def check_over(config: ConfigDict, over: str, given: Collection[str]) -> None:
  """Refuses a config without folds and sources, and keys of it that --over sets.

  Args:
    config: Complete.
    over: One of OVER.
    given: Keys that the command line sets, such as 'data.fold'.

  Raises:
    UserError: Either of them.
  """
  if over == 'writers':
    if config.data.name != 'homus':
      raise UserError("--over writers needs config.data.name='homus', as in configs/homus.py.")
    if 'data.protocol' in given:
      raise UserError('config.data.protocol is what --over goes through; leave it out.')
    return
  if config.data.name != 'music_scores' or config.data.protocol != 'folders':
    raise UserError(
      f"--over {over} needs config.data.name='music_scores' and config.data.protocol='folders', as "
      'in configs/scores.py.'
    )
  for key in ('data.fold', 'data.hold_out'):
    if key in given:
      raise UserError(f'config.{key} is what --over goes through; leave it out.')


def members(config: ConfigDict, over: str, sources: Sequence[str]) -> dict[str, ConfigDict]:
  """The config of each run by the name of its folder.

  Args:
    config: See `check_over`.
    over: One of OVER.
    sources: Those to hold out.

  Raises:
    UserError: Two sources would have the same folder.
  """
  from tfds_builders.homus import splits
  from tfds_builders.music_scores import groups

  if over == 'writers':
    names = [f'writers_{fold}' for fold in range(splits.NUM_FOLDS)]
    chosen = {name: {'protocol': name} for name in names}
  elif over == 'folds':
    folds = range(groups.NUM_FOLDS)
    chosen = {f'fold_{fold}': {'fold': fold, 'hold_out': ''} for fold in folds}
  else:
    chosen = {source.replace('/', '__'): {'hold_out': source} for source in sources}
    if len(chosen) < len(sources):
      raise UserError('two sources have the same name but for / and __; rename a folder.')
  configs = {}
  for name, tested in chosen.items():
    configs[name] = config.copy_and_resolve_references()
    configs[name].data.update(tested)
  return configs


def write(workdir: Path, over: str, runs: Mapping[str, FinishedRun]) -> dict:
  """Pools finished runs, given by name; writes pooled.{csv,html,json} and returns the numbers.

  Raises:
    UserError: See `pool.pool`; a file can't be written.
  """
  pooled = pool.pool(runs)
  numbers = {'over': over, **pool.measure(runs, pooled)}
  write_file(workdir / 'pooled.csv', _csv(pooled))
  write_file(workdir / 'pooled.html', pooled_page.page(numbers, pooled).encode())
  text = json.dumps(numbers, indent=2, allow_nan=False) + '\n'
  write_file(workdir / 'pooled.json', text.encode())
  return numbers


def table(numbers: Mapping) -> str:
  """The numbers for a terminal: a row for each source, then all together."""
  measured = numbers['gate']
  lowest = min(measured['sources'], key=lambda row: row['share'])
  counted = [
    (row['source'], row['n'], row['right'], row['share'], row['low'], row['high'])
    for row in measured['sources']
  ]
  together = measured['n'], measured['correct'], measured['accuracy']
  counted.append(('all pictures', *together, *measured['accuracy_wilson_95']))
  width = max(len(row[0]) for row in counted)
  return '\n'.join(
    [
      f'{"source":{width}}  pictures   right     share  95 % interval',
      *(
        f'{name:{width}}  {n:8}  {right:6}  {100 * share:6.2f} %  '
        f'{evaluate.percent_range(low, high)} %'
        for name, n, right, share, low, high in counted
      ),
      f'mean of the sources {100 * measured["mean_share"]:.2f} %, lowest '
      f'{100 * lowest["share"]:.2f} % ({lowest["source"]})',
      f'false positives {measured["false_positives"]} of {measured["negatives"]}, false negatives '
      f'{measured["false_negatives"]} of {measured["positives"]}',
    ]
  )


def _train_and_pool(config: ConfigDict, name: str, over: str, workdir: Path) -> None:
  if len(single.checked(config)) > 1:
    raise UserError('--over trains one run after the other; give one value instead of a list.')
  check_over(config, over, single.given())
  # See `main._train`.
  from omr_jax import backend, loop, score_data

  if over == 'writers':
    finished_run.refuse_run(workdir)
  backend.start(config.batch_size)
  data_dir, raw_dir = folders.data_dir(flags.FLAGS.data_dir), flags.FLAGS.raw_dir
  sources = score_data.sources(config.data.protocol, data_dir, raw_dir) if over == 'sources' else ()
  configs = members(config, over, sources)
  for number, (folder, member) in enumerate(configs.items(), start=1):
    print(f'\nrun {number} of {len(configs)}: {folder}', flush=True)
    loop.train_and_evaluate(member, name, workdir / folder, data_dir, raw_dir)
  runs = {folder: finished_run.read(workdir / folder) for folder in configs}
  if over == 'writers':
    print(f'\n{writers.table(writers.write(workdir, runs))}\nreport: {workdir}/report/report.html')
    return
  numbers = write(workdir, over, runs)
  print(f'\n{table(numbers)}\nreport: {workdir / "pooled.html"}')


def _csv(pooled: Pool) -> bytes:
  answers = pooled.answers
  rows = zip(
    pooled.ids,
    answers.sources,
    (CLASSES[label] for label in answers.labels),
    (CLASSES[index] for index in answers.predicted),
    (f'{value:.6f}' for value in answers.confidence),
    (f'{value:.6f}' for value in answers.log_odds),
    (f'{value:.6f}' for value in answers.threshold),
    pooled.run,
    strict=True,
  )
  header = ('id', 'source', 'true', 'predicted', 'confidence', 'log_odds', 'threshold', 'run')
  return report.csv_file(header, rows)


if __name__ == '__main__':
  app.run(main, flags_parser=single.parse)
