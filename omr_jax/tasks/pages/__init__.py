"""Where is what on a page of music? Every symbol of a whole page, found and named.

For training, `data_sets` has the pages and `data` their arrays, `tiles` makes what windows are
taken from, `sprites` cuts out symbols that are pasted onto other pages, `recipe` says how a
detector is trained, and `loss` what it learns from. `inputs` describes its inputs and outputs, and
`limits` says what values may be.

For a test, `evaluation` finds the symbols of the pages of a split, `decide` chooses which of them
count, `matching` compares them with the true ones, and `folds` joins the runs of all folds. `run`
is a finished run with what was found; `report` measures it, and `page`, `overlays` and `mistakes`
show it. `other_data` gives the pages that `omr_jax.evaluate` measures a model on. `card` and
`examples` are about exported networks.
"""
