"""Symbols cut out of scanned pages: any pen, any size, worn ink, and what a crop has around it.

  python -m omr_jax.main --config configs/homus_scans.py --workdir runs/homus_scans

Every step draws its training symbols as crops (omr_jax/augment). The network isn't told how
large a symbol was, and reads ink as thick as it is. A finer canvas with a larger network is no
better here (docs/experiments.md).
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  config = ConfigDict()
  config.seed = 0
  config.epochs = 48
  config.batch_size = 64
  config.precision = 'float32'
  config.average_decay = 0.995  # of the weights and batch_stats that are evaluated; 0 for none
  config.stop_after = 0  # epochs without better validation accuracy; 0 for never
  # The epoch that is tested and kept for use. The schedule ends at the last one; which of its late
  # epochs is best on 1 515 validation symbols is mostly chance.
  config.tested = 'last'  # or best

  config.data = ConfigDict()
  config.data.name = 'homus'
  config.data.protocol = 'original'  # or writers_0 ... 9, inner_0 ... 9, made_up
  config.data.feed = 'auto'  # resident on the devices, or streamed where they are too small
  config.data.allow_changed = False  # a raw archive that is not HOMUS 2.0 to the letter

  config.drawing = ConfigDict()
  config.drawing.height = 64
  config.drawing.width = 48
  config.drawing.layout = 'resized'
  config.drawing.thickness = (3.0,)
  config.drawing.staff_lines = ()
  config.drawing.margin = 1  # the half of the line that the points leave out
  config.drawing.max_stretch = 2.0
  config.drawing.max_zoom = float('inf')
  config.drawing.antialias = True
  config.drawing.thinned = False

  config.augment = ConfigDict()
  config.augment.space = 'crops'
  config.augment.rotation = 10.0
  config.augment.zoom = (0.8, 1.2)
  config.augment.shear = 0.15
  config.augment.thickness = (1.5, 5.0)  # in pixels of the tablet
  config.augment.stroke_zoom = 0.05
  config.augment.stroke_shift = 1.5
  config.augment.bend = 0.04
  config.augment.around = 0.5
  config.augment.staff = 0.35
  config.augment.worn = 1.0
  config.augment.flip = False  # of pictures, as shift
  config.augment.shift = 1.0

  config.model = ConfigDict()
  config.model.name = 'preact_resnet11'
  config.model.widths = (16, 48, 96)
  config.model.blocks = (1, 2, 2)
  config.model.stem_stride = 2
  config.model.use_size = False
  config.model.dropout = 0.2

  config.loss = ConfigDict()
  config.loss.label_smoothing = 0.05
  config.loss.class_weights = 'none'

  config.optimizer = ConfigDict()
  config.optimizer.name = 'adamw'
  config.optimizer.learning_rate = 4e-3
  config.optimizer.weight_decay = 0.02
  config.optimizer.l2 = 0.0
  config.optimizer.b1 = 0.9
  config.optimizer.b2 = 0.999
  config.optimizer.eps = 1e-8
  config.optimizer.momentum = 0.9  # of sgd
  config.optimizer.rho = 0.95  # of adadelta

  config.schedule = ConfigDict()
  config.schedule.name = 'one_cycle'
  config.schedule.warm_up = 0.2
  config.schedule.factor = 0.5  # of plateau, as the next two
  config.schedule.patience = 8
  config.schedule.floor = 1e-5
  return config.lock()
