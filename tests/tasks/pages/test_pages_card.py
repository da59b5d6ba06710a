"""What the model card of a detector says of its training data."""

import pytest

from omr_jax.tasks.pages import card


@pytest.mark.parametrize(
  ('origin', 'made_up', 'what'),
  [
    ('MUSCIMA++', 0, 'tiles of handwritten pages'),
    ('typeset scores', 40, 'tiles of pages typeset by Verovio, and of pages drawn by code'),
    ('pages drawn by code', 4, 'tiles of pages drawn by code of omr_jax'),
  ],
)
def test_drawn_pages_are_named_where_they_were_trained_on(origin, made_up, what):
  run = {'origin': origin, 'split_sizes': {'train': 7}}
  facts = card.facts({'run': run, 'config': {'data': {'made_up': made_up}}}, None, ())
  (row,) = facts['training_data']
  assert (row['source'], row['examples'], row['what']) == (origin, 7, what)
