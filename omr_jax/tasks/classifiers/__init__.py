"""What the tasks share whose networks give one class to each example: symbols and scores.

`training` has their loss and `limits` the values of its keys, `evaluation` validates and tests
networks, `run` is a finished run with its answers, `report` measures it and `page` shows it.
`outputs` and `examples` are about exported networks. A module of such a task imports from here what
it has in common with the others. Besides the functions that every task has (`tasks.task`), it has
those that `classifiers.evaluation` and `classifiers.page` list. This folder may import report and
all below it, but none of the tasks.
"""
