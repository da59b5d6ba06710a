"""The exception for everything that a user can put right, and words that messages share."""

import difflib
from collections.abc import Collection


class UserError(Exception):
  """Bad input: the message names the file or key, what is wrong and the remedy."""


def reason(error: Exception) -> str:
  """What an error says; of an OSError, without its number and path, which a message has already."""
  return getattr(error, 'strerror', None) or str(error) or type(error).__name__


def lines(error: Exception) -> list[str]:
  """What an error says, line by line; the name of its type if it says nothing."""
  return (str(error).strip() or type(error).__name__).splitlines()


def nearest(name: str, known: Collection[str]) -> str:
  """The end of a message about an unknown name: the nearest one, whatever its case, or all."""
  by_lower = {each.lower(): each for each in known}
  # With difflib's own 0.6, `open_set` would be near `nonsense`. `wbe` and `web` have 0.67.
  found = difflib.get_close_matches(name[:100].lower(), by_lower, n=1, cutoff=0.65)
  return f': did you mean {by_lower[found[0]]!r}?' if found else f': there are {", ".join(known)}.'
