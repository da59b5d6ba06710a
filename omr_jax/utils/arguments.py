"""What the commands' arguments have in common: their parser, and the folders of data."""

import argparse
from pathlib import Path

from omr_jax.utils import paths

RAW_DIR = 'folder with the raw data in it or one level below; $OMR_RAW_DIR by default'
DATA_DIR = 'folder of prepared data; $TFDS_DATA_DIR or ~/tensorflow_datasets by default'

# How a command was typed, for its usage line: `omr_jax.cli` makes it 'omr '.
typed = 'python -m omr_jax.'


def parser(name: str, description: str | None, **options) -> argparse.ArgumentParser:
  """The parser of a command.

  Args:
    name: Of the command's module in `omr_jax`.
    description: Its docstring, which --help shows as it is.
    **options: Of `argparse.ArgumentParser`.
  """
  return argparse.ArgumentParser(
    prog=f'{typed}{name}',
    description=description,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    **options,
  )


def add_data_folders(parser: argparse.ArgumentParser) -> None:
  """Adds --raw_dir and --data_dir."""
  parser.add_argument('--raw_dir', metavar='FOLDER', help=RAW_DIR)
  parser.add_argument('--data_dir', metavar='FOLDER', help=DATA_DIR)


def data_folders(options: argparse.Namespace) -> tuple[Path, str | None]:
  """The folder of prepared data, and that of raw data where it was given."""
  return paths.data_dir(options.data_dir), options.raw_dir
