"""Files of NumPy arrays."""

import tokenize

# What NumPy raises on a damaged file. The header of an array may claim any size, or be any text.
UNREADABLE = (
  *(OSError, EOFError, LookupError, ValueError, SyntaxError, RuntimeError, MemoryError),
  *(OverflowError, TypeError, tokenize.TokenError),
)
