"""Training: from checked configs to finished runs. Start reading in `step.py`.

`loop.train_all` trains a population, `loop.train_and_evaluate` a run alone; `trained.load` reads
what a run has trained. `backend.start` comes before anything else that uses JAX.

Imports `recipe`, `report`, `evaluation`, `data`, `tasks.task` and what lies below them.
"""
