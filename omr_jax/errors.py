"""The one exception for what a user can put right, and the words for a name that is unknown."""

import difflib
from collections.abc import Collection


class UserError(Exception):
  """Bad input: the message names the file or key, what is wrong and the remedy.

  A command prints the message without a traceback and ends with exit code 2.
  """


def nearest(name: str, known: Collection[str]) -> str:
  """The end of a message about an unknown name: the nearest one, or all."""
  found = difflib.get_close_matches(name, known, n=1)
  return f': did you mean {found[0]!r}?' if found else f': there are {", ".join(known)}.'
