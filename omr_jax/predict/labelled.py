"""Files that somebody has sorted into a folder for each class, as inputs of a network."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from omr_jax.errors import UserError, nearest
from omr_jax.predict import listing, prepare
from omr_jax.predict.classifier import Classifier
from omr_jax.predict.prepare import Inputs
from omr_jax.utils import progress


def examples(model: Classifier, folder: Path) -> Iterator[tuple[str, str, Inputs | None]]:
  """The pages of all files in the folders of the classes, class by class.

  A page that can't be read is named on standard error; so is how many files are of other kinds.

  Args:
    model: The network that will be asked.
    folder: Has a folder for each class, by its name; some may be missing.

  Yields:
    The class twice, as the kind of the example and as its label; and the inputs, or None if the
    page can't be read.

  Raises:
    UserError: There is no such folder, or no file in the folders of the classes; or there is a
      folder that has not the name of a class.
  """
  classes = _classes(model, folder)
  suffixes = listing.PICTURES | model.model.task.inputs.SUFFIXES
  left_out: Counter[str] = Counter()
  files = {
    name: list(listing.files([str(folder / name)], (), suffixes, left_out)) for name in classes
  }
  if not any(files.values()):
    raise UserError(f'{folder}: no pictures in the folders of the classes; put some there.')
  if left_out:
    print(f'{folder}{listing.words(left_out)}.', file=sys.stderr)
  pairs = [(name, path) for name in classes for path in files[name]]
  for name, path in progress.shown(pairs, 'reading', 'file'):
    for _, found in prepare.pages(path, path, model.model.rule):
      if isinstance(found, UserError):
        print(found, file=sys.stderr)
      yield name, name, None if isinstance(found, UserError) else found


def _classes(model: Classifier, folder: Path) -> list[str]:
  """The names of the folders, in the order of the model's classes."""
  known = model.model.classes
  try:
    names = [each.name for each in os.scandir(folder) if each.is_dir() and each.name[0] != '.']
  except OSError as error:
    raise UserError(
      f'{folder}: cannot be listed ({error.strerror}); give a folder with one for each class.'
    ) from error
  for name in sorted(set(names) - set(known)):
    raise UserError(f'{folder / name}: the model has no class {name!r}{nearest(name, known)}')
  return [name for name in known if name in names]
