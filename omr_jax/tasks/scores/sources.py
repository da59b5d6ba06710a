"""The names of the sources of training pictures that code has drawn or cut out.

A real picture has the source `LABEL/FOLDER`, which the builder gives it.
"""

DRAWN = 'drawn '  # Before the name of a kind of `synthetic.kinds`.
PAPERS = f'{DRAWN}papers'
SCENES = f'{DRAWN}scenes'
CUT = ' (cut)'  # After the source of the picture that was cut.
