"""Programs of training that the runs of a session share.

A run of the tests takes a second, and tracing its programs takes longer: JAX traces them again for
each recipe, also where the machine code is in its cache. Runs with equal configs in one process
therefore get one recipe and its traced programs. All these are functions without a state.
"""

import contextlib
from collections.abc import Iterator

import pytest
from ml_collections import ConfigDict

from omr_jax.recipe import recipe
from omr_jax.training import trainer

# Keys of a config that its recipe doesn't depend on. Of a trainer, epochs and seed are arguments.
_OF_THE_RUN = ('seed', 'epochs', 'stop_after', 'tested')


@contextlib.contextmanager
def shared() -> Iterator[None]:
  """A context in which equal configs have one recipe, and equal populations one trainer."""
  recipes, trainers = {}, {}
  create_recipe, create_trainer = recipe.create, trainer.create

  def shared_recipe(config):
    key = repr({name: value for name, value in config.items() if name not in _OF_THE_RUN})
    if key not in recipes:
      recipes[key] = create_recipe(ConfigDict(config.to_dict()))
    return recipes[key]

  def shared_trainer(training, members, mesh, whole_epochs):
    # Losses are made anew for each run; equal ones are written alike.
    key = (*training._replace(loss=repr(training.loss)), repr(members), mesh, whole_epochs)
    if key not in trainers:
      trainers[key] = create_trainer(training, members, mesh, whole_epochs)
    return trainers[key]

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(recipe, 'create', shared_recipe)
    patch.setattr(trainer, 'create', shared_trainer)
    yield
