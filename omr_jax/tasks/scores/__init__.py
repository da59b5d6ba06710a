"""Is this a picture of a music score, or of something else? Whole pictures, from any camera.

`recipe` trains it, `inputs` reads what people have, `data` loads folders of pictures, `evaluation`
chooses the threshold, `answers` counts what it does, `folds` and `pool` test on all folds or
sources; the others are what reports, exports and the human baseline say of pictures alone.
"""
