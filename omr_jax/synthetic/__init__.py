"""Pictures that code draws, or makes from real ones, for training, tests and demonstrations.

`probes.probes` has pictures with a known answer to "is this music?", `probes.papers` and
`scenes.scenes` pictures without music to train with, `kinds.drawn` those of both classes that
real data lacks, `scans.crops` symbols as if cut out of scans. `cuts.cuts` makes strips, a few bars
and others out of real pictures. The other modules draw: music (`music`, `snippets`, `notations`),
paper and screens (`papers`, `sheets`, `charts`, `codes`, `patterns`, `lettering`). Without JAX.
It may import models and all below them.
"""
