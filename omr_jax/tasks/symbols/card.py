"""The model card of a network that tells symbols apart, where --about says no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from omr_jax.inputs import render
from omr_jax.inputs.strokes import CLASSES, OFFICIAL
from omr_jax.tasks.classifiers.card import OUTPUT as OUTPUT
from omr_jax.tasks.classifiers.card import RESULT as RESULT
from omr_jax.tasks.classifiers.card import result as result
from omr_jax.tasks.classifiers.card import usage as usage

# For each `origin` of a run the terms of its network, and what the card says of its data.
_OF_ORIGIN = {
  OFFICIAL: (
    'For research, as is HOMUS, on which it was trained (Calvo-Zaragoza and Oncina, 2014).',
    {
      'what': 'symbols that musicians wrote with a pen on a tablet, 100 writers in all of HOMUS',
      'licence': 'free for research',
    },
  ),
  'made-up symbols': (
    'Trained on symbols drawn by code of omr_jax (Apache-2.0) alone.',
    {'what': 'symbols drawn by code of omr_jax', 'licence': 'Apache-2.0'},
  ),
}


def facts(known: Mapping[str, Any], picture: render.Drawing, reads: Sequence[str]) -> dict:
  """The keys `use`, `limits`, `licence` and `training_data` of `model.json`.

  Args:
    known: The other facts of `model.json`: `run`, those of the run, and its `config`.
    picture: The picture settings: how symbols are drawn.
    reads: Names of the network's inputs.
  """
  run = known['run']
  licence, data = _OF_ORIGIN.get(
    run['origin'], ('As its training data; ask whoever trained it.', {})
  )
  if 'pen' in reads:
    given = 'from the strokes of a pen, in the order in which they were written'
  elif picture.thinned:
    given = 'in a clean picture with nothing else in it, or from the strokes of a pen'
  else:
    given = 'cut out of a page, with staff lines and parts of other symbols beside it'
  limits = [
    f'It answers one of its {len(CLASSES)} classes to anything, also to what is none of them.',
    'It reads one symbol at a time, and finds none on a page.',
    'It has seen handwriting only, no print.',
  ]
  if run['protocol'] == 'original':
    limits.append(
      'Those who wrote the symbols of its test also wrote training symbols; for other writers '
      'expect less.'
    )
  size = run.get('split_sizes', {}).get('train')
  counted = {} if size is None else {'examples': size}
  return {
    'use': f'It names a handwritten music symbol, one of {len(CLASSES)} classes, {given}.',
    'limits': limits,
    'licence': licence,
    'training_data': [{'source': run['origin'], **counted, **data}],
  }
