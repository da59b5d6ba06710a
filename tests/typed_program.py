"""A program that uses the package. `make lint` checks its types; it is not run."""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
from PIL import Image

import omr_jax

gate = omr_jax.load('scores')
assert_type(gate, omr_jax.Classifier)
assert_type(omr_jax.pretrained(), tuple[str, ...])
assert_type(gate('x.png').label, str)
assert_type(gate(Path('x.png')).confidence, float)
assert_type(gate(Image.new('L', (9, 9))).probabilities, dict[str, float])
assert_type(gate({'strokes': [[[0, 0], [9, 9]]]}), omr_jax.Answer)
assert_type(gate(np.zeros((9, 9), np.uint8)), Any)
assert_type(gate(Path('x.png').read_bytes()), omr_jax.Answer)
with open('x.png', 'rb') as file:
  assert_type(gate(file), omr_jax.Answer)
# Several give a list.
paths: list[str] = ['x.png', 'y.png']
assert_type(gate(paths), list[omr_jax.Answer])
assert_type(gate(['x.png', Image.new('L', (9, 9))])[0].label, str)
pages = omr_jax.load('pages')
assert_type(pages, omr_jax.Detector)
assert_type(pages('x.png'), omr_jax.Page)
assert_type(pages(paths), list[omr_jax.Page])
assert_type(pages(np.zeros((9, 9), np.uint8)), Any)
assert_type(pages('x.png', threshold=0.1).symbols[0], omr_jax.Symbol)
assert_type(pages('x.png').symbols[0].position, int | None)
assert_type(pages('x.png').size, tuple[int, int])
try:
  omr_jax.load('no such model')
except omr_jax.UserError as error:
  assert_type(error, omr_jax.UserError)

# Mistakes are found. Were one of them none, its comment would be reported as not needed.
gate(7)  # type: ignore[call-overload]
omr_jax.load(7)  # type: ignore[call-overload]
omr_jax.laod()  # type: ignore[attr-defined]
pages(7)  # type: ignore[call-overload]
gate('x.png').score  # type: ignore[attr-defined]  # noqa: B018
