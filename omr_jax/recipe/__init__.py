"""A config, checked, made into the parts of a run.

`command_line` reads it from flags, and `members` makes several of one with lists.
`config_keys.finished` checks it and leaves just the keys that its choices read, `recipe.create`
makes the parts, and `hyperparameters` are the numbers in which the members of a population may
differ. The rules are in `check` and `limits`. It may import evaluation and all below it.
"""
