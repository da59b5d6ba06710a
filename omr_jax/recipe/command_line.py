"""The flags of the commands that train, and how these commands end.

--config names a config, whose page `pages` finds, and --config.KEY=VALUE changes a value of it. A
list of numbers as VALUE stands for several runs (`members`). A command adopts these flags, so that
--help shows them, and starts with `app.run(main, flags_parser=command_line.parse)`.
"""

import contextlib
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from absl import flags, logging
from ml_collections import ConfigDict, config_flags

from omr_jax.errors import UserError
from omr_jax.recipe import members, pages
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.utils.interrupt import Interrupted


def _define_config() -> flags.FlagHolder:
  """Defines --config. ml_collections would already read the files of --flagfile here."""
  arguments, sys.argv = sys.argv, sys.argv[:1]
  try:
    return config_flags.DEFINE_config_file(
      'config',
      None,
      f'what to train: {", ".join(pages.names())}; or the path of a page like those',
    )
  finally:
    sys.argv = arguments


_CONFIG = _define_config()
_PRINT_CONFIG = flags.DEFINE_bool(
  'print_config', False, 'print the finished config, as a page that gives it, and end'
)
_WORKDIR = flags.DEFINE_string('workdir', None, 'folder of the run; an interrupted run is resumed')
_RAW_DIR = flags.DEFINE_string('raw_dir', None, command_arguments.RAW_DIR)
_DATA_DIR = flags.DEFINE_string('data_dir', None, command_arguments.DATA_DIR)

# What a value must be, by the name that absl gives the type of a flag.
_TYPES = {
  'int': 'a whole number',
  'float': 'a number',
  'bool': 'true or false',
  'multi tuple': 'a list, such as (1, 2)',
}
_lists: dict[str, tuple] = {}  # The lists on the command line by key, which absl can't parse.
_keys: list[str] = []  # The keys that the command line sets, whether they exist or not.


def _read_page(path: str) -> ConfigDict:
  """Reads a page and adds empty places for the keys that only other choices read."""
  from omr_jax.recipe import config_keys

  found = _found(paths.expanded(path))
  file = found.partition(':')[0]
  if os.path.exists(file) and not os.path.isfile(file):  # Reading a pipe would wait for ever.
    raise UserError(f'{file}: is no file; give the page of a config, as in configs/.')
  with pages.from_text(), pages.failures_named(file):
    config = _read_plain_page(found)
  if isinstance(config, ConfigDict):
    config_keys.extend(config)
    for key in _keys:
      config_keys.refuse_unknown(config, key)
  return config


def _found(page: str) -> str:
  """The path of a page, with its variant; of what is no page the same, and `config` refuses it."""
  path, *variant = page.split(':', 1)
  with contextlib.suppress(UserError):
    path = pages.find(path)
  return ':'.join([path, *variant])


# ml_collections makes the flags --config.KEY from the config that the parser of --config returns.
# It has no other place where a parser can be put.
_read_plain_page = flags.FLAGS['config'].parser.parse
flags.FLAGS['config'].parser.parse = _read_page  # type: ignore[method-assign, assignment]


def parse(arguments: list[str]) -> list[str]:
  """Reads the flags. Ends the program with a message of one line if they or the config are wrong.

  The config has the first value of each list; `checked` makes the configs of the other runs.

  Args:
    arguments: The arguments of the program, with its name first.

  Returns:
    The program's name and the arguments that are no flags.
  """
  arguments = _in_one_style(arguments)
  if any(re.match('--?flagfile(=|$)', argument) for argument in arguments):
    refuse('--flagfile is not read; write the values into the page of a config.')
  sys.argv[:] = arguments  # There ml_collections looks for the keys of the config.
  arguments, lists = members.take_lists(arguments)
  _lists.update(lists)
  _keys[:] = [
    argument.partition('=')[0].removeprefix('--config.')
    for argument in arguments
    if argument.startswith('--config.')
  ]
  names = [name for name, equals, _ in (a.partition('=') for a in arguments) if equals]
  twice = [name for name in names if name.startswith('--config') and names.count(name) > 1]
  if twice:
    refuse(f'{twice[0]} is given twice.')
  try:
    rest = flags.FLAGS(arguments)
    for flag in (_WORKDIR, _RAW_DIR, _DATA_DIR):
      _refuse_empty(flag)
  except SystemExit:  # Only --help ends so (`pages.failures_named`), and by absl with 1.
    sys.exit(0)
  except KeyboardInterrupt:  # Of a page; Ctrl-C itself ends the program at once.
    sys.exit('\nstopped.')
  except Exception as error:  # A config's page is a program: it may raise anything.
    if error.args and isinstance(error.args[0], KeyError):  # What ml_collections wraps.
      error = error.args[0]
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    if isinstance(error, flags.IllegalFlagValueError):
      text = _wrong_type(text.removesuffix(f': {error.__context__}')) or text
    if 'get_config() takes 0 positional' in text:
      text = 'This config has no variants: leave out the colon and what follows it.'
    # The text of an error in a page contains its traceback; the last line says what is wrong.
    refuse((text.strip() or type(error).__name__).splitlines()[-1].strip())
  if flags.FLAGS['verbosity'].using_default_value:
    # Else absl's app makes it INFO. absl declares no types of its flags.
    flags.FLAGS.verbosity = logging.WARNING  # type: ignore[assignment]
  return rest


