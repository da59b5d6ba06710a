"""What networks are asked: a folder for each task, and `task`, the protocol they all follow.

Everything else in omr_jax is written once for every task. Start with `task.Task`: its attributes
say what each module of a task's folder has. A new task is one more folder and one more line of
`task.TASKS`. A task may import report, recipe and all below them; `task` itself imports only
errors.
"""
