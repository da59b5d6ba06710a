"""A page for each experiment: `get_config()` gives its complete config, locked.

A page shows the keys that its choices read. A variant takes the config of another page and shows
what it changes. With --print_config, `python -m omr_jax.main` prints the whole config instead of
training.
"""
