"""Where what is on a page of music: the command `omr detect`.

`pages.detected` answers for a page, `overlay.svg` draws the answer over the page, `compare.table`
measures answers against true annotations. It may import predict, evaluation, structure, inputs and
utils.
"""
