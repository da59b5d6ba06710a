"""A trained network as a function of files, pictures and strokes, without JAX.

Call `loading.load` (also `omr_jax.load`), which gives a `classifier.Classifier` or a
`detector.Detector`. `models` opens their networks: `onnx_session` runs exported ones, and
`from_run`, which alone needs JAX, opens the workdir of a run. `model_json` describes a network, and
`model_schema` has the values that the keys of model.json may have. `prepare` makes inputs from
files, `given` from whatever a program gives, and `boxes` finds where on a page the music is.

`python -m omr_jax.predict` classifies any number of files: `listing` finds them, `answers` makes
their `rows`, in this process or in those of a `pool`; `shards` cuts long lists, which `on_ray`
spreads over a cluster, and `parquet` is one of the formats of what is written. This folder may
import training, tasks and all below them.
"""

import os

# From version 1.29 on, ONNX Runtime sends to its makers which models a program runs, and keeps a
# number of the machine in the home folder. It reads this variable when it is imported.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
