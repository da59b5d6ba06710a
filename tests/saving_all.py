"""A command that trains; each epoch is saved, however short, and the pages of runs are empty.

python -m tests.saving_all omr_jax.main --config=homus ...
"""

import runpy
import sys

from omr_jax.training import loop
from tests.made_runs import no_page

if __name__ == '__main__':
  loop.MOST_SAVING = float('inf')
  del sys.argv[0]
  with no_page():
    runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)
