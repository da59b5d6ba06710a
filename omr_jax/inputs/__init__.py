"""What people have (strokes, pictures, documents), turned into what networks read.

`stroke_files` and `documents` read files, `pictures` decodes and resizes pictures, `views` cuts a
picture into overlapping parts. `documents` tells files apart by `signatures`, and has `isolated`
read what could take any memory or time in a process of its own (`child`, `page_reader`, `pdf`);
`budget` is the memory of a picture. `render` draws strokes, `symbol_picture` traces a picture of
one symbol back to strokes, `pen_path` and `simplify` bring strokes to arrays of a fixed length.
Runs without JAX and Flax, so that an exported network can be used without them.
It may import tasks.task, utils and errors.
"""
