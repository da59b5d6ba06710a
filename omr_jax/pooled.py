"""Trains and tests a config on every part of the data in turn, and pools the answers.

  python -m omr_jax.pooled --config scores --workdir runs/folds --over folds
  python -m omr_jax.pooled --config homus --workdir runs/writers --over writers

One run tests each part, and is trained on the others. With --over folds the parts are the five
folds of the pictures, with --over sources the sources of the pictures, and with --over writers ten
groups of people who wrote the symbols, or five groups of those who wrote the pages. Each run has a
folder in the workdir, such as fold_0 or writers_0, or the name of the source with __ for /.
`omr_jax.main` gives the same run with --config.data.fold, --config.data.hold_out or
--config.data.protocol. The same command, started again, resumes an interrupted run and does not
repeat finished ones. For pictures it writes pooled.html, pooled.json and pooled.csv, for symbols
and pages a report like that of a run. Without --workdir everything is in runs/<config>-<over>.
"""

import sys
from collections.abc import Collection
from pathlib import Path

from absl import app, flags
from ml_collections import ConfigDict

from omr_jax.errors import UserError
from omr_jax.recipe import command_line
from omr_jax.tasks import task as tasks

_OVER = flags.DEFINE_enum(
  'over',
  None,
  sorted({over for task in tasks.TASKS for over in task.over}),
  'what each run tests: a fold, a source or writers',
)
flags.adopt_module_key_flags(command_line)


def main(arguments: list[str]) -> None:
  """The command."""
  config, name = command_line.config(arguments)
  over = _OVER.value
  if over is None:
    known = [f'--over {" or ".join(task.over)} for {task.noun}s' for task in tasks.TASKS]
    sys.exit(f'Say what to pool: {", ".join(known)}.')
  workdir = command_line.workdir(f'runs/{name}-{over}')
  command_line.end(lambda: _train_and_pool(config, name, over, workdir), workdir)


def check_over(config: ConfigDict, over: str, given: Collection[str]) -> None:
  """Refuses what cannot be pooled.

  Args:
    config: A finished config.
    over: The value of --over.
    given: The keys of the config that the command line sets.

  Raises:
    UserError: The data of the config has no such parts, or a key that --over sets is given.
  """
  task = tasks.of_config(config)
  if over not in task.over:
    known = ' or '.join(repr(each.dataset) for each in tasks.TASKS if over in each.over)
    raise UserError(
      f'--over {over} needs config.data.name={known}; with '
      f'{config.data.name!r} it is --over {" or ".join(task.over)}.'
    )
  task.folds.check(config, over, given)


def _train_and_pool(config: ConfigDict, name: str, over: str, workdir: Path) -> None:
  config, *others = command_line.checked(config).values()
  if others:
    raise UserError('--over trains one run after the other; give one value instead of a list.')
  check_over(config, over, command_line.given())
  data_dir, raw_dir = command_line.data_folders()
  # What a training needs is imported only now, so that a wrong config is refused quickly.
  from omr_jax.evaluation import finished_run
  from omr_jax.training import backend, loop

  folds = tasks.of_config(config).folds
  folds.refuse_workdir(workdir)
  backend.start(config)
  configs = folds.members(config, over, data_dir, raw_dir)
  for number, (folder, member) in enumerate(configs.items(), start=1):
    print(f'\nrun {number} of {len(configs)}: {folder}', flush=True)
    loop.train_and_evaluate(member, name, workdir / folder, data_dir, raw_dir)
  runs = {folder: finished_run.read(workdir / folder) for folder in configs}
  table, report = folds.write(workdir, over, runs)
  print(f'\n{table}\nreport: {report}')


if __name__ == '__main__':
  app.run(main, flags_parser=command_line.parse)
