"""The questions that networks answer: a folder for each task, and `task`, the protocol of all.

Everything else in omr_jax is written once for all tasks. Start with `task.Task`: its properties
list what each module of a task's folder must have. Two of the three tasks, symbols and scores, give
one class to each example: what they have in common is in `classifiers`. A new task is one more
folder and one more entry of `task.TASKS`. A task may import classifiers, report and all below
report; `task` itself imports only errors. `earlier` reads the configs of earlier versions.
"""
