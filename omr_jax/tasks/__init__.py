"""The questions that networks answer: a folder for each task, and `task`, the protocol of all.

Everything else in omr_jax is written once for all tasks. Start with `task.Task`: its properties
list what each module of a task's folder must have. `classifiers` has what the tasks share whose
networks give one class to each example. A new task is one more folder and one more entry of
`task.TASKS`. A task may import report and all below it; `task` itself imports only errors.
"""
