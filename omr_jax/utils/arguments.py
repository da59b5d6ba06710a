"""The arguments that commands share: the parser itself, runs, and the folders of data."""

import argparse
import os
import sys
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.utils import paths

RAW_DIR = (
  'folder with the raw data in it or one level below, or several with '
  f'{os.pathsep} between them; $OMR_RAW_DIR by default'
)
DATA_DIR = 'folder of prepared data; $TFDS_DATA_DIR or ~/tensorflow_datasets by default'

# What precedes the name of a command in its usage line; `omr_jax.cli` sets it to 'omr '.
typed = 'python -m omr_jax.'


def parser(
  name: str, description: str | None, epilog: str | None = None
) -> argparse.ArgumentParser:
  """The parser of a command.

  Args:
    name: The name of the command's module in `omr_jax`.
    description: The command's docstring, which --help shows unchanged.
    epilog: What --help shows at the end.
  """
  return argparse.ArgumentParser(
    prog=f'{typed}{name}',
    description=description,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    epilog=epilog,
  )


def with_underscores(arguments: list[str]) -> list[str]:
  """Writes flags such as --raw-dir as --raw_dir: names have underscores here, as in configs."""
  end = arguments.index('--') if '--' in arguments else len(arguments)
  return [_with_underscores(each) for each in arguments[:end]] + arguments[end:]


def _with_underscores(argument: str) -> str:
  name, equals, value = argument.partition('=')
  if not name.startswith('--'):
    return argument
  return f'--{name[2:].replace("-", "_")}{equals}{value}'


def parse(
  parser: argparse.ArgumentParser, arguments: list[str] | None = None
) -> argparse.Namespace:
  """The flags of a command, by default from sys.argv; names may have - instead of _."""
  return parser.parse_args(with_underscores(sys.argv[1:] if arguments is None else arguments))


def seed(text: str) -> int:
  """A seed on the command line; the type of an argument."""
  if not text.strip().isdecimal() or int(text) >= 2**32:
    raise argparse.ArgumentTypeError(
      f'{text!r} is no seed; give a whole number of at least 0 and below 2^32'
    )
  return int(text)


def add_data_folders(parser: argparse.ArgumentParser) -> None:
  """Adds --raw_dir and --data_dir."""
  parser.add_argument('--raw_dir', type=paths.expanded, metavar='FOLDER', help=RAW_DIR)
  parser.add_argument('--data_dir', type=paths.expanded, metavar='FOLDER', help=DATA_DIR)


def add_runs(parser: argparse.ArgumentParser) -> None:
  """Adds RUN, the workdirs of one or more finished runs."""
  parser.add_argument(
    'runs', nargs='+', type=paths.path, metavar='RUN', help='the workdir of a finished run'
  )


def data_folders(options: argparse.Namespace) -> tuple[Path, str | None]:
  """The folder of prepared data, and the folders of raw data, or None if none was given.

  Raises:
    UserError: A folder of raw data does not exist (`refuse_missing`).
  """
  refuse_missing(options.raw_dir)
  return paths.data_dir(options.data_dir), options.raw_dir


def refuse_missing(raw_dir: str | None) -> None:
  """Refuses folders of raw data that do not exist, also where prepared data is read instead.

  Args:
    raw_dir: The value of --raw_dir; if None, $OMR_RAW_DIR is looked at.

  Raises:
    UserError: There is no such folder.
  """
  name = '$OMR_RAW_DIR' if raw_dir is None else '--raw_dir'
  for folder in paths.raw_dirs(raw_dir):
    if not folder.is_dir():
      raise UserError(f'{folder}: no such folder; correct {name}.')
