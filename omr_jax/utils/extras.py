"""The libraries that only some commands need, and the message if one of them is missing."""

import contextlib
import sys
from collections.abc import Iterator

from omr_jax.errors import UserError

# For each extra in pyproject.toml, the names by which its libraries are imported.
LIBRARIES = {
  'train': (
    *('absl', 'array_record', 'filelock', 'flax', 'grain', 'importlib_resources', 'jax', 'jaxlib'),
    *('jinja2', 'markupsafe', 'matplotlib', 'ml_collections', 'optax', 'orbax', 'tensorboardX'),
    'tensorflow_datasets',
  ),
  'engrave': ('resvg_py', 'verovio'),
  'export': ('onnx', 'safetensors'),
  'heic': ('pillow_heif',),
  'pdf': ('pypdfium2',),
  'sweep': ('ray', 'rich'),
  'shards': ('pandas', 'pyarrow', 'ray'),
  'tflite': ('tensorflow',),
}


@contextlib.contextmanager
def needed(extra: str = 'train') -> Iterator[None]:
  """Turns the error of an import into a message that names the extra which brings the library.

  Args:
    extra: The extra that the command needs as a whole. Unless it is [shards], it includes [train].

  Raises:
    UserError: Such a library is not installed.
  """
  try:
    yield
  except ModuleNotFoundError as error:
    if (words := missing(error, extra)) is None:
      raise
    raise UserError(words) from error


def missing(error: BaseException, extra: str = 'train') -> str | None:
  """The message if a library of an extra is not installed; None for other errors."""
  if not isinstance(error, ModuleNotFoundError):
    return None
  library = (error.name or '').partition('.')[0]
  for brings in (extra, *LIBRARIES):  # Two extras bring Ray.
    if library in LIBRARIES[brings]:
      wanted = extra if brings == 'train' else brings
      return f"{library} is needed and not installed; pip install 'omr_jax[{wanted}]'."
  return None


@contextlib.contextmanager
def hidden(*libraries: str) -> Iterator[None]:
  """Libraries that are not imported yet seem not to be installed, to imports in the meantime."""
  unseen = [name for name in libraries if name not in sys.modules]
  sys.modules.update(dict.fromkeys(unseen))  # type: ignore[arg-type]  # As Python's manual has it.
  try:
    yield
  finally:
    for name in unseen:
      del sys.modules[name]
