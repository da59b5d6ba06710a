"""Numbers from answers: what a finished run is worth, in plain NumPy and SciPy.

`metrics` has accuracy, intervals, calibration and comparisons for any number of classes, `binary`
and `curves` those for two classes. `decision` chooses and keeps the threshold and the temperature
of a run. `finished_run.read` reads a run's folder, `history` knows the lines of metrics.jsonl.
May import: `omr_jax.tasks.task`, `omr_jax.utils` and `omr_jax.errors`.
"""
