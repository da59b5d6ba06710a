"""What the model card of a network that finds symbols says, where --about says nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from omr_jax.tasks.pages.inputs import Layout

# For each `origin` of a run the terms of its network, and what the card says of its data.
_OF_ORIGIN = {
  'MUSCIMA++': (
    'CC BY-NC-SA 4.0, as MUSCIMA++, on which it was trained (Hajič and Pecina, 2017).',
    {'what': 'handwritten pages of 43 writers', 'licence': 'CC BY-NC-SA 4.0'},
  ),
  'typeset scores': (
    'Trained on pages that a program typeset; their terms are those of the scores.',
    {'what': 'pages typeset by Verovio'},
  ),
  'pages drawn by code': (
    'Trained on pages drawn by code of omr_jax (Apache-2.0) alone.',
    {'what': 'pages drawn by code of omr_jax', 'licence': 'Apache-2.0'},
  ),
}


def facts(run: Mapping[str, Any], picture: Layout, reads: Sequence[str]) -> dict:
  """The keys `use`, `limits`, `licence` and `training_data` of `model.json`.

  Args:
    run: Facts of the run, such as `origin`.
    picture: The picture settings, not used here.
    reads: Names of the network's inputs.
  """
  del picture, reads
  licence, data = _OF_ORIGIN[run['origin']]
  size = run.get('split_sizes', {}).get('train')
  counted = {} if size is None else {'examples': size}
  return {
    'use': 'It finds the symbols on a page of music: where each is, and what it is.',
    'limits': [
      'It looks for symbols at the size of the staves, and finds none on a page without staves.',
      'Classes with few symbols in its training data are found rarely.',
      'It has seen no other kind of pages than those of its training data.',
    ],
    'licence': licence,
    'training_data': [{'source': run['origin'], **counted, **data}],
  }
