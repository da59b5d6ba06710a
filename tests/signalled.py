"""omr_jax.main, to which a signal comes at a known moment: `main(signal, step, *arguments)`.

SIGTERM and SIGINT come after so many steps of this start, SIGKILL in the middle of the first save.
They are real signals of the system, which the process sends to itself. Each epoch is saved.

  python -m tests.signalled SIGTERM 17 --config=homus ...
"""

import os
import runpy
import signal
import sys

from orbax.checkpoint._src.serialization import ocdbt_utils

from omr_jax.training import loop


class Counted(loop.tqdm):
  """The progress bar; it sends the signal."""

  steps, last, number = 0, 0, 0

  def update(self, n: int) -> None:
    Counted.steps += n
    if Counted.steps == Counted.last:
      os.kill(os.getpid(), Counted.number)


async def die(*_, **__) -> None:
  """Stands for what Orbax does between writing the arrays and renaming their folder."""
  os.kill(os.getpid(), signal.SIGKILL)


if __name__ == '__main__':
  name, step, *arguments = sys.argv[1:]
  loop.MOST_SAVING = float('inf')
  if name == 'SIGKILL':
    ocdbt_utils.merge_ocdbt_per_process_files = die
  else:
    Counted.last, Counted.number = int(step), getattr(signal, name)
    loop.tqdm = Counted
  sys.argv[1:] = arguments
  runpy.run_module('omr_jax.main', run_name='__main__', alter_sys=True)
