"""The loss of maps that are right, and of ones that are wrong by a known amount."""

import jax
import jax.numpy as jnp
import numpy as np

from omr_jax.tasks.pages import loss

ROWS = COLUMNS = 16
BOX = (12.0, 14.0, 20.0, 22.0)  # 4 x 4 cells around the middle of (8, 9) in cells.
CLASS = 1
KINDS = jnp.array([2, 1, 1])  # Of three classes.


def outputs(right=0.0):
  """Maps that find the object, with boxes that are `right` cells too far to the right."""
  heat = np.full((1, ROWS, COLUMNS, 3), -30, np.float32)
  heat[0, 9, 8, CLASS] = 30
  edges = np.full((1, ROWS, COLUMNS, 3, 4), 99, np.float32)  # Other kinds are far away.
  y, x = np.mgrid[:ROWS, :COLUMNS] + 0.5
  edges[0, ..., 1, 0], edges[0, ..., 1, 1], edges[0, ..., 1, 2:] = 8 - x + right, 9 - y, np.log(4)
  return {'heat': jnp.array(heat), 'edges': jnp.array(edges)}


@jax.jit
def with_gradients(found, boxes, classes):
  return jax.value_and_grad(loss.loss)(found, boxes[None], classes[None], KINDS)


def of(found, boxes=(BOX,), classes=(CLASS,)):
  # Two boxes, the second one of no object unless it is given: one shape, and so one program.
  two = jnp.array([*boxes, BOX][:2], jnp.float32), jnp.array([*classes, -1][:2])
  return float(with_gradients(found, *two)[0])


def test_right_maps_have_no_loss():
  assert abs(of(outputs())) < 1e-5


def test_a_shift_of_a_cell():
  # IoU 12 / 20; a fifth of what both cover, squared, over two axes; 1 / 4 of the code, times 1 / 4.
  np.testing.assert_allclose(of(outputs(right=1.0)), 0.4 + 0.02 + 0.0625, rtol=1e-4)


def test_the_loss_is_that_of_an_object():
  twice = [BOX, BOX]
  np.testing.assert_allclose(of(outputs(1.0), twice, [1, 1]), of(outputs(1.0)), rtol=1e-5)


def test_no_object():
  # A log-odds of 30 in a cell that should be empty costs 30.
  np.testing.assert_allclose(of(outputs(), [BOX], [-1]), 30, rtol=1e-4)
  outside = (40.0, 14.0, 48.0, 22.0)
  np.testing.assert_allclose(of(outputs(), [outside], [CLASS]), 30, rtol=1e-4)


def test_boxes_that_leave_the_window_train_the_heat_alone():
  wide = (-30.0, 14.0, 62.0, 22.0)  # Its middle is that of BOX.
  assert abs(of(outputs(), [wide])) < 1e-5


def test_neighbours_of_the_middle_cost_less():
  def with_peak(row, column):
    found = outputs()
    return of(found | {'heat': found['heat'].at[0, row, column, CLASS].set(3.0)})

  assert 0 < with_peak(9, 7) < with_peak(9, 4) and with_peak(9, 4) > 2


def test_gradients_are_finite_where_boxes_are_absurd():
  wild = outputs() | {'edges': jnp.full((1, ROWS, COLUMNS, 3, 4), -50.0)}
  _, grads = with_gradients(wild, jnp.array([BOX, BOX]), jnp.array([CLASS, -1]))
  assert all(np.isfinite(each).all() for each in jax.tree.leaves(grads))
