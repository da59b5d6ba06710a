"""Draws pen strokes as pictures with Pillow.

A picture is uint8 [height, width], dark ink (0) on white (255). Integer coordinates are the
centres of pixels, x to the right and y down. LAYOUTS says how a symbol lies on it.
"""

import dataclasses
import math

import numpy as np
from PIL import Image, ImageDraw

from omr_jax.inputs.geometry import STAFF_SPACE, scale

_OVERSAMPLING = 4  # Anti-aliased pictures are drawn this many times larger, then averaged.

_FACTORS = (
  'the factors of x and y are min(room / max(box, 1), `max_zoom`), the larger one at most '
  '`max_stretch` times the smaller (null: no bound)'
)
# `model.json` has these rules for other programs; names in backquotes are its keys in `picture`.
LAYOUTS = {
  # Paper, section V-B, the first way, and Figure 2.
  'centered': (
    'Layout: the symbol is drawn in its own size in the middle of a canvas of `width` x `height` '
    'pixels and cropped where it is larger. With `staff_lines` five lines lie behind it, '
    f'{STAFF_SPACE} pixels apart, the first at the first y of that list.'
  ),
  # Paper, section V-B, the second way.
  'resized': (
    'Layout: a picture of the symbol in its own size, strokes with `margin` pixels of paper around '
    'them, ink of a picture with none, is resized with a Lanczos filter and pasted into the middle '
    'of a white canvas of `width` x `height` pixels: where box is its size and room that of the '
    f'canvas, {_FACTORS}; sides are rounded and at least 1.'
  ),
  # The line is equally thick in every symbol.
  'scaled': (
    'Layout: the strokes are scaled and then drawn on a canvas of `width` x `height` pixels, the '
    'middle of their box in its middle: where box is the largest minus the smallest coordinate '
    f'and room is the canvas minus 1 and twice `margin`, {_FACTORS}.'
  ),
}
INK = (
  'Drawing: ink is 0, paper 255. The points of each stroke are joined by straight lines; their '
  'width in pixels is the first number of `thickness`. With `antialias` joints and ends are round, '
  f'and the picture is drawn {_OVERSAMPLING} times larger and averaged; without, a stroke of one '
  'point is a disc.'
)
# Fields of `Drawing` that only the layouts `resized` and `scaled` use, and what they are in
# `centered`.
OF_SCALING = {'margin': 0, 'max_stretch': math.inf, 'max_zoom': math.inf}


@dataclasses.dataclass(frozen=True)
class Drawing:
  """How symbols become pictures.

  Attributes:
    height: Height of the canvas in pixels.
    width: Width of the canvas in pixels.
    layout: One of LAYOUTS.
    thickness: Widths of the line in pixels. Every training symbol is drawn once for each of them.
    staff_lines: For each of these the symbol is drawn once with five staff lines, the first of them
      at this y. Empty for no staff lines.
    margin: White pixels between the box of the strokes and the edge.
    max_stretch: Largest ratio of the two axes' factors, at least 1.
    max_zoom: Largest factor, above 0.
    antialias: Smooth edges with round joints and ends; if not, the plain lines of the original
      systems.
    thinned: Whether the ink of a given picture is thinned to lines, which are then drawn like
      strokes. If not, the box of the ink is resized to the canvas as in the layout `resized`.
  """

  height: int
  width: int
  layout: str
  thickness: tuple[float, ...]
  staff_lines: tuple[int, ...]
  margin: int
  max_stretch: float
  max_zoom: float
  antialias: bool
  thinned: bool

  def renderings(self) -> list[tuple[float, int | None]]:
    """All pairs of thickness and first staff line. The first pair is used in evaluation."""
    return [(t, y) for t in self.thickness for y in (self.staff_lines or (None,))]


def draw(points: np.ndarray, stroke: np.ndarray, drawing: Drawing) -> np.ndarray:
  """Draws one symbol in the first rendering of `drawing`: uint8 [height, width].

  Args:
    points: int [points, 2], x and y.
    stroke: int [points], the stroke each point belongs to, ascending.
    drawing: How symbols become pictures.
  """
  thickness, staff_line = drawing.renderings()[0]
  return draw_rendering(points, stroke, drawing, thickness, staff_line)


