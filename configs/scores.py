"""Pictures of music or of something else: the recipe for everyday use.

  python -m omr_jax.main --config scores --raw_dir my_pictures --workdir runs/scores

`my_pictures` holds the folders scores/ and other/. In every training step the network sees each
picture, or a part of it, as another phone might have taken it.
"""

from ml_collections import ConfigDict


def get_config() -> ConfigDict:
  config = ConfigDict()
  config.seed = 0
  config.epochs = 40
  config.batch_size = 32
  config.precision = 'float32'
  # Decay of the moving average of the weights and batch statistics that is evaluated; 0: none.
  config.average_decay = 0.995
  config.stop_after = 0  # stop after this many epochs without better validation; 0: never
  config.tested = 'last'  # or best; there are too few validation pictures to rank late epochs

  config.data = ConfigDict()
  config.data.name = 'music_scores'
  config.data.protocol = 'folders'  # or paper
  config.data.feed = 'auto'  # resident on the devices, or streamed where they are too small
  config.data.fold = 0  # of the protocol folders: the fold that is tested, 0 to 4
  config.data.hold_out = ''  # a source to test instead of the fold, such as scores/desk
  # Training draws from a source of n pictures n^balance times as often as from a source of one
  # picture; with 1.0 every picture is drawn once an epoch.
  config.data.balance = 0.5

  config.picture = ConfigDict()
  config.picture.height = 128
  config.picture.width = 128
  config.picture.tiles = 3  # parts along each side, which are read besides the whole picture
  config.picture.whole = 0.35  # probability that training shows the whole picture, not a part
  config.picture.cuts = 2  # strips, a few bars and so on that are cut out of each picture
  # Training pictures that code draws:
  config.picture.papers = 24  # lined paper, forms and so on, this many of each kind
  config.picture.scenes = 480  # pictures that look like photos
  config.picture.drawn = 48  # of each kind of picture that real data lacks, as docs/scores.md lists

  config.decision = ConfigDict()
  config.decision.false_positive_cost = 2.0  # of another picture called a score, in missed scores
  # Of the log-odds of the whole picture and those of its parts, the higher counts most. This is the
  # weight of the lower.
  config.decision.lower_weight = 0.25

  config.augment = ConfigDict()
  config.augment.space = 'camera'

  config.camera = ConfigDict()  # the arguments of omr_jax.augment.camera.look
  config.camera.clean = 0.4
  config.camera.chance = 0.2
  config.camera.rare = 0.1
  config.camera.flip = 0.5
  config.camera.turn = 0.5
  config.camera.rotation = 25.0
  config.camera.perspective = 0.15
  config.camera.smaller = 1.2
  config.camera.larger = 0.3
  config.camera.stretch = 0.4
  config.camera.shift = 0.2
  config.camera.background = 0.9
  config.camera.inverse = 0.04
  config.camera.grey = 0.15
  config.camera.defocus = 0.4
  config.camera.motion = 1.0
  config.camera.dark = 1.0
  config.camera.bright = 0.15
  config.camera.light = 0.5
  config.camera.white_balance = 0.25
  config.camera.shadow = 0.6
  config.camera.moire = 0.1
  config.camera.contrast = 0.3
  config.camera.midtones = 0.15
  config.camera.noise = 6.0
  config.camera.jpeg = 50.0

  config.model = ConfigDict()
  config.model.name = 'preact_resnet9'
  config.model.widths = (16, 32, 64, 128)
  config.model.blocks = (1, 1, 1, 1)
  config.model.stem_size = 8
  config.model.stem_stride = 4
  config.model.even = True  # read pictures without colour and with evened light
  config.model.use_size = False  # only symbols have a size
  config.model.dropout = 0.1

  config.loss = ConfigDict()
  config.loss.label_smoothing = 0.02
  config.loss.class_weights = 'none'

  config.optimizer = ConfigDict()
  config.optimizer.name = 'adamw'
  config.optimizer.learning_rate = 6e-3
  config.optimizer.weight_decay = 0.02
  config.optimizer.l2 = 0.0
  config.optimizer.b1 = 0.9
  config.optimizer.b2 = 0.999
  config.optimizer.eps = 1e-8

  config.schedule = ConfigDict()
  config.schedule.name = 'one_cycle'
  config.schedule.warm_up = 0.2
  return config.lock()
