"""Finds the staves, systems, measures and symbols of pages: the command `omr detect`.

`pages.detected` finds them on one page, a finder of `finders` on many. `files.write` writes a
page's folder: `page_json`, `page_mung` and `overlay`, with its `legend`, make some of its files.
`annotations.read` reads true annotations and found ones, in several formats (`coco`), and
`compare.table` measures one by the other. `earlier` removes the results of an earlier run. This
folder may import predict, evaluation, structure, inputs and utils.
"""
