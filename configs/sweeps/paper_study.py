"""The paper's study: network, canvas, stroke thickness, staff lines, optimizer and batch size.

  python -m omr_jax.sweep --sweep paper_study --out runs/paper_study

Each block of settings varies one or two things of the paper's two best settings, resnet25 on the
fixed canvas and vgg13 on fitted symbols, as the original experiments did (the original logs; paper,
section V-C2). Each setting has three seeds, trained as one program. Symbols are split before they
are drawn, and validation chooses. Some original logs report 99.3 to 100 % because a symbol was
drawn several times before the split and so was in several parts; that is not possible here.
"""

from collections.abc import Iterable

from omr_jax.sweeps import Runs, each, product

CONFIG = 'homus_paper:vgg'  # It has the keys of drawing for both canvases.
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
_OPTIMIZERS = {
  'adadelta': {'optimizer.learning_rate': 1.0},
  'adam': {'optimizer.learning_rate': 1e-3, 'optimizer.b1': 0.9, 'optimizer.b2': 0.999},
  'sgd': {'optimizer.learning_rate': 0.01, 'optimizer.momentum': 0.9},
}


def get_sweep() -> Runs:
  best = (
    product(_network('resnet25'), _canvas('centered', 192, 96)),
    product(_network('vgg13'), _canvas('resized', 96, 96)),
  )
  plain = _rest()
  settings: Runs = {}
  # Networks, each on both canvases.
  for canvas in (_canvas('centered', 192, 96), _canvas('resized', 96, 96)):
    settings |= product(_network(*_NETWORKS), canvas, plain)
  for setting in best:
    # Optimizers and batch sizes, all with all.
    settings |= product(setting, _rest(optimizers=_OPTIMIZERS, batches=(8, 16, 32, 64, 128)))
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
    _rest(staffs=((88,),), batches=(32,), optimizers=_OPTIMIZERS),
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
  optimizers: Iterable[str] = ('adadelta',),
  batches: tuple = (16,),
) -> Runs:
  return product(
    {f'thickness={width:g}': {'drawing.thickness': (width,)} for width in thicknesses},
    {
      f'staff={"-".join(map(str, staff)) or "none"}': {'drawing.staff_lines': staff}
      for staff in staffs
    },
    {f'optimizer={name}': {'optimizer.name': name} | _OPTIMIZERS[name] for name in optimizers},
    each('batch_size', batches, 'batch'),
  )
