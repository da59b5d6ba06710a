"""The model card of a network that finds symbols on pages, where --about says no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from omr_jax.tasks.pages.inputs import Layout

_DRAWN = 'pages drawn by code'
# For each `origin` of a run the terms of its network, and what the card says of its data.
_OF_ORIGIN = {
  'MUSCIMA++': (
    'CC BY-NC-SA 4.0, as MUSCIMA++, on which it was trained (Hajič and Pecina, 2017).',
    {'what': 'tiles of handwritten pages', 'licence': 'CC BY-NC-SA 4.0'},
  ),
  'typeset scores': (
    'Trained on pages that a program typeset; their terms are those of the scores.',
    {'what': 'tiles of pages typeset by Verovio'},
  ),
  _DRAWN: (
    'Trained on pages drawn by code of omr_jax (Apache-2.0) alone.',
    {'what': 'tiles of pages drawn by code of omr_jax', 'licence': 'Apache-2.0'},
  ),
}


RESULT = 'result'
OUTPUT = 'output'


def result(facts: Mapping[str, Any]) -> tuple[str, str]:
  """The result of a test in words, and no interval; `facts` has the key `measured`."""
  if 'measured' not in facts:
    return 'not tested by `omr export`', ''
  found = {
    name: 'none' if value is None else f'{100 * value:.1f} %'
    for name, value in facts['measured'].items()
    if name not in ('pages', 'n')
  }
  words = (
    f'AP50 {found["ap50"]}, AP {found["ap"]}; AP50 of the most frequent classes '
    f'{found["frequent_ap50"]}; precision {found["precision"]}, recall {found["recall"]}'
  )
  return words, ''


def ap50_in_words(measured: Mapping[str, Any]) -> str:
  """Average precision in words; `measured` has the keys `ap50` and `pages`."""
  return f'AP50 {100 * measured["ap50"]:.1f} % on {measured["pages"]} pages'


def usage(content: Mapping[str, Any]) -> tuple[list[str], str]:
  """Lines of Python that ask a loaded `model`, and what the outputs of an ONNX file are."""
  del content
  lines = ["page = model('page.jpg')", 'print(page.symbols)']
  return lines, 'The maps `heat` and `edges` are described by `answer` in `model.json`'


def facts(known: Mapping[str, Any], picture: Layout, reads: Sequence[str]) -> dict:
  """The keys `use`, `limits`, `licence` and `training_data` of `model.json`.

  Args:
    known: The other facts of `model.json`: `run`, those of the run, and its `config`.
    picture: The picture settings, not used here.
    reads: Names of the network's inputs.
  """
  del picture, reads
  run = known['run']
  licence, data = _OF_ORIGIN[run['origin']]
  if known['config']['data']['made_up'] and run['origin'] != _DRAWN:
    data = data | {'what': f'{data["what"]}, and of {_DRAWN}'}
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
