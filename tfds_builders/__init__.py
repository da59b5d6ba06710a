"""TFDS builders that prepare the data sets omr_jax trains on, without TensorFlow.

Call `homus.prepare` for symbols, `music_scores.prepare` for pages and other pictures, and
`muscima_pp.prepare` or `typeset.prepare` for pages with the boxes of everything on them. The
modules here serve all of them. They may import `omr_jax.errors`, `omr_jax.inputs`,
`omr_jax.structure` and `omr_jax.utils`. Only tasks and `omr_jax.data` import them, besides
`omr_jax.doctor`, for the names of the data sets, and `omr_jax.web`, for symbols that are made up.
"""
