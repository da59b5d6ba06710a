"""A trained network as a function of files, pictures and strokes, without JAX.

Call `classifier.load` (also `omr_jax.load`); `python -m omr_jax.predict` answers for any number of
files. `prepare` makes inputs from files, `given` from whatever a program gives. `onnx_session` runs
exported models. `model_json` describes a network, and `model_schema` has the values that the keys
of model.json may have. `boxes` finds where on a page the music is. Only `from_run`, which opens the
workdir of a run, needs JAX. This folder may import training, tasks and all below them.
"""
