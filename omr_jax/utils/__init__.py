"""Small helpers that know nothing of music, networks or data sets.

- Files: `files` writes one completely or not at all, `locks` keeps two processes from writing the
  same one, and `paths` names folders.
- Threads: `thread_locks` has locks that a fork of the process finds free.
- Commands: `arguments` makes their parsers, `ending` turns their errors into messages and exit
  codes, `streams` mends their standard streams, and `interrupt` notes Ctrl-C.
- Texts: `words` writes durations and sizes, and makes foreign texts safe to print; `progress` shows
  how far work is that takes long.
- Others: `extras` names missing libraries, `rules` checks values of a config, `revision` names the
  version of the code, `curves` draws smooth lines, and `ray_cluster` joins or starts a Ray cluster.

This folder may import errors only.
"""
