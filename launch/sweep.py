"""The same as `python -m omr_jax.sweep`, by its earlier name."""

import sys

from omr_jax.sweep import main

if __name__ == '__main__':
  sys.exit(main())
