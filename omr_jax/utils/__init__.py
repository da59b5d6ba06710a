"""Small helpers that know nothing of music, networks or data sets.

`files` writes a file completely or not at all, `locks` keeps two processes from doing the same,
`paths` names folders, `arguments` makes the parsers of commands, `ending` turns their errors into
messages and exit codes, `streams` mends their standard streams, `extras` names missing libraries,
`rules` checks values of a config, `interrupt` notes Ctrl-C, `revision` names the version of the
code, `words` writes durations and sizes, and makes foreign texts safe to print. This folder may
import errors only.
"""
