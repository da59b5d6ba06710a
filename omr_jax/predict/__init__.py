"""A trained network as a function of files, pictures and strokes, without JAX.

Call `classifier.load` (also `omr_jax.load`); `python -m omr_jax.predict` answers for any number of
files. `model_json` says what a program must know of a network (`model_schema` what each key must
be), `prepare` reads files for it, `onnx_session` runs exported models. Only `from_run`, which opens
the workdir of a run, needs JAX.
It may import training, tasks and all below them.
"""
