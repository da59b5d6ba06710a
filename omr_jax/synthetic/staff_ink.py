"""A pen that draws in the coordinates of a staff, and the signs that it draws.

Lengths are in staff spaces (the distance of two staff lines). On a staff, x goes to the right from
its left end and y goes up from its bottom line, as musicians count.
"""

import dataclasses

import numpy as np
from PIL import ImageDraw, ImageFont
from scipy import interpolate


@dataclasses.dataclass(frozen=True)
class Ink:
  """A pen that draws in the coordinates of one staff.

  Attributes:
    pen: Draws on the oversampled page.
    space: Distance of two staff lines in pixels of that page.
    x: Left end of the staff in those pixels.
    y: Bottom line of the staff in those pixels.
    weight: Factor of the width of lines.
  """

  pen: ImageDraw.ImageDraw
  space: float
  x: float
  y: float
  weight: float = 1.0

  def pixels(self, points) -> list[tuple[float, float]]:
    """Converts points [points, 2] of the staff to pixels of the page."""
    points = np.asarray(points, float)[:, :2] * (self.space, -self.space) + (self.x, self.y)
    return [tuple(point) for point in points.tolist()]

  def shape(self, points, fill: int = 0) -> None:
    """Draws a filled polygon."""
    self.pen.polygon(self.pixels(points), fill=fill)

  def line(self, points, width: float) -> None:
    """Draws straight lines from point to point."""
    self.pen.line(
      self.pixels(points), fill=0, width=max(1, round(width * self.weight * self.space))
    )

  def oval(self, x, y, width, height, slant=0.0, fill: int = 0) -> None:
    """Draws a filled ellipse whose long axis is turned by `slant` radians."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    u, v = np.cos(angle) * width / 2, np.sin(angle) * height / 2
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
    font = ImageFont.load_default(size=size * self.space)
    self.pen.text(self.pixels([(x, y)])[0], words, font=font, fill=0, anchor=anchor)


def brace(ink: Ink, height: float) -> None:
  """Draws the curly brace at the left of a piano system."""
  half = np.array([(-0.3, 0, 0.1), (-1.0, 0.1, 0.4), (-0.8, 0.3, 0.45), (-1.6, 0.5, 0.12)])
  half = half * (1, height, 1)
  ink.curve(half)
  ink.curve(half * (1, -1, 1) + (0, height, 0))


def bracket(ink: Ink, height: float) -> None:
  """Draws the straight bracket at the left of a choir's system."""
  ink.line([(-0.8, -0.4), (-0.8, height + 0.4)], 0.5)
  for y, tip in ((-0.4, -1.1), (height + 0.4, height + 1.1)):
    ink.curve(np.array([(-0.9, y, 0.35), (-0.2, y + (tip - y) / 3, 0.25), (0.6, tip, 0.1)]))


def head(ink: Ink, x: float, step: int, hollow: bool, ledgers: bool) -> None:
  """Draws a note head and its ledger lines; a step is half a space, 0 the bottom line."""
  lines = [line for line in range(-3, 0) if 2 * line >= step]
  lines += [line for line in range(5, 8) if 2 * line <= step]
  for line in lines if ledgers else []:
    ink.line([(x - 1, line), (x + 1, line)], 0.13)
  ink.oval(x, step / 2, 1.35, 0.95, 0.35)
  if hollow:
    ink.oval(x, step / 2, 1.1, 0.45, 0.6, fill=255)


def slur(ink: Ink, left: float, right: float, steps: np.ndarray) -> None:
  """Draws a slur on the side of the note heads."""
  way = -1 if np.mean(steps) < 4 else 1
  y = np.max(steps * way) * way / 2 + 1.1 * way
  ink.curve(np.array([(left, y, 0.1), ((left + right) / 2, y + 0.8 * way, 0.3), (right, y, 0.1)]))


def rest(ink: Ink, x: float) -> None:
  """Draws a quarter rest."""
  zigzag = [(-0.4, 3.6, 0.1), (0.35, 2.75, 0.45), (-0.2, 2.1, 0.3), (0.45, 1.3, 0.2)]
  ink.curve(np.array([*zigzag, (-0.3, 1.2, 0.35), (0.1, 0.5, 0.1)]), x)


def sharp(ink: Ink, x: float, y: float) -> None:
  """Draws a sharp."""
  for shift in (-0.25, 0.25):
    ink.line([(x + shift, y - 1.2 + shift / 2), (x + shift, y + 1.2 + shift / 2)], 0.13)
    ink.line([(x - 0.55, y + shift * 1.5 - 0.15), (x + 0.55, y + shift * 1.5 + 0.15)], 0.3)
