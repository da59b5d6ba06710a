"""Turns what people have (strokes, pictures, documents) into what networks read.

Files: `documents` reads pictures and PDFs page by page, and tells them apart by `signatures`.
`pictures` decodes ordinary pictures (with `pillow_setup` and `bit_depth`); what could take any
memory or time, `isolated` reads in a process of its own (`child_process`, `child`, `page_reader`,
`pdf`). `budget` limits the memory of a picture. `stroke_files` reads strokes, whose format and
classes are in `strokes`.

Pictures of scores: `views` cuts a picture into overlapping parts, which `resizing` resizes.

Symbols: `render` draws strokes, `symbol_picture` traces a picture of one symbol back to strokes
(`thinning`), `pen_path` and `simplify` bring strokes to arrays of a fixed length.

Pages: `whole_pages` reads pages to be searched for symbols, `windows` cuts them, `peaks` finds
boxes in what a detector says of a window (`box_kinds`, `overlap`), and `tall` completes those that
join several staves. `symbol_names` has the names of symbols, `mung` reads and writes annotations.

`geometry` has rules that drawing, networks and augmentation share. Nothing here needs JAX or Flax,
so that an exported network can be used without them. This folder may import structure, tasks.task,
utils and errors.
"""
