"""The paper's experiment on pictures of scores (V-A), as the paper and its implementation have it.

  python -m omr_jax.main --config scores_paper:128 --workdir runs/scores_paper_128

  128     128x128 pixels: 98.5 %
  256     256x256 pixels: 100 %

The data are the paper's three archives; for pictures of your own add
--config.data.protocol=folders.

Differences that remain: augmentation interpolates linearly; pictures are made smaller with
anti-aliasing (`resizing.resized`); the last examples of an epoch that do not fill a batch are left
out of it; equal maxima in a max-pool share the gradient; the moving variance of batch norm is the
biased one; where the learning rate is lowered, the momentum is lowered with it at once; and the
loss that is shown does not include the L2 penalty.
"""

from ml_collections import ConfigDict

VARIANTS = ('128', '256')


def get_config(variant: str = '') -> ConfigDict:
  if variant not in VARIANTS:
    raise ValueError(f'{variant!r} is none of the variants {", ".join(VARIANTS)}; add :<variant>.')
  config = ConfigDict()
  config.seed = 0
  config.epochs = 200
  config.batch_size = 16
  config.precision = 'float32'
  config.average_decay = 0.0
  config.stop_after = 10
  config.tested = 'best'

  config.data = ConfigDict()
  config.data.name = 'music_scores'
  config.data.protocol = 'paper'
  config.data.feed = 'auto'  # resident on the devices, or streamed where they are too small
  config.data.fold = 0  # of the protocol folders, as hold_out; see scores.py
  config.data.hold_out = ''
  config.data.balance = 1.0  # every picture once an epoch

  config.picture = ConfigDict()
  config.picture.height = int(variant)
  config.picture.width = int(variant)
  config.picture.tiles = 0  # no parts beside the whole picture
  config.picture.cuts = 0
  config.picture.papers = 0
  config.picture.scenes = 0
  config.picture.drawn = 0

  config.decision = ConfigDict()
  config.decision.false_positive_cost = 0.0  # the more probable class, as in the paper

  config.augment = ConfigDict()
  config.augment.space = 'pictures'
  config.augment.flip = True
  config.augment.rotation = 10.0
  config.augment.zoom = (1.0, 1.0)
  config.augment.shear = 0.0
  config.augment.shift = 24.0

  config.model = ConfigDict()
  config.model.name = 'vgg14'
  config.model.dropout = 0.5

  config.loss = ConfigDict()
  config.loss.label_smoothing = 0.0
  config.loss.class_weights = 'none'

  config.optimizer = ConfigDict()
  config.optimizer.name = 'sgd'
  config.optimizer.learning_rate = 1e-3
  config.optimizer.l2 = 1e-4
  config.optimizer.momentum = 0.9

  config.schedule = ConfigDict()
  config.schedule.name = 'plateau'
  config.schedule.factor = 0.5
  config.schedule.patience = 5
  config.schedule.floor = 1e-5
  return config.lock()
