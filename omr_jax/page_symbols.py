"""The earlier name of `python -m omr_jax.evaluate --on pages`, kept for this version."""

import sys

from omr_jax import evaluate


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  return evaluate.renamed('page_symbols', 'pages', arguments)


if __name__ == '__main__':
  sys.exit(main())
