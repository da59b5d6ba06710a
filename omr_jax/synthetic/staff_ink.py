"""A pen that draws in the coordinates of a staff, and can record where its ink is.

Lengths are in staff spaces (the distance of two staff lines). On a staff, x goes to the right from
its left end and y goes up from its bottom line, as musicians count.
"""

import contextlib
import dataclasses
import itertools
import math
from typing import cast

import numpy as np
from PIL import ImageDraw, ImageFont
from scipy import interpolate

from omr_jax.synthetic.record import Box, Record

_CIRCLE = np.linspace(0, 2 * np.pi, 24, endpoint=False)  # Ovals are drawn with so many corners.


@dataclasses.dataclass(frozen=True)
class Ink:
  """A pen that draws in the coordinates of one staff.

  Attributes:
    pen: Draws on the oversampled page.
    space: Distance of two staff lines in pixels of that page.
    x: Left end of the staff in those pixels.
    y: Bottom line of the staff in those pixels.
    weight: Factor of the width of lines.
    record: Where the symbols are noted, in pixels of that page; None notes nothing.
  """

  pen: ImageDraw.ImageDraw
  space: float
  x: float
  y: float
  weight: float = 1.0
  record: Record | None = None

  def symbol(self, *labels: str) -> contextlib.AbstractContextManager[None]:
    """What is drawn inside `with` is a symbol of these classes (`Record.symbol`)."""
    return self.record.symbol(*labels) if self.record else contextlib.nullcontext()

  def moved(self, x: float = 0, y: float = 0) -> 'Ink':
    """A pen for a staff that lies `x` to the right and `y` above."""
    return dataclasses.replace(self, x=self.x + x * self.space, y=self.y - y * self.space)

  def pixels(self, points) -> list[tuple[float, float]]:
    """Converts points [points, 2] of the staff to pixels of the page."""
    points = np.asarray(points, float)[:, :2] * (self.space, -self.space) + (self.x, self.y)
    return [tuple(point) for point in points.tolist()]

  def shape(self, points, fill: int = 0) -> None:
    """Draws a filled polygon."""
    corners = self.pixels(points)
    self.pen.polygon(corners, fill=fill)
    if self.record:
      self.record.ink(_bounds(corners))

  def line(self, points, width: float) -> None:
    """Draws straight lines from point to point."""
    corners = self.pixels(points)
    wide = max(1, round(width * self.weight * self.space))
    self.pen.line(corners, fill=0, width=wide)
    if self.record:
      for start, end in itertools.pairwise(corners):
        self.record.ink(_line_bounds(start, end, wide))

  def oval(self, x, y, width, height, slant=0.0, fill: int = 0) -> None:
    """Draws a filled ellipse whose long axis is turned by `slant` radians."""
    u, v = np.cos(_CIRCLE) * width / 2, np.sin(_CIRCLE) * height / 2
    turned = (u * np.cos(slant) - v * np.sin(slant), u * np.sin(slant) + v * np.cos(slant))
    self.shape(np.stack(turned, 1) + (x, y), fill)

  def curve(self, points: np.ndarray, x: float = 0.0) -> None:
    """Draws a smooth stroke through points [points, 3] of x, y and width."""
    at = np.linspace(0, len(points) - 1, 16 * len(points))
    smooth = interpolate.CubicSpline(np.arange(len(points)), points)(at)
    for px, py, width in smooth.tolist():
      self.oval(px + x, py, max(width, 0.08), max(width, 0.08))

  def text(self, x: float, y: float, words: str, size: float, anchor: str = 'mm') -> None:
    """Writes words, `size` staff spaces high, at a point."""
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(size=size * self.space))
    place = self.pixels([(x, y)])[0]
    self.pen.text(place, words, font=font, fill=0, anchor=anchor)
    if self.record:
      self.record.ink(_text_bounds(font, place, words, anchor))


def _bounds(corners: list[tuple[float, float]]) -> Box:
  """The pixels of a polygon: Pillow cuts its coordinates to whole numbers and fills its edge."""
  x, y = zip(*corners, strict=True)
  return int(min(x)), int(min(y)), int(max(x)) + 1, int(max(y)) + 1


def _line_bounds(start: tuple[float, float], end: tuple[float, float], width: int) -> Box:
  """The pixels of a line: Pillow draws a polygon with half of the width on each side."""
  (x0, y0), (x1, y1) = ((int(x), int(y)) for x, y in (start, end))
  length = math.hypot(x1 - x0, y1 - y0) or 1.0
  # Of an even width, the larger half lies on one side.
  low, high = math.ceil(width / 2 - 1), math.floor(width / 2)
  across, down = (y1 - y0) / length, (x1 - x0) / length
  corners = [
    (x + side * across, y + side * down) for x, y in ((x0, y0), (x1, y1)) for side in (-low, high)
  ]
  return _bounds([(round(x), round(y)) for x, y in corners])


def _text_bounds(
  font: ImageFont.FreeTypeFont, place: tuple[float, float], words: str, anchor: str
) -> Box:
  """The pixels of words; Pillow's own bounds include the space around the letters."""
  (x, left), (y, top) = (math.modf(value) for value in place)
  mask, offset = font.getmask2(words, 'L', anchor=anchor, start=(x, y))
  found = mask.getbbox() or (0, 0, 0, 0)
  left, top = left + offset[0], top + offset[1]
  return found[0] + left, found[1] + top, found[2] + left, found[3] + top
