"""Finds the structure of a page of music: staff space, staff lines, staves, systems, measures.

Call `find.structure` with a grey picture; `staves.staves` gives the staves alone. `structure` says
what the results are, `structure_json` reads and writes them. Computed with NumPy and SciPy, without
a network.
It may import utils and errors.
"""
