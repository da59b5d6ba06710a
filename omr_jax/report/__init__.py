"""Reports of finished runs: pages, figures, tables, comparisons.

`write.write` measures a run and writes its report and summary; `compare.compare` compares runs;
`python -m omr_jax.report` does both for finished runs. `parts` and `figures` are the HTML and the
drawings of which the pages of tasks and sweeps are made too.
It may import recipe and all below it.
"""
