"""How many folds each data set is divided into.

The numbers stand apart from the builders so that a config can be checked without importing TFDS.
"""

SYMBOL_FOLDS = 10  # of HOMUS: the protocols writers_0 to writers_9 and inner_0 to inner_9
SCORE_FOLDS = 5  # of pictures in folders: the splits fold_0 to fold_4
PAGE_FOLDS = 5  # of the writers of MUSCIMA++: the protocols writers_0 to writers_4
