"""Commands of the package, answered by processes that have their imports already.

A command pays a second and more for its imports. The process in here pays them once and forks for
each command, which has its own flags, exit code and streams, as one that is started by a user.
"""

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from small_runs import ROOT
from waiting import HANG

# No module that defines flags or starts threads when it is imported.
IMPORTED = ('jax', 'flax.linen', 'optax', 'ml_collections.config_flags', 'PIL.Image', 'scipy.stats')
# For each command the server has a copy that waits for its end, so that several can run at a time.
SERVER = """
import atexit, contextlib, gc, importlib, json, os, runpy, signal, sys, traceback
for name in sys.argv[1:]:
  importlib.import_module(name)
gc.freeze()
for line in sys.stdin:
  job = json.loads(line)
  if os.fork() == 0:
    break
  with contextlib.suppress(ChildProcessError):  # There is none any more.
    while os.waitpid(-1, os.WNOHANG)[0]:
      pass
else:
  os._exit(0)
if command := os.fork():
  code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
  with open(job['code'], 'w') as pipe:
    pipe.write(str(code))
  os._exit(0)
signal.alarm(job['seconds'])
for number, path in enumerate(job['streams']):
  os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY), number)
os.environ.clear()
os.environ.update(job['environment'])
os.chdir(job['cwd'])
sys.stdin = os.fdopen(0, closefd=False)
sys.path[0] = job['cwd']
sys.argv = [job['module'], *job['arguments']]
code = None
try:
  runpy.run_module(job['module'], run_name='__main__', alter_sys=True)
except SystemExit as error:
  code = error.code
except BaseException:
  traceback.print_exc()
  code = 1
if not isinstance(code, int | None):
  print(code, file=sys.stderr)
  code = 1
atexit._run_exitfuncs()
sys.stdout.flush()
os._exit(code or 0)  # The interpreter's own end would free module by module what is imported.
"""


class Done(NamedTuple):
  """What a command has answered."""

  returncode: int
  stdout: str
  stderr: str


@functools.cache
def _server() -> subprocess.Popen:
  server = subprocess.Popen(
    [sys.executable, '-c', SERVER, *IMPORTED], stdin=subprocess.PIPE, cwd=ROOT, text=True
  )
  atexit.register(server.kill)
  return server


_ASKING = threading.Lock()


def answer(module, *arguments, stdin=os.devnull, cwd=ROOT, **variables) -> Done:
  """What `python -m module arguments` answers, with these environment variables besides.

  A command that hangs is ended.
  """
  with tempfile.TemporaryDirectory() as folder:
    code = Path(folder, 'code')
    os.mkfifo(code)
    streams = [str(stdin), *(str(Path(folder, name)) for name in ('stdout', 'stderr'))]
    job = {
      'module': module,
      'arguments': [str(each) for each in arguments],
      'streams': streams,
      'code': str(code),
      'environment': os.environ | variables,
      'cwd': str(cwd),
      'seconds': HANG,
    }
    with _ASKING:
      server = _server()
      server.stdin.write(json.dumps(job) + '\n')
      server.stdin.flush()
    return Done(int(code.read_text()), *(Path(path).read_text() for path in streams[1:]))


def together(*commands) -> list[Done]:
  """What several commands answer that run at the same time; each is a module and its arguments."""
  with ThreadPoolExecutor(len(commands)) as pool:
    return list(pool.map(lambda command: answer(*command), commands))


def refused(*arguments) -> tuple[int, str]:
  """Exit code and stderr of omr_jax.main where it refuses a command."""
  done = answer('omr_jax.main', *arguments)
  assert 'Traceback' not in done.stderr + done.stdout
  return done.returncode, done.stderr
