"""Which state of the code something was made with."""

import subprocess
from pathlib import Path

VERSION = '0.1.0'  # Of the package; pyproject.toml and `omr_jax.__version__` take it from here.


def revision() -> str:
  """The commit of the working tree this package lies in, or its version where it is installed."""
  folder = Path(__file__).resolve().parent
  ask = ['git', '-C', str(folder)]
  try:
    # The package may lie inside a repository that isn't its own.
    subprocess.run([*ask, 'ls-files', '--error-unmatch', __file__], check=True, capture_output=True)
    commit = subprocess.run([*ask, 'rev-parse', 'HEAD'], check=True, capture_output=True, text=True)
    changed = subprocess.run(
      [*ask, 'status', '--porcelain', '--untracked-files=no'], capture_output=True, text=True
    )
  except (OSError, subprocess.CalledProcessError):
    return f'version {VERSION}'
  return commit.stdout.strip() + (' and changes' if changed.stdout else '')
