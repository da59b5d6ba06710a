"""Random changes of training examples, computed on the device inside the jitted training step.

For pictures: `affine.moved` (rotation, zoom, shear, shift) or `camera.look` (a phone's photo, with
`camera_geometry` and `camera_photometry`). For strokes: `handwriting.rewritten` moves them, then
`rasterize.new_pictures` draws them; or `crops.new_crops` does, with what surrounds a symbol on a
page (`clutter`). For pages: `pasting.paste` adds symbols of other pages, and `page_windows.look`
takes windows. Every random number follows from the key that is passed, whatever the number of
devices. This folder may import models and all below it.
"""
