"""Finds the staves, systems and measures of pages: the command `omr detect`.

`pages.detected` finds them on one page, `overlay.svg` draws them over the page, `compare.table`
measures them against true annotations. This folder may import predict, evaluation, structure,
inputs and utils.
"""
