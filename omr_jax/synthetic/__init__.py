"""Pictures that code draws, or makes from real ones, for training, tests and demonstrations.

What other folders call:

- `probes.probes` makes pictures whose right answer to "is this music?" is known;
- `probes.papers` and `scenes.scenes` make pictures without music to train with, and `kinds.drawn`
  pictures of both classes that real data lacks;
- `cuts.cuts` cuts strips, a few bars and other parts out of real pictures;
- `moved_pages.moved` shows pages as scanners and cameras do;
- `scans.crops` makes symbols as if cut out of scans;
- `recorded_pages.example` makes pages of music with the boxes of their symbols;
- `foreign_strokes` writes what is no music symbol, stroke by stroke, with `hand` and `scribbles`.

The other modules are what these are made of:

- music: `music`, `full_music`, `snippets` and `notations` draw it with `signs` and `further_signs`;
  `systems` places the staves, `staff_ink` is the pen, `record` notes what was drawn where, and
  `flat_staves` finds staves in flat pictures;
- paper and screens: `papers`, `sheets`, `charts`, `codes`, `patterns` and `lettering`, from the
  parts in `printing`, with `fonts` and `words`;
- changes of whole pictures: `looks` and `alterations`.

Nothing here uses JAX. This folder may import models and all below them.
"""
