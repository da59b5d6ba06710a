"""Is this a picture of a music score, or of something else? Whole pictures, from any camera.

`data` loads folders of pictures, `recipe` says how a network is trained on them, `limits` says what
values may be, and `inputs` turns files and pictures into a network's inputs. `evaluation` chooses
the threshold, `answers` counts right and wrong answers, `folds` and `pool` test on all folds or
sources. The other modules are the parts of report and examples that only pictures have.
"""
