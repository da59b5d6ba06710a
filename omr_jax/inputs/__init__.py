"""Turns what people have (strokes, pictures, documents) into what networks read.

`stroke_files` and `documents` read files, `pictures` decodes and resizes pictures, `views` cuts a
picture into overlapping parts. `documents` tells files apart by `signatures`, and lets `isolated`
read those that could take any memory or time in a process of its own (`child`, `page_reader`,
`pdf`); `budget` limits the memory of a picture. `render` draws strokes, `symbol_picture` traces a
picture of one symbol back to strokes, `pen_path` and `simplify` bring strokes to arrays of a fixed
length. Nothing here needs JAX or Flax, so that an exported network can be used without them. This
folder may import tasks.task, utils and errors.
"""
