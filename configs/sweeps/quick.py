"""Twelve short runs for a CPU: the paper's comparison of optimizers and batch sizes, in small.

  python -m omr_jax.sweep --sweep quick --out runs/quick

The everyday recipe with a small network on small pictures, three epochs each. The two seeds of
each setting are trained as one program.
"""

from omr_jax.sweeps import Runs, each, product

CONFIG = 'homus'
TOGETHER = 2  # at most, as one program

_SMALL = {
  'epochs': 3,
  'drawing.height': 32,
  'drawing.width': 24,
  'drawing.margin': 1,
  'model.widths': (8, 24, 48),
}


def get_sweep() -> Runs:
  optimizers = {
    'optimizer=adadelta': {
      'optimizer.name': 'adadelta',
      'optimizer.learning_rate': 1.0,
      'optimizer.rho': 0.95,
    },
    'optimizer=adam': {'optimizer.name': 'adam', 'optimizer.learning_rate': 4e-3},
    'optimizer=sgd': {
      'optimizer.name': 'sgd',
      'optimizer.learning_rate': 0.01,
      'optimizer.momentum': 0.9,
    },
  }
  sizes = each('batch_size', (32, 128), 'batch')
  runs = product(optimizers, sizes, each('seed', (0, 1)))
  return {name: _SMALL | changes for name, changes in runs.items()}
