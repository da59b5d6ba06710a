"""The paper's experiments on HOMUS, as the paper and its implementation have them.

  python -m omr_jax.main --config homus_paper:resnet --workdir runs/paper_resnet

  resnet  res_net_3_small on 192x96, batch 16: 98.02 % (paper, V-C2; 76 epochs, 68 s each on a GTX
          1080 Ti)
  vgg     vgg4 on symbols resized to 96x96, batch 16: 98.02 % (68 epochs, 44 s)
  staff   vgg4 on 192x96 with staff lines from y = 74, batch 64: 97.03 % (79 epochs, 45 s)

Differences that remain: pictures have one channel; augmentation interpolates linearly, zooms before
it rotates, and draws the zoom factor from 0.8 to 1.2; the last examples of an epoch that do not
fill a batch are left out of it; equal maxima in a max-pool share the gradient; the moving variance
of batch norm is the biased one; and the loss that is shown does not include the L2 penalty.
"""

from ml_collections import ConfigDict

VARIANTS = ('resnet', 'vgg', 'staff')


def get_config(variant: str = '') -> ConfigDict:
  if variant not in VARIANTS:
    raise ValueError(f'{variant!r} is none of the variants {", ".join(VARIANTS)}; add :<variant>.')
  fitted, staff = variant == 'vgg', variant == 'staff'
  config = ConfigDict()
  config.seed = 0
  config.epochs = 200
  config.batch_size = 64 if staff else 16
  config.precision = 'float32'
  config.average_decay = 0.0
  config.stop_after = 20
  config.tested = 'best'

  config.data = ConfigDict()
  config.data.name = 'homus'
  config.data.protocol = 'original'
  config.data.feed = 'auto'  # resident on the devices, or streamed where they are too small
  config.data.allow_changed = False

  config.drawing = ConfigDict()
  config.drawing.height = 96 if fitted else 192
  config.drawing.width = 96
  config.drawing.layout = 'resized' if fitted else 'centered'
  config.drawing.thickness = (3.0,)
  config.drawing.staff_lines = (74,) if staff else ()
  if fitted:
    config.drawing.margin = 2
    config.drawing.max_stretch = float('inf')
    config.drawing.max_zoom = float('inf')
  config.drawing.antialias = False
  config.drawing.thinned = True

  config.augment = ConfigDict()
  config.augment.space = 'pictures'
  config.augment.flip = False
  config.augment.rotation = 10.0
  config.augment.zoom = (0.8, 1.2)
  config.augment.shear = 0.0
  config.augment.shift = 0.0

  config.model = ConfigDict()
  config.model.name = 'resnet25' if variant == 'resnet' else 'vgg13'
  config.model.dropout = 0.0

  config.loss = ConfigDict()
  config.loss.label_smoothing = 0.0
  config.loss.class_weights = 'none'

  config.optimizer = ConfigDict()
  config.optimizer.name = 'adadelta'
  config.optimizer.learning_rate = 1.0
  config.optimizer.l2 = 1e-4
  config.optimizer.rho = 0.95
  config.optimizer.eps = 1e-8

  config.schedule = ConfigDict()
  config.schedule.name = 'plateau'
  config.schedule.factor = 0.5
  config.schedule.patience = 8
  config.schedule.floor = 1e-5
  return config.lock()
