"""Numbers from answers: what a finished run is worth, in plain NumPy and SciPy.

`metrics` has accuracy, intervals, calibration and comparisons for any number of classes, `binary`
and `curves` those for two classes, `boxes` those for boxes found on pages, which `box_matching` has
matched with the true ones. `decision` chooses and keeps the threshold and the temperature of a run,
`confidence` computes how sure an answer by a threshold is. `evaluated` is what the evaluation at
the end of a run leaves, and `finished_run.read` reads the run's folder; `evaluation_file` has its
arrays and `history` the format of metrics.jsonl.
This folder may import data and all below it.
"""
