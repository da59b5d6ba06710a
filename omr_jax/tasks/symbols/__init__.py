"""Which of 32 handwritten music symbols is this? Strokes or pictures of one symbol, from HOMUS.

`recipe` trains it, `inputs` reads what people have, `data` loads HOMUS, `folds` trains on all
writers in turn; the others are what reports, exports and the human baseline say of symbols alone.
"""
