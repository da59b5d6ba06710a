"""What `omr detect` finds on a page: whether it shows music, its structure, and its symbols.

The gate is the model `scores`, which tells pages of music from anything else.
"""

from typing import NamedTuple

from omr_jax.inputs import whole_pages
from omr_jax.inputs.whole_pages import Reduced
from omr_jax.predict.classifier import Classifier
from omr_jax.predict.detector import Detector, Symbol
from omr_jax.structure.structure import Structure


class Detected(NamedTuple):
  """What was found on a page.

  Attributes:
    page: The page as it was looked at.
    label: What the gate takes the page for, `scores` or `other`.
    confidence: The gate's confidence in the label.
    structure: In pixels of the page itself; empty if the label is `other`.
    classes: The classes of symbols that were looked for; empty without a model for symbols.
    symbols: In pixels of the page itself. Empty where there are no staves: symbols are looked for
      at the size of the staves.
  """

  page: Reduced
  label: str
  confidence: float
  structure: Structure
  classes: tuple[str, ...]
  symbols: list[Symbol]


def detected(
  gate: Classifier, detector: Detector, page: Reduced, threshold: float | None = None
) -> Detected:
  """Asks the gate, and finds the structure and the symbols of a page of music.

  Args:
    gate: Tells pages of music from others.
    detector: Finds symbols.
    page: The page.
    threshold: The least confidence of a symbol; that of the detector's model by default.

  Raises:
    UserError: A network can't be computed.
  """
  answer = gate(page.picture)
  assert not isinstance(answer, list)  # It was asked for one picture.
  is_music = answer.label == 'scores'
  structure = whole_pages.structure(page) if is_music else whole_pages.no_structure(page)
  symbols = detector.symbols(page, structure, threshold)
  classes = detector.model.classes
  return Detected(page, answer.label, answer.confidence, structure, classes, symbols)
