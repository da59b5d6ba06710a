"""Trains all runs of a sweep, on this machine or on a Ray cluster.

  python -m omr_jax.sweep --sweep quick --out runs/quick

Runs that differ only in numbers are trained together by one program. Each program has a folder and
a log in --out. A program that is killed is started again and resumes from its checkpoint; the same
command, started again, skips the finished runs. The results so far are in sweep.csv and sweep.html
in --out. On a cluster, --out and the data must be on a file system that all machines share.
launch/README.md in the repository tells more.
"""

import argparse
import sys

from omr_jax.recipe import pages
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths, ray_cluster
from omr_jax.utils.ending import answered
from omr_jax.utils.interrupt import Interrupted


def main(arguments: list[str] | None = None) -> int:
  """Runs the command; returns its exit code: 1 after Ctrl-C, or if a run has failed."""
  parser = command_arguments.parser('sweep', __doc__)
  parser.add_argument(
    '--sweep',
    required=True,
    type=paths.expanded,
    help=f'what to train: {", ".join(pages.names(pages.SWEEPS))}; or the path of a page like those',
  )
  parser.add_argument('--out', required=True, type=paths.path, help='folder of the sweep')
  parser.add_argument(
    '--address', help='address of a Ray cluster, or auto; default: this machine alone'
  )
  parser.add_argument(
    '--cpus',
    type=int,
    help='cores for each program; default: a GPU, all chips of a TPU host, or all cores',
  )
  parser.add_argument('--gpus', type=float, help='GPUs for each program')
  command_arguments.add_data_folders(parser)
  parser.add_argument('--dry_run', action='store_true', help='only print what would be trained')
  options = command_arguments.parse(parser, arguments)
  if options.cpus is not None and options.cpus < 1:
    parser.error('--cpus must be 1 or more.')
  if options.gpus is not None and options.gpus < 0:
    parser.error('--gpus must be 0 or more.')
  finished = []
  try:
    code = answered(lambda: finished.append(_sweep(options)))
  except Interrupted:
    print('\nsaved; the same command resumes the sweep.', file=sys.stderr)
    return 1
  return code or (0 if finished == [True] else 1)


def _sweep(options: argparse.Namespace) -> bool:
  """Trains the sweep, or prints what would be trained; whether all runs are finished or valid."""
  ray_cluster.protect(options.address)
  import ray  # noqa: F401
  import rich  # noqa: F401

  from omr_jax.sweeps import driver, page

  data_dir, raw_dir = command_arguments.data_folders(options)
  sweep = page.read(options.sweep)
  print(
    f'{options.sweep}: {len(sweep.overrides)} runs of {sweep.config} in {len(sweep.packs)} programs'
  )
  if options.dry_run:
    for name, runs in sweep.packs.items():
      print(f'{name}: {" ".join(runs)}' if list(runs) != [name] else name)
    for name, error in sweep.wrong.items():
      print(f'{name}: {error}')
    return not sweep.wrong
  return driver.run(
    sweep,
    options.out.absolute(),
    options.address,
    options.cpus,
    options.gpus,
    str(data_dir.absolute()),
    # With $OMR_RAW_DIR of this machine: those of the cluster may have none, or another one.
    paths.joined(paths.raw_dirs(raw_dir)) or None,
  )


if __name__ == '__main__':
  sys.exit(main())
