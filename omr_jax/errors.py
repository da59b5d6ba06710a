"""The one exception for what a user can put right, and how a command answers to it."""

import difflib
import sys
from collections.abc import Callable, Collection


class UserError(Exception):
  """Bad input: the message names the file or key, what is wrong and the remedy."""


def answered(command: Callable[[], None]) -> int:
  """Runs a command and returns its exit code: 2 after bad input, 1 after Ctrl-C, else 0.

  What is wrong is said on stderr in a few words, without a traceback.
  """
  try:
    command()
  except UserError as error:
    print(f'\n{error}', file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    print('\nstopped.', file=sys.stderr)
    return 1
  except (MemoryError, RuntimeError) as error:
    # JAX raises the latter for much else, which nobody but its authors can put right.
    if not isinstance(error, MemoryError) and 'RESOURCE_EXHAUSTED' not in str(error):
      raise
    print('\nout of memory; a smaller batch_size, canvas or network needs less.', file=sys.stderr)
    return 2
  return 0


def nearest(name: str, known: Collection[str]) -> str:
  """The end of a message about an unknown name: the nearest one, or all."""
  found = difflib.get_close_matches(name, known, n=1)
  return f': did you mean {found[0]!r}?' if found else f': there are {", ".join(known)}.'
