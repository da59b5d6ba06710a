"""For scores `omr_jax.evaluate` has no data but that of its users: `--on folders`."""

import argparse
from collections.abc import Mapping

DATA: Mapping[str, str] = {}
REPEATED: tuple[str, ...] = ()
OPTIONS: Mapping[str, tuple[str, ...]] = {}


def add_options(parser: argparse.ArgumentParser) -> None:
  """Adds nothing: there is no data to choose from."""
  del parser
