"""The paper's study: which network, canvas, stroke, staff, optimizer and batch size.

  python launch/sweep.py --sweep configs/sweeps/paper_study.py --out runs/paper_study

Every block turns one or two screws of the paper's two best settings, resnet25 on the fixed canvas
and vgg13 on fitted symbols, as the original experiments did (facts: the original logs; paper,
section V-C2). Three seeds each, trained as one program. A split is by symbol, whatever is drawn
from it, and validation chooses: the leak behind the 99.3 to 100 % of some original logs, one symbol
drawn several times before the split, is not possible here.
"""

from omr_jax.sweeps import Runs, each, product

CONFIG = 'configs/homus_paper.py:resnet'
TOGETHER = 3  # at most, as one program

_NETWORKS = (
  'vgg14',
  'vgg13',
  'resnet25',
  'resnet25_wide',
  'resnet25_preact',
  'resnet25_preact_wide',
  'resnet26_wide',
  'resnet25_strided',
  'resnet21_strided',
)
_RATES = {'adadelta': 1.0, 'adam': 1e-3, 'sgd': 0.01}


def get_sweep() -> Runs:
  best = (
    product(_network('resnet25'), _canvas('centered', 192, 96)),
    product(_network('vgg13'), _canvas('resized', 96, 96)),
  )
  plain = _rest()
  settings = {}
  # Networks, each on both canvases.
  for canvas in (_canvas('centered', 192, 96), _canvas('resized', 96, 96)):
    settings |= product(_network(*_NETWORKS), canvas, plain)
  for setting in best:
    # Optimizers and batch sizes, all with all.
    settings |= product(setting, _rest(optimizers=_RATES, batches=(8, 16, 32, 64, 128)))
    # Stroke thickness.
    settings |= product(setting, _rest(thicknesses=(1.0, 2.0, 3.0)))
  # Sizes of fitted symbols.
  for side in (48, 64, 96, 112, 128):
    settings |= product(_network('resnet25', 'vgg13'), _canvas('resized', side, side), plain)
  # Staff lines, where the paper has them, and at three other heights.
  for network, batch in (('resnet25', 16), ('vgg13', 64)):
    settings |= product(
      _network(network),
      _canvas('centered', 192, 96),
      _rest(staffs=((), (60,), (67,), (74,), (81,)), batches=(batch,)),
    )
  settings |= product(
    _network('vgg14'),
    _canvas('centered', 224, 128),
    _rest(staffs=((), (81,), (88,), (95,)), batches=(32,)),
  )
  settings |= product(
    _network('vgg14'),
    _canvas('centered', 224, 128),
    _rest(staffs=((88,),), batches=(32,), optimizers=_RATES),
  )
  return product(settings, each('seed', (0, 1, 2)))


def _network(*names: str) -> Runs:
  return each('model.name', names, 'network')


def _canvas(layout: str, height: int, width: int) -> Runs:
  word = {'centered': 'fixed', 'resized': 'fitted'}[layout]
  changes = {'drawing.layout': layout, 'drawing.height': height, 'drawing.width': width}
  return {f'canvas={word}-{height}x{width}': changes}


def _rest(
  thicknesses: tuple = (3.0,),
  staffs: tuple = ((),),
  optimizers: tuple | dict = ('adadelta',),
  batches: tuple = (16,),
) -> Runs:
  return product(
    {f'thickness={width:g}': {'drawing.thickness': (width,)} for width in thicknesses},
    {
      f'staff={"-".join(map(str, staff)) or "none"}': {'drawing.staff_lines': staff}
      for staff in staffs
    },
    {
      f'optimizer={name}': {'optimizer.name': name, 'optimizer.learning_rate': _RATES[name]}
      for name in optimizers
    },
    each('batch_size', batches, 'batch'),
  )
