"""The earlier name of `python -m omr_jax.evaluate --on scans`, kept for this version."""

import sys

from omr_jax import evaluate


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  return evaluate.renamed('scans', 'scans', arguments)


if __name__ == '__main__':
  sys.exit(main())
