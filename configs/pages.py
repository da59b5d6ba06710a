"""Every symbol of a page of printed music, found and named.

  python -m omr_jax.main --config pages --raw_dir songs --workdir runs/pages

`songs` holds MusicXML, which is typeset. Pages drawn by code are trained on besides: they look
different. In every training step the network sees windows of pages, a little larger or smaller,
bent, and with other ink. Validation finds the symbols of whole typeset pages.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  config = ConfigDict()
  config.seed = 0
  config.epochs = 7
  config.batch_size = 16
  config.precision = 'float32'
  # Decay of the moving average of the weights and batch statistics that is evaluated; 0: none.
  config.average_decay = 0.998
  config.stop_after = 0  # stop after this many epochs without better validation; 0: never
  config.tested = 'last'  # or best

  config.data = ConfigDict()
  config.data.name = 'pages'
  config.data.source = 'typeset'  # or muscima_pp, or made_up: pages drawn by code
  config.data.protocol = 'composers'  # of made_up: made_up
  config.data.feed = 'auto'  # resident on the devices, or streamed where they are too small
  config.data.tiles_per_epoch = 4608  # that an epoch draws; 0: as many as there are
  config.data.made_up = 40  # pages drawn by code that are trained on besides
  config.data.pasted = 0  # symbols of other pages that a tile may get

  config.windows = ConfigDict()
  config.windows.trained_side = 192  # height and width of a training window; a staff space has 10

  config.augment = ConfigDict()
  config.augment.space = 'windows'

  config.distortion = ConfigDict()  # the arguments of omr_jax.augment.page_windows.look
  config.distortion.zoom = 0.3
  config.distortion.stretch = 0.1
  config.distortion.lean = 0.25
  config.distortion.bend = 0.75
  config.distortion.ink = 0.7
  config.distortion.paper = 0.2
  config.distortion.noise = 6.0
  config.distortion.blur = 1.0
  config.distortion.shadow = 0.3

  config.model = ConfigDict()
  config.model.name = 'detector'
  config.model.widths = (48, 80, 128, 160)
  config.model.blocks = (2, 2, 2, 1)
  config.model.up = 48

  config.optimizer = ConfigDict()
  config.optimizer.name = 'adamw'
  config.optimizer.learning_rate = 3e-3
  config.optimizer.weight_decay = 0.02
  config.optimizer.l2 = 0.0
  config.optimizer.b1 = 0.9
  config.optimizer.b2 = 0.999
  config.optimizer.eps = 1e-8

  config.schedule = ConfigDict()
  config.schedule.name = 'one_cycle'
  config.schedule.warm_up = 0.2
  return config.lock()
