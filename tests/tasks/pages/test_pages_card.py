"""What the model card of a detector says of its training data."""

import pytest

from omr_jax.tasks.pages import card


@pytest.mark.parametrize(
  ('origin', 'made_up', 'rows'),
  [
    ('MUSCIMA++', 0, [('MUSCIMA++', 7)]),
    # How many of the tiles are of which pages is not known.
    ('typeset scores', 40, [('typeset scores', None), ('pages drawn by code', None)]),
    ('pages drawn by code', 4, [('pages drawn by code', 7)]),
  ],
)
def test_drawn_pages_are_a_source_of_their_own(origin, made_up, rows):
  run = {'origin': origin, 'split_sizes': {'train': 7}}
  facts = card.facts({'run': run, 'config': {'data': {'made_up': made_up}}}, None, ())
  assert [(row['source'], row.get('examples')) for row in facts['training_data']] == rows
