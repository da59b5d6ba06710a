"""TFDS builders of the data that omr_jax trains on."""
