"""Numbers and rules that drawing, networks and augmentation share: no Pillow, no JAX."""

from typing import TypeVar

Array = TypeVar('Array')  # Of NumPy or of JAX.
STAFF_SPACE = 14  # pixels from one staff line to the next (paper, Figure 2)
BRIGHTNESS = (0.299, 0.587, 0.114)


def scale(box: Array, room: Array, max_stretch: float, max_zoom: float) -> Array:
  """Factors for x and y that bring `box` to `room`, within the bounds.

  NumPy and JAX arrays alike: `ink.py` places its strokes by this rule too.

  Args:
    box: [..., 2], width and height.
    room: The same, what the box should fill.
    max_stretch: How much larger one factor may be than the other.
    max_zoom: Largest factor.

  Returns:
    [..., 2].
  """
  xp = box.__array_namespace__()
  zoom = xp.minimum(room / xp.maximum(box, 1), max_zoom)
  return xp.minimum(zoom, zoom.min(-1, keepdims=True) * max_stretch)


def log_size(box: Array) -> Array:
  """The input `size`: the logarithms of width and height, [..., 2], of NumPy or JAX.

  A pixel of the tablet is the least.
  """
  xp = box.__array_namespace__()
  return xp.log(xp.maximum(box, 1))
