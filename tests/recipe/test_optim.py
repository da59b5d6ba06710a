import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from omr_jax.recipe import optim

PARAMS = {
  'Conv_0': {'kernel': jnp.array([2.0]), 'bias': jnp.array([3.0])},
  'BatchNorm_0': {'scale': jnp.array([4.0]), 'bias': jnp.array([5.0])},
}


VALUES = {'rho': 0.9, 'eps': 1e-8, 'b1': 0.9, 'b2': 0.999, 'weight_decay': 0.0, 'momentum': 0.9}


def arguments(name):
  """All that the optimizer has to be told."""
  return {key: VALUES[key] for key in optim.ARGUMENTS[name]}


def updates(tx, gradients, params=PARAMS):
  """The updates of one step for each gradient, as numbers by `layer/name`."""
  state, step = jax.jit(tx.init)(params), jax.jit(tx.update)
  found = []
  for gradient in gradients:
    update, state = step(jax.tree.map(lambda _, g=gradient: jnp.array([g]), params), state, params)
    found.append(
      {
        f'{layer}/{name}': value.item()
        for layer, values in update.items()
        for name, value in values.items()
      }
    )
  return found


def test_kernels():
  assert optim.kernels(PARAMS) == {
    'Conv_0': {'kernel': True, 'bias': False},
    'BatchNorm_0': {'scale': False, 'bias': False},
  }


def test_l2_is_that_of_keras():
  # Loss + l2 * w^2: the gradient of a kernel of 2 grows by 2 * 0.25 * 2 = 1, rate 0.1.
  (update,) = updates(optim.create('sgd', 0.1, 0.25, momentum=0.0), [0.5])
  assert update == pytest.approx(
    {
      'Conv_0/kernel': -0.15,
      'Conv_0/bias': -0.05,
      'BatchNorm_0/scale': -0.05,
      'BatchNorm_0/bias': -0.05,
    }
  )


@pytest.mark.parametrize('name', ['adadelta', 'adam', 'adamw'])
def test_l2_goes_through_the_optimizer(name):
  # Kernel gradient 0 + 2 * 0.25 * 2 = 1 as if the gradient had been 1; the bias has none.
  (update,) = updates(optim.create(name, 0.1, 0.25, **arguments(name)), [0.0])
  (plain,) = updates(optim.create(name, 0.1, 0.0, **arguments(name)), [1.0])
  assert update['Conv_0/kernel'] == pytest.approx(plain['Conv_0/kernel'])
  assert update['Conv_0/bias'] == 0


def test_weight_decay_of_adamw_is_decoupled():
  # Adam's first step is the rate itself; a kernel of 2 goes down by 0.1 * 0.5 * 2 more.
  (update,) = updates(
    optim.create('adamw', 0.1, 0.0, **(arguments('adamw') | {'weight_decay': 0.5})), [7.0]
  )
  assert update['Conv_0/kernel'] == pytest.approx(-0.2, rel=1e-5)
  assert update['Conv_0/bias'] == pytest.approx(-0.1, rel=1e-5)
  assert update['BatchNorm_0/scale'] == pytest.approx(-0.1, rel=1e-5)


def test_adadelta_by_hand():
  tx = optim.create('adadelta', 1.0, 0.0, rho=0.95, eps=1e-8)
  first, second = updates(tx, [0.3, -0.6])
  # Mean square of gradients 0.05 * 0.3^2 = 0.0045; of steps 0 so far.
  step = -0.3 * math.sqrt(1e-8) / math.sqrt(0.0045 + 1e-8)
  assert first['Conv_0/bias'] == pytest.approx(step, rel=1e-5)
  # Then 0.95 * 0.0045 + 0.05 * 0.36 = 0.022275, and of steps 0.05 * step^2.
  step = 0.6 * math.sqrt(0.05 * step**2 + 1e-8) / math.sqrt(0.022275 + 1e-8)
  assert second['Conv_0/bias'] == pytest.approx(step, rel=1e-5)


def test_nesterov_by_hand():
  # v = 1, 1 + 0.9 * 1 = 1.9; then v = 0.9 * 1 + 2 = 2.9, 2 + 0.9 * 2.9 = 4.61; rate 0.1.
  tx = optim.create('sgd', 0.1, 0.0, momentum=0.9)
  first, second = updates(tx, [1.0, 2.0])
  assert first['Conv_0/kernel'] == pytest.approx(-0.19)
  assert second['Conv_0/kernel'] == pytest.approx(-0.461)


