"""Which of 32 handwritten music symbols is this? Strokes or pictures of one symbol, from HOMUS.

`data` loads HOMUS, `recipe` says how a network is trained on it, `limits` says what values may be,
`inputs` turns files, pictures and strokes into a network's inputs, and `folds` joins the runs that
together test on all writers. `other_data` and `page_symbols` are further tests. The other modules
are the parts of evaluation, report, card and examples that only symbols have.
"""
