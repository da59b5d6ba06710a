"""Functions that a thread compiles before their first call."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from omr_jax.training import ahead

TWO = jax.ShapeDtypeStruct((2,), np.float32)


def test_the_call_does_not_trace_again():
  traced = []

  def product(number, array):
    traced.append(array.shape)
    return number * array

  function = partial(jax.jit(product), np.float32(3))
  ahead.begin(function, TWO)()
  np.testing.assert_array_equal(function(np.float32([1, 2])), [3, 6])
  assert traced == [(2,)]


def test_the_call_raises_the_errors_of_the_compiler():
  function = partial(jax.jit(jnp.add, compiler_options={'no_such_option': 1}), np.float32(3))
  ahead.begin(function, TWO)()
  with pytest.raises(jax.errors.JaxRuntimeError, match='no_such_option'):
    function(np.float32([1, 2]))
