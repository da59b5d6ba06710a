"""Reports of finished runs: pages, figures, tables, comparisons.

`write.write` measures a run and writes its report and summary; `compare.compare` compares runs;
`python -m omr_jax.report` does both for finished runs. `parts` and `figures` make HTML and
drawings, also for the pages of tasks and sweeps. This folder may import recipe and all below it.
"""
