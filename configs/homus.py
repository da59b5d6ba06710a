"""HOMUS from pictures: the recipe for everyday use.

  python -m omr_jax.main --config homus --workdir runs/homus

Each symbol is drawn from its strokes, scaled to fill 64x48 pixels; the network also reads the size
that the symbol had. In every training step the symbols are distorted and drawn anew, as their
writers might have written them another time.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  config = ConfigDict()
  config.seed = 0
  config.epochs = 20
  config.batch_size = 64
  config.precision = 'float32'
  # Decay of the moving average of the weights and batch statistics that is evaluated; 0: none.
  config.average_decay = 0.995
  config.stop_after = 0  # stop after this many epochs without better validation; 0: never
  # The epoch that is tested and kept for use. The schedule ends at the last one; which of its late
  # epochs is best on 1 515 validation symbols is mostly chance.
  config.tested = 'last'  # or best

  config.data = ConfigDict()
  config.data.name = 'homus'
  config.data.protocol = 'original'  # or writers_0 ... 9, inner_0 ... 9, made_up
  config.data.feed = 'auto'  # resident on the devices, or streamed where they are too small
  config.data.allow_changed = False  # accept a raw archive that differs from HOMUS 2.0

  config.drawing = ConfigDict()
  config.drawing.height = 64
  config.drawing.width = 48
  config.drawing.layout = 'scaled'
  config.drawing.thickness = (2.0,)
  config.drawing.staff_lines = ()
  config.drawing.margin = 2
  config.drawing.max_stretch = 2.5
  config.drawing.max_zoom = 8.0
  config.drawing.antialias = True
  config.drawing.thinned = True

  config.augment = ConfigDict()
  config.augment.space = 'strokes'
  config.augment.rotation = 10.0
  config.augment.zoom = (0.8, 1.2)
  config.augment.shear = 0.15
  config.augment.shift = 1.0
  config.augment.thickness = (1.5, 3.0)
  config.augment.stroke_zoom = 0.05
  config.augment.stroke_shift = 1.5
  config.augment.bend = 0.0

  config.model = ConfigDict()
  config.model.name = 'preact_resnet11'
  config.model.widths = (16, 48, 96)
  config.model.blocks = (1, 2, 2)
  config.model.stem_stride = 2
  config.model.use_size = True
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

  config.schedule = ConfigDict()
  config.schedule.name = 'one_cycle'
  config.schedule.warm_up = 0.2
  return config.lock()
