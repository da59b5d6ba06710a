"""Where is what on a page of music? Every symbol of a whole page, found and named.

`data` loads pages and `tiles` makes what training takes windows from, `recipe` says how a detector
is trained and `loss` to what, `inputs` describes its inputs and outputs, `evaluation` finds symbols
on the pages of a split, `run` is a finished run with what was found, and `report`, `page` and
`drawn` show it. `limits` says what values may be.
"""
