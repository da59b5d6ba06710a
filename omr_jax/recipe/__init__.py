"""A config, checked, made into the parts of a run.

`command_line` reads a config from flags, `pages` finds and reads its page (the Python file that
gives it), and `members` makes several configs from one whose values are lists of numbers.
`config_keys.finished` checks a config, by the rules in `check` and `limits`, and leaves only the
keys that its choices read. `recipe.create` makes the parts: network, augmentation, loss, and the
optimizer by `optim`. `hyperparameters` has the numbers in which the members of a population may
differ. `writers` has what tasks with folds of writers share. This folder may import evaluation and
all below it.
"""
