"""Prepared data sets as arrays, for every task.

`dataset.Dataset` is what a run trains and tests on, `dataset.epoch_order` the order of an epoch's
examples, `cache.cached` keeps arrays on the disk that are expensive to make. Each task has a module
`data`, whose `load` says what its arrays hold. This folder may import augment, synthetic and all
below them; only it and the tasks may import tfds_builders.
"""
