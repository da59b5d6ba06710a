"""Prepared data sets as arrays, for every task.

`dataset.Dataset` is what a run trains and tests on, `dataset.epoch_order` the order of an epoch's
examples, `cache.cached` keeps arrays on the disk that are expensive to make. Each task has a module
`data`, whose `load` says what its arrays hold.
May import: `omr_jax.utils`, `omr_jax.errors`, and `tfds_builders`, as the tasks do.
"""
