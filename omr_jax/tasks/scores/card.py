"""The model card of a network that tells scores from other pictures, where --about says no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from omr_jax.inputs import views
from omr_jax.tasks.classifiers.card import RESULT as RESULT
from omr_jax.tasks.classifiers.card import result as result
from omr_jax.tasks.classifiers.card import usage as usage
from omr_jax.tasks.scores import sources

OUTPUT = 'probability, or of the log-odds of any view,'


def facts(known: Mapping[str, Any], picture: views.Layout, reads: Sequence[str]) -> dict:
  """The keys `use`, `limits`, `licence` and `training_data` of `model.json`.

  Args:
    known: The other facts of `model.json`: `run`, those of the run, and its `config`.
    picture: The picture settings, not used here.
    reads: Names of the network's inputs.
  """
  del picture, reads
  return {
    'use': 'It tells pages of music from any other picture: scans, photos, documents.',
    'limits': [
      'It answers for a picture as a whole, and transcribes nothing.',
      'On kinds of pictures that it was not trained on it is right less often, and too sure.',
    ],
    'licence': 'Trained on pictures under licences of their own; ask whoever trained it.',
    'training_data': [{'source': known['run']['origin']}],
  }


def row(source: str) -> str:
  """The source under which a training example is counted: that of its picture for a cut.

  The kinds that code draws to complete the real pictures are counted together.
  """
  if source.startswith(sources.DRAWN) and source not in (sources.PAPERS, sources.SCENES):
    return f'{sources.DRAWN}kinds'
  return source.removesuffix(sources.CUT)
