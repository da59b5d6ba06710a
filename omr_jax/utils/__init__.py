"""Small helpers that know nothing of music, networks or data sets.

`files` writes a file completely or not at all, `locks` keeps two processes from doing the same,
`paths` names folders, `arguments` makes the parsers of commands, `ending` ends them in words,
`streams` has their standard streams, `extras` names libraries that are missing, `rules` checks
values of a config, `interrupt` notes Ctrl-C, `revision` names the version of the code, `words`
writes durations and sizes, and makes texts of others safe to print. It may import errors only.
"""
