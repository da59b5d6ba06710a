"""The one exception for what a user can put right."""


class UserError(Exception):
  """Bad input: the message names the file or key, what is wrong and the remedy.

  A command prints the message without a traceback and ends with exit code 2.
  """
