"""Trains and tests a config on every fold, or with every source held out, and pools the answers.

python -m omr_jax.pooled --config configs/scores.py --workdir runs/folds --over folds
python -m omr_jax.pooled --config configs/homus.py --workdir runs/writers --over writers

Each run has a folder in the workdir, fold_0 ... or the source's name with __ for /, and is the very
run that omr_jax.main makes with --config.data.fold or --config.data.hold_out: what is finished is
only pooled, what was interrupted goes on. At the end pictures get pooled.html, pooled.json and
pooled.csv, symbols the report of a run. Without --workdir it is runs/<config>-<what --over says>.
"""

import sys
from pathlib import Path

from absl import app, flags
from ml_collections import ConfigDict

from omr_jax import main as single
from omr_jax.errors import UserError
from omr_jax.tasks import task as tasks
from omr_jax.utils import paths

_OVER = flags.DEFINE_enum(
  'over',
  None,
  ('folds', 'sources', 'writers'),
  'What each run tests: a fold, a source held out, or writers.',
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


def check_over(config: ConfigDict, over: str) -> None:
  """UserError where the config's task can not be trained over that."""
  folds = tasks.of_config(config).folds
  if over not in folds.OVER:
    known = [task for task in tasks.TASKS if over in task.folds.OVER]
    raise UserError(
      f'--over {over} needs config.data.name={known[0].dataset!r}; with '
      f'{config.data.name!r} it is --over {" or ".join(folds.OVER)}.'
    )
  folds.check(config, over, single.given())


def _train_and_pool(config: ConfigDict, name: str, over: str, workdir: Path) -> None:
  config, *others = single.checked(config).values()
  if others:
    raise UserError('--over trains one run after the other; give one value instead of a list.')
  check_over(config, over)
  # What a training needs is imported only now, so that a wrong config is answered soon.
  from omr_jax.evaluation import finished_run
  from omr_jax.training import backend, loop

  folds = tasks.of_config(config).folds
  folds.refuse_workdir(workdir)
  backend.start(config.batch_size)
  data_dir, raw_dir = paths.data_dir(flags.FLAGS.data_dir), flags.FLAGS.raw_dir
  configs = folds.members(config, over, data_dir, raw_dir)
  for number, (folder, member) in enumerate(configs.items(), start=1):
    print(f'\nrun {number} of {len(configs)}: {folder}', flush=True)
    loop.train_and_evaluate(member, name, workdir / folder, data_dir, raw_dir)
  runs = {folder: finished_run.read(workdir / folder) for folder in configs}
  table, report = folds.write(workdir, over, runs)
  print(f'\n{table}\nreport: {report}')


if __name__ == '__main__':
  app.run(main, flags_parser=single.parse)