def test_a_schedule_is_followed():
  tx = optim.create('sgd', lambda step: 0.1 / (1 + step), 0.0, momentum=0.0)
  assert [u['Conv_0/bias'] for u in updates(tx, [1.0, 1.0])] == pytest.approx([-0.1, -0.05])


@pytest.mark.parametrize('name', optim.ARGUMENTS)
def test_every_optimizer_goes_downhill(name):
  tx = optim.create(name, 0.01, 0.0, **arguments(name))
  (update,) = updates(tx, [1.0])
  assert all(value < 0 for value in update.values())


def test_one_cycle():
  rate = jax.jit(optim.schedule('one_cycle', 0.4, 100, warm_up=0.2))
  # It starts at a 25th; the middles of a cosine are the means of its ends.
  assert float(rate(0)) == pytest.approx(0.016)
  assert float(rate(10)) == pytest.approx((0.016 + 0.4) / 2)
  assert float(rate(20)) == pytest.approx(0.4)
  assert float(rate(60)) == pytest.approx(0.2, rel=1e-3)
  assert 0 < float(rate(99)) < 0.001
  assert float(rate(100)) < 1e-5
  rates = [float(rate(step)) for step in range(101)]
  assert np.argmax(rates) == 20
  assert rates[:21] == sorted(rates[:21])
  assert rates[20:] == sorted(rates[20:], reverse=True)


@pytest.mark.parametrize('name', ['constant', 'plateau'])
def test_the_others_are_constant(name):
  rate = optim.schedule(name, 0.3, 10)
  assert [float(rate(step)) for step in (0, 5, 10)] == pytest.approx([0.3] * 3)


def test_every_schedule_has_rates():
  for name, keys in optim.SCHEDULES.items():
    rate = optim.schedule(name, 0.3, 10, **dict.fromkeys(keys, 0.5))
    assert max(float(rate(step)) for step in range(10)) == pytest.approx(0.3)
  with pytest.raises(ValueError, match='cosine'):
    optim.schedule('cosine', 0.3, 10)


def scales(accuracies, factor=0.5, patience=8, floor=1e-5, rate=1.0):
  """The plateau's scale after each epoch."""
  tx = optim.plateau(factor, patience, floor, rate)
  state, found = tx.init({}), []
  step = jax.jit(lambda state, value: tx.update({}, state, value=value)[1])
  for accuracy in accuracies:
    state = step(state, np.float32(1 - accuracy))
    found.append(float(state.scale))
  return found


def test_plateau_halves_after_eight_stale_epochs():
  # One epoch sets the best, the eighth after it is the eighth without a better one.
  assert scales([0.9] * 18) == [1.0] * 8 + [0.5] * 8 + [0.25] * 2
  assert scales([0.9] + [0.1] * 8)[-2:] == [1.0, 0.5]


def test_a_gain_starts_the_count_anew():
  assert scales([0.9] * 8 + [0.91] + [0.9] * 8) == [1.0] * 16 + [0.5]


def test_a_gain_counts_from_a_ten_thousandth_on():
  assert scales([0.9, 0.90005, 0.90005], patience=2) == [1.0, 1.0, 0.5]
  assert scales([0.9, 0.9002, 0.9002], patience=2) == [1.0, 1.0, 1.0]
  # Small gains add up: the best stays 0.9 until 0.90012 beats it.
  assert scales([0.9, 0.90006, 0.90012, 0.9], patience=2) == [1.0] * 4


def test_the_floor_is_of_the_rate():
  assert scales([0.5] * 4, patience=1, floor=0.25) == [1.0, 0.5, 0.25, 0.25]
  assert scales([0.5] * 4, patience=1, floor=0.5, rate=2.0) == [1.0, 0.5, 0.25, 0.25]


def test_progress():
  progress = optim.Progress.start()
  history = []
  for epoch, accuracy in enumerate([0.0, 0.7, 0.7, 0.6, 0.71], 1):
    progress = progress.after(epoch, accuracy)
    history.append((round(float(progress.best), 5), int(progress.best_epoch), int(progress.waited)))
  # An equal accuracy is no better one: the earliest best epoch stays.
  assert history == [(0, 1, 0), (0.7, 2, 0), (0.7, 2, 1), (0.7, 2, 2), (0.71, 5, 0)]
  assert [leaf.dtype for leaf in progress] == [leaf.dtype for leaf in optim.Progress.start()]
