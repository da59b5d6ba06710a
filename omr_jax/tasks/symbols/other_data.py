"""Symbols other than a run's own test split, on which `omr_jax.evaluate` measures a network."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from omr_jax.errors import UserError, nearest
from omr_jax.inputs import render
from omr_jax.synthetic import scans
from omr_jax.tasks.symbols import inputs, page_symbols
from omr_jax.utils import arguments, paths

DATA = {
  'homus': 'the test symbols of a split of HOMUS, or of the symbols made up by a program',
  'scans': 'made-up crops of scanned pages, one for each symbol of a split of HOMUS',
  'pages': 'symbols cut out of real pages of MUSCIMA++',
}
_ABOUT = """\
homus  All its splits have the same symbols: what one tests, another has trained on. So networks
       trained on real symbols are measured on made-up ones only, and the other way round. Those
       of inner folds have not seen the test symbols of `original`.
scans  A program writes each symbol as a pen does on paper, often with staff lines or a neighbour,
       and cuts it out of a scan of 300 dpi. It shares no code with what the networks train on.
       The symbols are none that the network has trained on.
pages  334 symbols, each cut out with three margins; `omr_jax.tasks.symbols.page_symbols` says
       which pages these are, and how the symbols were chosen."""
REPEATED = ('pages',)  # Those of DATA that have each symbol several times.
OPTIONS = {
  'protocol': ('homus', 'scans'),
  'split': ('scans',),
  'seed': ('scans',),
  'pages': ('pages',),
}
_DEFAULTS: Mapping[str, Any] = {'protocol': 'original', 'split': 'validation', 'seed': 0}


def add_options(parser: argparse.ArgumentParser) -> None:
  """Adds the options that choose among the symbols."""
  group = parser.add_argument_group('for models of symbols', _ABOUT)
  group.add_argument('--protocol', help='of homus and scans: original (default), made_up, ...')
  group.add_argument(
    '--split',
    choices=('train', 'validation', 'test'),
    help='of scans: the symbols that are written, those of validation by default',
  )
  group.add_argument(
    '--seed', type=arguments.seed, help='of scans: of all random numbers, 0 by default'
  )
  group.add_argument(
    '--pages',
    type=paths.path,
    metavar='FOLDER',
    help='of pages: the folder with the pages of MUSCIMA++',
  )


def examples(
  on: str,
  options: argparse.Namespace,
  facts: Mapping[str, Any],
  picture: render.Drawing,
  reads: Sequence[str],
  data_folders: tuple[Path, str | None],
) -> Iterator[tuple[str, str, dict[str, np.ndarray] | None]]:
  """The symbols to measure a network on.

  Args:
    on: One of DATA.
    options: The options of the command line that `add_options` has added.
    facts: Facts of the network, with its `config`.
    picture: The picture settings of the network: how symbols are drawn.
    reads: Names of the network's inputs.
    data_folders: The folders of prepared and of raw data.

  Yields:
    For each symbol, its kind in words, its class, and the network's inputs, or None if no symbol is
    found in its picture. Symbols of one kind follow each other.

  Raises:
    UserError: An option is missing or wrong; the network can't read these symbols, or has trained
      on them; or the data is not there.
  """
  chosen = _chosen(on, options)
  if on == 'homus':
    return _homus(chosen['protocol'], facts['config'], picture, reads, data_folders)
  if 'pen' in reads:
    raise UserError(
      f'--on {on}: a picture has no strokes, which this model reads; give a model for pictures.'
    )
  if on == 'scans':
    _refuse_unknown(chosen['protocol'])
    own = facts['config']['data']['protocol']
    if _has_learned_from(own, chosen['protocol'], chosen['split']):
      raise UserError(
        f'--on scans: the model was trained on the split {own} of the same symbols; give '
        f'--protocol {own} with --split validation or test.'
      )
    found = _scans(chosen['protocol'], chosen['split'], chosen['seed'], data_folders)
    kinds: Sequence[str] = scans.KINDS
  else:
    found = _of_pages(chosen['pages'])
    kinds = page_symbols.KINDS
  return _of_crops(sorted(found, key=lambda pair: kinds.index(pair[0].kind)), picture, reads)


def _chosen(on: str, options: argparse.Namespace) -> dict[str, Any]:
  given = {name: getattr(options, name) for name in OPTIONS}
  chosen = {**_DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
  if on == 'pages' and 'pages' not in chosen:
    raise UserError('--on pages needs --pages, the folder with the pages of MUSCIMA++.')
  return chosen


def _homus(
  protocol: str,
  config: Mapping[str, Any],
  picture: render.Drawing,
  reads: Sequence[str],
  data_folders: tuple[Path, str | None],
) -> Iterator[tuple[str, str, dict[str, np.ndarray]]]:
  from omr_jax.tasks.symbols import data

  _refuse_unknown(protocol)
  own = config['data']['protocol']
  if own == protocol or _has_learned_from(own, protocol, 'test'):
    raise UserError(
      f'--protocol {protocol}: the model was trained on the split {own} of the same symbols; its '
      'own test is in its report.'
    )
  test = data.load(protocol, picture, *data_folders, allow_changed=False).splits['test']
  kind = f'test symbols of {protocol}'
  for row, label in enumerate(np.asarray(test['label'])):
    yield kind, inputs.CLASSES[label], {name: test[name][row] for name in reads}


def _refuse_unknown(protocol: str) -> None:
  from tfds_builders import homus

  if protocol not in homus.PROTOCOLS:
    raise UserError(f'{protocol!r}: no such split protocol{nearest(protocol, homus.PROTOCOLS)}')


def _has_learned_from(own: str, protocol: str, split: str) -> bool:
  """Whether a model of the split protocol `own` may have learned from the symbols of a split."""
  if own == protocol:
    return split == 'train'
  if own.startswith('inner_') and protocol == 'original':
    return split != 'test'  # Inner folds are of the original training and validation symbols.
  return (own == 'made_up') == (protocol == 'made_up')


def _scans(
  protocol: str, split: str, seed: int, data_folders: tuple[Path, str | None]
) -> list[tuple[scans.Crop, str]]:
  from tfds_builders import homus

  builder = homus.prepare(protocol, *data_folders)
  source = builder.as_data_source(split=split)
  symbols = source.__getitems__(list(range(len(source))))
  names = builder.info.features['label'].names
  labels = [names[each['label']] for each in symbols]
  return list(zip(scans.crops(symbols, seed), labels, strict=True))


def _of_pages(pages: Path) -> list[tuple[scans.Crop, str]]:
  symbols = page_symbols.listed()
  labels = [symbol.label for symbol in symbols for _ in page_symbols.MARGINS]
  return list(zip(page_symbols.crops(symbols, pages), labels, strict=True))


def _of_crops(
  crops: Iterable[tuple[scans.Crop, str]], picture: render.Drawing, reads: Sequence[str]
) -> Iterator[tuple[str, str, dict[str, np.ndarray] | None]]:
  for crop, label in crops:
    try:
      found = inputs.of_picture(Image.fromarray(crop.picture), picture, reads, 'the crop')
    except UserError:
      found = None
    yield crop.kind, label, found
