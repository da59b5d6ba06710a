"""A page for each experiment: `get_config()` gives its complete config, locked.

`omr train --config homus` takes the page homus.py. A page shows the keys that its choices read. A
variant takes the config of another page and shows what it changes, and so may a page of your own:

  from omr_jax.configs import homus

With --print_config, `omr train` prints the whole config instead of training.
"""
