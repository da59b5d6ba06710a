"""Compiles a function before its first call, in a thread, while the program does other work."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import jax


def begin(function: Any, *arguments: Any) -> Callable[[], None]:
  """Traces a jitted function now and lets a thread compile it; the compiler needs no Python.

  JAX keeps the result for the first call with such arguments. Errors of the compiler are raised by
  that call, which then compiles once more.

  Args:
    function: One of the functions of a `Trainer`: `functools.partial` of a jitted function.
    *arguments: The other arguments of the call, or `jax.ShapeDtypeStruct`s with their shardings.

  Returns:
    A function that waits for the end of compiling; call it before `function`.
  """
  if jax.process_count() > 1:  # All processes should ask for the same programs in one order.
    return lambda: None
  lowered = function.func.lower(*function.args, *arguments)
  thread = threading.Thread(target=_compile, args=[lowered], name='compile')
  thread.start()
  return thread.join


def _compile(lowered: jax.stages.Lowered) -> None:
  with contextlib.suppress(Exception):  # The call compiles again, and raises the same error.
    lowered.compile()
