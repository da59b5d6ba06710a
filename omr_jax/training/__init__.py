"""Training: from checked configs to finished runs. Start reading in `step.py`.

`loop.train_all` trains a population of runs, and `loop.train_and_evaluate` a run alone.
`trained.load` loads the network of a run. `starts` notes the code and hardware of a run. Call
`backend.start` before anything else uses JAX.

This folder may import report and all below it, and `tasks.task`, but neither of the tasks.
"""
