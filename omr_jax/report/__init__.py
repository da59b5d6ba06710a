"""Reports of finished runs: pages, figures, tables, comparisons.

`write.write` measures a run and writes its report and summary; `compare.compare` compares runs;
`python -m omr_jax.report` does both for finished runs. `templates.page` makes an HTML page from
sections, also for tasks and sweeps; the templates of sections are beside the code. `parts`,
`gallery` and `figures` make what sections show, `of_training` those on the training. This folder
may import recipe and all below it.
"""
