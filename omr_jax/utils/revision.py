"""The revision of the code, which runs and exports note beside their results."""

import subprocess
from pathlib import Path

VERSION = '0.1.0'  # Of the package; pyproject.toml and `omr_jax.__version__` take it from here.


def revision() -> str:
  """The commit of the working tree that holds this package, or the version of an installed package.

  ' and changes' follows the commit where tracked files differ from it.
  """
  folder = Path(__file__).resolve().parent
  ask = ['git', '-C', str(folder)]
  try:
    # Fails where the package is installed inside some other repository, which does not track it.
    subprocess.run([*ask, 'ls-files', '--error-unmatch', __file__], check=True, capture_output=True)
    commit = subprocess.run([*ask, 'rev-parse', 'HEAD'], check=True, capture_output=True, text=True)
    changed = subprocess.run(
      [*ask, 'status', '--porcelain', '--untracked-files=no'], capture_output=True, text=True
    )
  except (OSError, subprocess.CalledProcessError):
    return f'version {VERSION}'
  return commit.stdout.strip() + (' and changes' if changed.stdout else '')
