"""The revision of the code, which runs and exports note beside their results."""

import os
import subprocess
from pathlib import Path

VERSION = '0.1.0'  # Of the package; pyproject.toml and `omr_jax.__version__` take it from here.


def revision() -> str:
  """The commit of the working tree that holds this package, or the version of an installed package.

  ' and changes' follows the commit if tracked files differ from it, and ' unknown' stands for what
  git cannot tell.
  """
  try:
    # Fails where the package is installed inside some other repository, which does not track it.
    tracked = _git('ls-files', '--error-unmatch', __file__)
    if tracked.returncode == 1 or 'not a git repository' in tracked.stderr:
      return f'version {VERSION}'
    commit = _git('rev-parse', 'HEAD')
    status = _git('status', '--porcelain', '--untracked-files=no')
  except OSError:  # There is no git.
    return f'version {VERSION}'
  if tracked.returncode or commit.returncode:
    return f'version {VERSION}, commit unknown'
  if status.returncode:
    return f'{commit.stdout.strip()}, changes unknown'
  return commit.stdout.strip() + (' and changes' if status.stdout else '')


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
  """Runs git in a session of its own: a signal to the group of this process does not end it."""
  return subprocess.run(
    ['git', '-C', str(Path(__file__).resolve().parent), *arguments],
    capture_output=True,
    text=True,
    start_new_session=True,
    env={**os.environ, 'LC_ALL': 'C'},
    check=False,
  )
