"""Pictures that code draws, or makes from real ones, for training, tests and demonstrations.

Call `probes.probes` for pictures whose right answer to "is this music?" is known, `probes.papers`
and `scenes.scenes` for pictures without music to train with, `kinds.drawn` for pictures of both
classes that real data lacks, `cuts.cuts` for strips, a few bars and others that are cut out of real
pictures, `moved_pages.moved` for pages as scanners and cameras show them, `scans.crops` for symbols
as if cut out of scans, and `recorded_pages.example` for pages of music with the boxes of their
symbols. `foreign_strokes` writes what is no music symbol, stroke by stroke, with `hand` and
`scribbles`. The other modules draw music (`music`, `full_music`, `snippets`, `notations`), paper
and screens (`papers`, `sheets`, `charts`, `codes`, `patterns`, `lettering`), or change pictures
(`looks`, `alterations`). Nothing here uses JAX. This folder may import models and all below them.
"""
