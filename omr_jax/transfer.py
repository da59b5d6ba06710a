"""Tests a trained network on the symbols of another split protocol.

  python -m omr_jax.transfer --model runs/demo --protocol original

says what a network that has seen made-up symbols only is worth on real ones, or the other way
round. All other protocols split the same symbols: what one tests, another has trained on.
"""

import argparse
import sys
from pathlib import Path

from omr_jax.errors import UserError, answered, nearest
from omr_jax.evaluation import metrics
from omr_jax.training import backend
from omr_jax.utils import paths


def transfer(
  model: str, protocol: str, data_dir: Path, raw_dir: str | None
) -> tuple[int, int, tuple[float, float]]:
  """Test symbols that are right, their number, and the 95 % Wilson interval of the share.

  Raises:
    UserError: See `trained.load` and `symbol_data.load`; a protocol of the same symbols.
  """
  import jax

  from omr_jax.tasks.symbols import data as symbol_data
  from omr_jax.training import step, trained
  from tfds_builders import homus

  if protocol not in homus.PROTOCOLS:
    raise UserError(f'{protocol!r}: no such split protocol{nearest(protocol, homus.PROTOCOLS)}')
  network = trained.load(model)
  if network.parts.task.name != 'symbols':
    raise UserError(f'{model}: knows no symbols; give the workdir of a run on HOMUS.')
  own = network.config.data.protocol
  if (own == 'made_up') == (protocol == 'made_up'):
    raise UserError(
      f'{model}: was trained on {own}, whose symbols are those of {protocol}; its own test is in '
      'its report.'
    )
  dataset = symbol_data.load(
    protocol, network.parts.picture, data_dir, raw_dir, allow_changed=False
  )
  logits = step.predict(
    jax.jit(network.parts.logits),
    network.variables,
    dataset.splits['test'],
    network.parts.evaluates,
  )
  correct, n = metrics.accuracy(logits, dataset.splits['test']['label'])
  return correct, n, metrics.wilson_interval(correct, n)


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = argparse.ArgumentParser(prog='python -m omr_jax.transfer', description=__doc__)
  parser.add_argument('--model', required=True, help='workdir of a run')
  parser.add_argument('--protocol', required=True, help='original, writers_0 ... or made_up')
  parser.add_argument('--raw_dir', help='folder with the raw archive; $OMR_RAW_DIR by default')
  parser.add_argument('--data_dir', help='folder of prepared data, as of omr_jax.main')
  options = parser.parse_args(arguments)
  backend.start()
  return answered(lambda: _say(options))


def _say(options: argparse.Namespace) -> None:
  correct, n, interval = transfer(
    options.model, options.protocol, paths.data_dir(options.data_dir), options.raw_dir
  )
  print(
    f'{options.model} on the test symbols of {options.protocol}: {100 * correct / n:.2f} % '
    f'({correct} of {n}, 95 % interval {metrics.percent_range(*interval)})'
  )


if __name__ == '__main__':
  sys.exit(main())
