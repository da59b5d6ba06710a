"""Reports of finished runs: pages, figures, tables, comparisons.

`write.write` measures a run and writes its report and summary; `compare.compare` compares runs;
`python -m omr_jax.report` does both for finished runs. `templates.page` makes pages, also for tasks
and sweeps: of sections, whose templates are beside the code. `parts`, `gallery` and `figures` make
what they show. This folder may import recipe and all below it.
"""
