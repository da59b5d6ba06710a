"""TFDS builders that prepare the data sets omr_jax trains on, without TensorFlow.

Call `homus.prepare` for symbols and `music_scores.prepare` for pages and other pictures.
The modules here serve both. They may import `omr_jax.errors`, `omr_jax.inputs` and `omr_jax.utils`,
and only `omr_jax.data` imports them.
"""
