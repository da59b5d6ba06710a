"""What a run has written, read again, and whether two runs came to the same end."""

import json

import jax
import numpy as np
import orbax.checkpoint as ocp

from omr_jax.training import checkpoint

TIMES = ('seconds', 'images_per_s')


def assert_same(a, b):
  assert jax.tree.structure(a) == jax.tree.structure(b)
  jax.tree.map(np.testing.assert_array_equal, a, b)


def metrics(workdir):
  """All lines of metrics.jsonl but for the times in them."""
  lines = [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text().splitlines()]
  return [{k: v for k, v in line.items() if k not in TIMES} for line in lines]


def latest(workdir):
  """Step, state and best variables of the latest checkpoint, as Orbax finds them."""
  manager = checkpoint.open_folder(workdir)
  items = {'state': ocp.args.StandardRestore(), 'best': ocp.args.StandardRestore()}
  return manager.latest_step(), *manager.restore(None, args=ocp.args.Composite(**items)).values()


def assert_same_end(workdir, other):
  assert metrics(workdir) == metrics(other)
  assert_same(latest(workdir), latest(other))
  for name in ('validation_logits', 'test_logits', 'pictures'):
    with np.load(workdir / 'evaluation.npz') as a, np.load(other / 'evaluation.npz') as b:
      np.testing.assert_array_equal(a[name], b[name])
