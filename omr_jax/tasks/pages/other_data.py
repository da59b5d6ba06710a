"""For pages `omr_jax.evaluate` has no data; `omr detect --compare` measures on any annotations."""

import argparse
from collections.abc import Mapping

DATA: Mapping[str, str] = {}


def add_options(parser: argparse.ArgumentParser) -> None:
  """Adds nothing: there is no data to choose from."""
  del parser
