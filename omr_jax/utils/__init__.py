"""Small helpers that know nothing of music, networks or data sets.

`files` writes a file completely or not at all, `paths` names folders, `arguments` makes
the parsers of commands, `rules` checks values of a config, `digests` makes checksums of arrays,
`interrupt` notes Ctrl-C, `revision` names the version of the code, `words` writes durations
and sizes, and makes texts of others safe to print. It may import errors only.
"""
