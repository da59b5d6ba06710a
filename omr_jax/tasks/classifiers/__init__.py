"""What symbols and scores have in common: in both tasks, a network gives one class to each example.

`training` has their loss and `limits` the values of its keys, `evaluation` validates and tests
networks, `run` is a finished run with its answers, `report` measures it, and `page` shows it with
`confusions`. `outputs` and `examples` are about exported networks, and `card` is about their model
cards.

Every module of the two tasks that needs one of these functions imports it from here under the name
that `tasks.task` asks for. What a task adds of its own is listed in `classifiers.evaluation` and
`classifiers.page`. This folder may import report and all below it, but none of the tasks.
"""
