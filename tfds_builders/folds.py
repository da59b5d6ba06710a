"""How many folds each data set is divided into, and which splits they become.

These stand apart from the builders so that a config can be checked without importing TFDS.
"""

SYMBOL_FOLDS = 10  # of HOMUS: the protocols writers_0 to writers_9 and inner_0 to inner_9
SCORE_FOLDS = 5  # of pictures in folders: the splits fold_0 to fold_4
PAGE_FOLDS = 5  # of the writers of MUSCIMA++: the protocols writers_0 to writers_4


def split_of(number: int, fold: int, folds: int) -> str:
  """The split of what is dealt to the folds in turn as this number.

  `fold` is the test, the next one (the first one follows the last) the validation; the others
  train.
  """
  return {fold: 'test', (fold + 1) % folds: 'validation'}.get(number % folds, 'train')
