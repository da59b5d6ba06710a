"""Turns what people have (strokes, pictures, documents) into what networks read.

`stroke_files` and `documents` read files, `pictures` decodes and resizes pictures, `views` cuts a
picture into overlapping parts. `whole_pages` reads pages to be searched for symbols, `windows` cuts
them, `peaks` finds boxes in what a detector says of a window; `symbol_names` has the names of
symbols, `mung` reads and writes annotations of pages. `documents` tells files apart by
`signatures`, and lets `isolated` read those that could take any memory or time in a process of its
own (`child`, `page_reader`, `pdf`); `budget` limits the memory of a picture. `render` draws
strokes, `symbol_picture` traces a picture of one symbol back to strokes, `pen_path` and `simplify`
bring strokes to arrays of a fixed length. Nothing here needs JAX or Flax, so that an exported
network can be used without them. This folder may import structure, tasks.task, utils and errors.
"""