def _wrong_type(text: str) -> str | None:
  """What to say of `flag --config.KEY=VALUE`, whose value has the wrong type; None of others."""
  found = re.match(r'flag --(config\.[\w.]+)=(.*)', text, re.DOTALL)
  kind = found and _TYPES.get(flags.FLAGS[found[1]].flag_type())
  return found and kind and f'{found[1]} is {found[2]!r}; it must be {kind}.'


def _in_one_style(arguments: list[str]) -> list[str]:
  """The arguments with --config.KEY=VALUE for --config.KEY VALUE, and with _ for - in names."""
  joined: list[str] = []
  for argument in command_arguments.with_underscores(arguments):
    before = joined[-1] if joined else ''
    if before.startswith('--config') and '=' not in before and not argument.startswith('--'):
      joined[-1] += f'={argument}'
    else:
      joined.append(argument)
  return joined


def _refuse_empty(flag: flags.FlagHolder) -> None:
  try:
    if flag.value is not None:
      paths.expanded(flag.value)
  except UserError as error:
    raise UserError(f'--{flag.name}: {error}') from error


def config(arguments: list[str]) -> tuple[ConfigDict, str]:
  """The config that the flags give, and its name; ends the program if there is none.

  With --print_config it is printed, and the program ends.

  Args:
    arguments: The result of `parse`.
  """
  if len(arguments) > 1:
    refuse(f'Unknown argument {arguments[1]!r}; flags begin with --.')
  if _CONFIG.value is None:
    refuse('Say what to do with --config, for example --config homus.')
  named = paths.expanded(config_flags.get_config_filename(flags.FLAGS['config']))
  path, _, variant = named.partition(':')
  try:
    path = pages.find(path)
  except UserError as error:
    refuse(str(error))
  if not isinstance(_CONFIG.value, ConfigDict):
    refuse(f'{path}: its get_config returns no ConfigDict.')
  if _PRINT_CONFIG.value:
    sys.exit(answered(lambda: _print_config(_CONFIG.value)))
  return _CONFIG.value, '-'.join(filter(None, (Path(path).stem, variant)))


def checked(config: ConfigDict) -> dict[str, ConfigDict]:
  """The finished config of each run by its name.

  Raises:
    UserError: The lists do not fit together (`members.split`), no run can have the config, or a key
      on the command line is not read (`config_keys.finished`).
  """
  from omr_jax.recipe import config_keys

  configs = members.split(config, _lists)
  return {name: config_keys.finished(member, given()) for name, member in configs.items()}


def _print_config(config: ConfigDict) -> None:
  """Prints a page that gives the finished config. If there are several runs, that of the first."""
  from omr_jax.recipe import config_keys

  (name, first), *others = checked(config).items()
  if others:
    print(f'# The config of {name}, the first of {len(others) + 1} runs that are one program.')
    print('# The others differ in what their names say:')
    print(*(f'#   {other}' for other, _ in others), sep='\n', end='\n\n')
  print(config_keys.as_page(first), end='')


def given() -> set[str]:
  """The keys of the config that the command line sets, such as 'data.fold'."""
  return set(config_flags.get_override_values(flags.FLAGS['config']))


def has_workdir() -> bool:
  """Whether --workdir names a folder."""
  return bool(_WORKDIR.value)


def workdir(default: str) -> Path:
  """The folder that --workdir names, else the default."""
  return paths.path(_WORKDIR.value or default)


def data_folders() -> tuple[Path, str | None]:
  """The folder of prepared data, and the folders of raw data, or None if none was given.

  Raises:
    UserError: A folder of raw data does not exist.
  """
  command_arguments.refuse_missing(_RAW_DIR.value)
  return paths.data_dir(_DATA_DIR.value), _RAW_DIR.value


def refuse(words: str) -> NoReturn:
  """Ends the program with exit code 2, because its flags are wrong."""
  print(f'{words}\nSee --help.', file=sys.stderr)
  sys.exit(2)


def end(command: Callable[[], None], workdir: Path) -> NoReturn:
  """Runs a command that trains in a workdir, and ends the program with its exit code."""
  try:
    sys.exit(answered(command))
  except Interrupted:
    flag = shlex.quote(f'--workdir={workdir}')
    print(f'\nsaved; the same command with {flag} resumes the run.', file=sys.stderr)
    sys.exit(1)
