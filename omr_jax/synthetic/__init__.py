"""Pictures that code draws, so that nothing real is needed for training, tests and demonstrations.

`probes.probes` has pictures with a known answer to "is this music?", `probes.papers` and
`scenes.scenes` pictures without music to train with, `scans.crops` symbols as if cut out of scans.
`music`, `papers` and `alterations` draw pages, with `staff_ink`, `printing` and `words`. Pillow,
NumPy and SciPy only, without JAX.
It may import models and all below them.
"""
