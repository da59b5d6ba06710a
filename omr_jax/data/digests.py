"""A checksum of a tree of arrays, to notice when the arrays on a disk were damaged."""

import hashlib
from typing import Any

import numpy as np


def digest(tree: Any) -> str:
  """SHA-256, in hexadecimal, of all leaves with their paths, shapes and dtypes."""
  import jax  # Here, since reports import this room and need no JAX.

  whole = hashlib.sha256()
  for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
    leaf = np.asarray(leaf)
    name = jax.tree_util.keystr(path, simple=True, separator='/')
    whole.update(f'{name} {leaf.shape} {leaf.dtype} '.encode())
    whole.update(np.ascontiguousarray(leaf).data)
  return whole.hexdigest()
