"""Gives the configs of earlier versions' runs and models the keys of today."""

from collections.abc import Mapping
from typing import Any

from omr_jax.tasks.task import Task


def with_keys_of_today(config: Mapping[str, Any], task: Task) -> dict[str, Any]:
  """A config with the keys of `limits.LATER` that it lacks, and without those of `limits.GONE`.

  Args:
    config: Read from JSON. Sections that it lacks, or that are no objects, are left as they are.
    task: Its task.
  """
  today = {name: dict(each) if isinstance(each, dict) else each for name, each in config.items()}
  for key, value in task.limits.LATER.items():
    section, _, name = key.partition('.')
    if isinstance(today.get(section), dict):
      today[section].setdefault(name, value)
  for key in task.limits.GONE:
    section, _, name = key.partition('.')
    if isinstance(today.get(section), dict):
      today[section].pop(name, None)
  return today
