"""A trained network as a function of files, pictures and strokes, without JAX.

Call `loading.load` (also `omr_jax.load`), which gives a `classifier.Classifier` or a
`detector.Detector`; `python -m omr_jax.predict` answers for any number of files: `answers` makes
their `rows`, in this process or in those of a `pool`; `shards` cuts long lists, which `on_ray`
spreads over a cluster, and `parquet` is one of the formats of what is written. `prepare` makes
inputs from files, `given` from whatever a program gives. `models` opens networks; `onnx_session`
runs exported ones. `model_json` describes a network, and `model_schema` has the values that the
keys of model.json may have. `boxes` finds where on a page the music is. Only `from_run`, which
opens the workdir of a run, needs JAX. This folder may import training, tasks and all below them.
"""

import os

# From version 1.29 on, ONNX Runtime sends to its makers which models a program runs, and keeps a
# number of the machine in the home folder. It reads this variable when it is imported.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
