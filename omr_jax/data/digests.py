"""One number for a tree of arrays, to tell damage from data."""

import hashlib
from typing import Any

import jax
import numpy as np


def digest(tree: Any) -> str:
  """SHA-256 of all leaves with their paths, shapes and types."""
  whole = hashlib.sha256()
  for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
    leaf = np.asarray(leaf)
    name = jax.tree_util.keystr(path, simple=True, separator='/')
    whole.update(f'{name} {leaf.shape} {leaf.dtype} '.encode())
    whole.update(np.ascontiguousarray(leaf).data)
  return whole.hexdigest()
