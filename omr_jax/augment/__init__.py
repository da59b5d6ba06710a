"""Random changes of training examples, computed on the device inside the jitted training step.

For pictures: `affine.moved` (rotation, zoom, shear, shift) or `camera.look` (a phone's photo).
For strokes: `handwriting.rewritten` moves them, then `rasterize.new_pictures` or, with what
surrounds a symbol on a page, `crops.new_crops` draws them. Every random number follows from the key
that is passed, whatever the number of devices. This folder may import models and all below it.
"""
