"""Training: from checked configs to finished runs. Start reading in `step.py`.

A population is several runs that one program trains; a run alone is a population of one.
`loop.train_all` trains a population, and `loop.train_and_evaluate` a run alone: `trainer` compiles
the step for all members, `ahead` before its first call, `feed` brings the examples to the devices,
`validation` follows each epoch, `finish` tests. `state` is what `checkpoint` saves, `workdir` the
folder of a run. `devices` shares the work among devices, `processes` joins several processes.
`trained.load` loads the network of a run, and `inference` asks it. `starts` notes the code and
hardware of a run, `metrics_log` its metrics; `console` prints. Call `backend.start` before anything
else uses JAX; it also has `memory` set the C library.

This folder may import report and all below it, and of the tasks only `tasks.task` and
`tasks.earlier`.
"""
