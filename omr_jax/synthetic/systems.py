"""Places systems of staves on a picture of any shape, one below the other.

Lengths are in staff spaces, as in `music`.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.synthetic.staff_ink import Ink

OVERSAMPLING = 2
_LEAST = 9  # Length of the shortest staff.


def page(
  rng: np.random.Generator,
  height: int,
  width: int,
  high: float,
  draw: Callable[[Ink, float, int], None],
  above: float = 0,
  below: float = 0,
  single: bool = False,
) -> np.ndarray:
  """Draws systems, one below the other: uint8 [height, width].

  Args:
    rng: The source of all random numbers.
    height: In pixels.
    width: In pixels.
    high: Distance from the lowest to the highest line of a system.
    draw: Draws a system, given a pen for its lowest staff, its length, and its number from 0.
    above: Room that a system needs above its highest line, besides what notes need.
    below: The same below its lowest line.
    single: Whether there is just one system, whatever the shape of the picture.
  """
  canvas = Image.new('L', (width * OVERSAMPLING, height * OVERSAMPLING), 255)
  for number, (ink, length) in enumerate(_systems(rng, canvas, high, above, below, single)):
    draw(ink, length, number)
  return np.asarray(canvas.reduce(OVERSAMPLING))


def lines(ink: Ink, length: float, count: int, apart: float = 1) -> None:
  """Draws the lines of a staff."""
  for line in range(count):
    with ink.symbol('staffLine'):
      ink.line([(0, line * apart), (length, line * apart)], 0.11)


def _systems(
  rng: np.random.Generator,
  canvas: Image.Image,
  high: float,
  above: float,
  below: float,
  single: bool,
) -> Iterator[tuple[Ink, float]]:
  """A pen for each system, and the system's length; margins are random, from tight to wide."""
  above += np.exp(rng.uniform(np.log(1.2), np.log(6)))
  below += np.exp(rng.uniform(np.log(1.2), np.log(6)))
  tall = above + high + below
  # As many systems as a page of this shape may have, with staves of at least _LEAST spaces.
  shape = canvas.height / canvas.width
  count = 1
  if not single and shape > 0.4:
    count = max(1, round(shape * np.exp(rng.uniform(np.log(20), np.log(100))) / tall))
  space = min(canvas.height / (count * tall), canvas.width / _LEAST)
  margin = canvas.width * rng.choice([0, rng.uniform(0, 0.1)])
  margin = min(margin + space, canvas.width / 5)
  weight = float(np.exp(rng.uniform(np.log(0.7), np.log(1.7))))
  pen = ImageDraw.Draw(canvas)
  length = (canvas.width - 2 * margin) / space
  for number in range(count):
    bottom = (number + 0.5) * canvas.height / count + (tall / 2 - below) * space
    yield Ink(pen, space, margin, bottom, weight), length
