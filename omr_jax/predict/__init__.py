"""A trained network as a function of files, pictures and strokes, without JAX.

Call `classifier.load` (also `omr_jax.load`); `python -m omr_jax.predict` answers for any number of
files. `model_json` says what a program must know of a network (`model_schema` what each key must
be), `given` takes what programs give, `prepare` reads files, `onnx_session` runs exported models,
`boxes` says where on a page the music is. Only `from_run`, which opens the workdir of a run, needs
JAX. This folder may import training, tasks and all below them.
"""
