"""Small helpers that know nothing of music, networks or data sets.

`files` writes a file completely or not at all, `paths` names the default folders, `rules` checks
values of a config, `digests` makes checksums of arrays, `interrupt` turns Ctrl-C into a question,
`revision` names the version of the code, `words` writes numbers for people.
May import: `omr_jax.errors` only.
"""
