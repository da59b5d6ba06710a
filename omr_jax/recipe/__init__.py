"""A config, checked, made into the parts of a run.

`command_line` reads a config from flags, `pages` finds and reads its page, and `members` makes
several configs of one in which lists of numbers stand for values. `config_keys.finished` checks a
config, by the rules in `check` and `limits`, and leaves only the keys that its choices read.
`recipe.create` makes the parts, and `hyperparameters` has the numbers in which the members of a
population may differ. `writers` has what tasks with folds of writers share. This folder may import
evaluation and all below it.
"""
