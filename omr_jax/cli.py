"""The command `omr`: `omr NAME ...` does the same as `python -m omr_jax.NAME ...`.

  omr predict photos/ > answers.jsonl

`omr` alone lists the commands. Only the module of the command that runs is imported.
"""

import runpy
import sys

from omr_jax.errors import UserError, nearest
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils.ending import answered, end_imports_in_words
from omr_jax.utils.files import output
from omr_jax.utils.revision import VERSION

# The commands by name: the module in omr_jax, and what it does.
COMMANDS = {
  'train': ('main', 'Train a network from a config, or resume an interrupted run.'),
  'pooled': ('pooled', 'Train and test on every fold, source or group of writers in turn.'),
  'predict': ('predict', 'Classify any files: a page of music? which symbol?'),
  'detect': ('detect', 'Find the staves, measures and symbols of pages of music.'),
  'evaluate': ('evaluate', 'Measure a trained network on data other than its own.'),
  'report': ('report', 'Write the reports of finished runs again, and compare the runs.'),
  'ensemble': ('ensemble', 'Average the calibrated probabilities of several finished runs.'),
  'export': ('export', 'Write a finished run as files for other programs, such as ONNX.'),
  'open_set': ('open_set', 'Teach an exported model to say that strokes are no symbol it knows.'),
  'label_errors': ('label_errors', 'List the symbols whose label is probably wrong.'),
  'human': ('human', 'Ask people the questions of a test, and compare them with a network.'),
  'sweep': ('sweep', 'Train many runs, on this machine or a cluster, and compare them.'),
  'doctor': ('doctor', 'Say what is installed, which devices there are, and what is missing.'),
  'web': ('web', 'Serve the page for the browser, with camera and pen.'),
}
# The module of each command by its name. The help leaves out `main`, another name of `train`.
_MODULES = {name: module for name, (module, _) in COMMANDS.items()} | {'main': 'main'}
_HELP = """usage: omr NAME [ARGUMENTS]

Optical music recognition with JAX and Flax.

{}

`omr NAME --help` explains a command. Each is also `python -m omr_jax.NAME`, with main for train.
`omr --version` prints the version of the package.
"""


def main(arguments: list[str] | None = None) -> int:
  """Runs a command; returns its exit code, or 2 if there is no such command."""
  name, *rest = (sys.argv[1:] if arguments is None else arguments) or ['--help']
  if name in ('-h', '--help', '--version'):
    return answered(_print_help if name != '--version' else _print_version)
  return answered(lambda: _run(name, rest))


def _run(name: str, arguments: list[str]) -> None:
  module = _MODULES.get(name.replace('-', '_'))
  if module is None:
    raise UserError(f'omr: {name!r} is no command{nearest(name, _MODULES)}')
  sys.argv[1:] = arguments
  command_arguments.typed = 'omr '
  # `python -m` does this too: a page of a config may import another from the current folder.
  sys.path.insert(0, '')
  end_imports_in_words()
  # The module must run as `__main__`, since absl shows the docstring and the flags of that module.
  runpy.run_module(f'omr_jax.{module}', run_name='__main__', alter_sys=True)


def _print_version() -> None:
  with output(None) as file:
    print(f'omr_jax {VERSION}', file=file)


def _print_help() -> None:
  width = max(map(len, COMMANDS))
  lines = [f'  {name:{width}}  {what}' for name, (_, what) in COMMANDS.items()]
  with output(None) as file:
    print(_HELP.format('\n'.join(lines)), end='', file=file)


if __name__ == '__main__':
  sys.exit(main())
