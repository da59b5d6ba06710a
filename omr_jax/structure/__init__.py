"""Finds the structure of a page of music: staff space, staff lines, staves, systems, measures.

Call `find.structure` with a grey picture. `structure` has the types of the results,
`structure_json` reads and writes them, and `arrays` stores pages in data sets. All is computed with
NumPy and SciPy, without a network. This folder may import utils and errors.
"""
