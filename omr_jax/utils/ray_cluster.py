"""Joins a Ray cluster, or starts a Ray on this machine; the commands that use Ray share this."""

import contextlib
import logging
import os
import secrets
from collections.abc import Iterator
from typing import Any

from omr_jax.errors import UserError, lines
from omr_jax.utils import machine

_LOCAL = 'local'  # Ray's word for a cluster of our own, whatever else runs on the machine.


def protect(address: str | None) -> None:
  """Makes a token for a Ray of our own; call it before Ray is imported, since Ray reads it then.

  Our Ray listens on the network. Without the token, anyone who can reach this machine could run
  programs in it.
  """
  if address in (None, _LOCAL):
    os.environ |= {'RAY_AUTH_MODE': 'token', 'RAY_AUTH_TOKEN': secrets.token_hex(32)}


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
  """Starts a Ray of our own on this machine (None or 'local'), or joins the cluster at an address.

  Raises:
    UserError: Ray does not start, or no cluster answers at the address.
  """
  import ray

  os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
  options: dict[str, Any] = {'log_to_driver': False, 'logging_level': logging.ERROR}
  is_ours = address in (None, _LOCAL)
  if is_ours:
    # Without 'local', Ray joins whatever cluster runs on this machine or $RAY_ADDRESS names.
    options |= {'address': _LOCAL, 'num_cpus': machine.cores(), 'include_dashboard': False}
  else:
    options |= {'address': address}
  try:
    ray.init(**options)
  except Exception as error:  # Ray raises many types, even a bare Exception.
    first = lines(error)[0]
    if is_ours:
      raise UserError(
        f'Ray does not start on this machine ({first}). Ray needs room and write permission in its '
        'folder of temporary files ($RAY_TMPDIR, else $TMPDIR, else /tmp), whose name must be '
        'ASCII. What is finished is kept.'
      ) from error
    raise UserError(
      f'--address={address}: does not answer ({first}). Start a cluster as launch/README.md says, '
      'or leave --address out to use this machine alone. What is finished is kept.'
    ) from error
  try:
    yield
  finally:
    ray.shutdown()