def draw_rendering(
  points: np.ndarray,
  stroke: np.ndarray,
  drawing: Drawing,
  thickness: float,
  staff_line: int | None,
) -> np.ndarray:
  """Draws one symbol with this thickness and first staff line: uint8 [height, width]."""
  low, high = points.min(0), points.max(0)
  shape = np.array((drawing.width, drawing.height))
  if drawing.layout == 'centered':
    placed = points - low + (shape - (high - low + 1)) // 2
    return _lines(placed, stroke, shape, thickness, staff_line, drawing.antialias)
  if drawing.layout == 'scaled':
    zoom = scale(high - low, shape - 1 - 2 * drawing.margin, drawing.max_stretch, drawing.max_zoom)
    placed = (points - (low + high) / 2) * zoom + (shape - 1) / 2
    return _lines(placed, stroke, shape, thickness, None, drawing.antialias)
  box = high - low + 1 + 2 * drawing.margin
  picture = _lines(points - low + drawing.margin, stroke, box, thickness, None, drawing.antialias)
  return fitted(picture, drawing)


def fitted(picture: np.ndarray, drawing: Drawing) -> np.ndarray:
  """Resizes a picture to the canvas, as the layout `resized` does after drawing.

  Args:
    picture: uint8 [height, width], dark ink on white.
    drawing: Gives the canvas and the bounds of the factors.

  Returns:
    uint8 [drawing.height, drawing.width].
  """
  box, shape = np.array(picture.shape[::-1]), np.array((drawing.width, drawing.height))
  zoom = scale(box, shape, drawing.max_stretch, drawing.max_zoom)
  size = np.clip(np.rint(box * zoom), 1, shape).astype(int)
  resized = Image.fromarray(picture).resize(tuple(size.tolist()), Image.Resampling.LANCZOS)
  canvas = Image.new('L', tuple(shape.tolist()), 255)
  canvas.paste(resized, tuple(((shape - size) // 2).tolist()))
  return np.asarray(canvas)


def _lines(
  points: np.ndarray,
  stroke: np.ndarray,
  shape: np.ndarray,
  thickness: float,
  staff_line: int | None,
  antialias: bool,
) -> np.ndarray:
  """Draws lines through placed points, and staff lines, on a canvas of (width, height)."""
  factor = _OVERSAMPLING if antialias else 1
  width = max(1, round(thickness * factor))
  canvas = Image.new('L', (int(shape[0]) * factor, int(shape[1]) * factor), 255)
  pen = ImageDraw.Draw(canvas)
  if staff_line is not None:
    for line in range(5):
      y = (staff_line + line * STAFF_SPACE) * factor + (factor - 1) / 2
      pen.line([(-width, y), (canvas.width + width, y)], fill=0, width=width)
  points = points * factor + (factor - 1) / 2
  for one in np.split(points, np.flatnonzero(np.diff(stroke)) + 1):
    _segments(pen, one, width, antialias)
    if antialias or not np.ptp(one, axis=0).any():
      _discs(pen, one, width)
  return np.asarray(canvas.reduce(factor) if antialias else canvas)


def _segments(pen: ImageDraw.ImageDraw, points: np.ndarray, width: int, centred: bool) -> None:
  """Straight lines from point to point, without anything at their ends."""
  start, end = points[:-1], points[1:]
  if centred and width % 2 == 0:
    # Pillow takes whole coordinates only. It draws a line of even width half a pixel beside them,
    # on a side that depends on the line's direction.
    step = end - start
    lean = step[:, ::-1] / np.maximum(np.hypot(*step.T), 1e-9)[:, None] / 2
    start, end = start - lean, end - lean
  for segment in np.floor(np.hstack([start, end]) + 0.5).astype(int).tolist():
    pen.line(segment, fill=0, width=width)


def _discs(pen: ImageDraw.ImageDraw, points: np.ndarray, diameter: int) -> None:
  """Draws a disc at each point: round ends and joints, or the whole of a stroke of one point."""
  # Pillow draws nothing for an ellipse of one pixel.
  disc = pen.ellipse if diameter > 1 else pen.rectangle
  for x, y in np.floor(points - diameter / 2 + 1).astype(int).tolist():
    disc([x, y, x + diameter - 1, y + diameter - 1], fill=0)
