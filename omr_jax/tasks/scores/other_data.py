"""Pages other than those of a run's own test: there are none to measure networks on."""

import argparse
from collections.abc import Mapping

DATA: Mapping[str, str] = {}


def add_options(parser: argparse.ArgumentParser) -> None:
  """There is nothing to choose."""
  del parser
