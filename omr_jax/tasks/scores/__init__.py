"""Is this a picture of a music score, or of something else? Whole pictures, from any camera.

`data` loads folders of pictures, to which `arrays` adds cuts of them and drawn pictures; `sources`
names where each comes from. `recipe` says how a network is trained on them, `limits` says what
values may be, and `inputs` turns files and pictures into a network's inputs. `evaluation` chooses
the threshold, `answers` and `shapes` count right and wrong answers, and `folds` and `pool` join
runs that were tested on different folds or sources, for `pooled_page` to show. The other modules
are the parts of report, card and examples that only pictures have.
"""
