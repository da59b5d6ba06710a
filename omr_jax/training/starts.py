"""The code, hardware and libraries of each start of a run, on which its numbers also depend."""

import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import jax

from omr_jax.training import backend, processes
from omr_jax.utils.revision import revision

Start = dict[str, str]  # `revision`, `hardware` and `software`.


def here() -> Start:
  """This start. It is asked for early, since the code in the folder may change during the run."""
  hardware = [f'{jax.device_count()} x {jax.devices()[0].device_kind}']
  if jax.default_backend() == 'cpu':  # The threads share sums, and so their number rounds them.
    hardware += [f'{backend.threads()} threads', *processor()]
  if jax.process_count() > 1:
    hardware.append(f'{jax.process_count()} processes')
  software = [f'{name} {version(name)}' for name in ('jax', 'jaxlib')]
  if os.environ.get('XLA_FLAGS'):
    software.append(f'XLA_FLAGS={os.environ["XLA_FLAGS"]}')
  return {
    'revision': revision(),
    'hardware': ', '.join(hardware),
    'software': ', '.join(software),
  }


def going_on(before: Sequence[Start], now: Start, workdir: Path) -> list[Start]:
  """The starts of a run that goes on; says on stderr how this one differs from the one before.

  Args:
    before: The different starts until now, in their order; none if an earlier version made them.
    now: The latest start.
    workdir: The folder of the run.
  """
  if not before or now == before[-1]:
    return list(before) or [now]
  last = before[-1]
  changed = [key for key in now if now[key] != last.get(key)]
  was, is_now = (', '.join(start.get(key, 'unknown') for key in changed) for start in (last, now))
  if processes.is_first():
    print(
      f'{workdir}: this run was trained with {was} and goes on with {is_now}. Its numbers may not '
      'be exactly those of a run without this change.',
      file=sys.stderr,
    )
  return [*before, now]


def facts(starts: Sequence[Start]) -> dict:
  """The facts for the summary: the first start, and all starts if they differ."""
  return {**starts[0], **({'starts': list(starts)} if len(starts) > 1 else {})}


def processor() -> list[str]:
  """The processor's name in a list, or an empty list: XLA compiles for the instructions it has."""
  try:
    lines = Path('/proc/cpuinfo').read_text(errors='replace').splitlines()
  except OSError:  # Not on Linux.
    lines = []
  names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
  return list(filter(None, [*names, platform.processor()]))[:1]
