"""Constants and rules that drawing, networks and augmentation share; without Pillow and JAX."""

from typing import Any, TypeVar

# An array of NumPy or of JAX. No type has the methods of both.
Array = TypeVar('Array', bound=Any)
STAFF_SPACE = 14  # Pixels from one staff line to the next (paper, Figure 2).
# Weights of red, green and blue in brightness (ITU-R BT.601, as in JPEG).
BRIGHTNESS = (0.299, 0.587, 0.114)


def scale(box: Array, room: Array, max_stretch: float, max_zoom: float) -> Array:
  """Factors for x and y that enlarge `box` to `room` as far as the bounds allow.

  Works on arrays of NumPy and of JAX, so that drawing and augmentation share the rule.

  Args:
    box: [..., 2], width and height of what is scaled.
    room: [..., 2], width and height that it should fill.
    max_stretch: Largest ratio of the larger factor to the smaller one.
    max_zoom: Largest factor.

  Returns:
    [..., 2], the factors.
  """
  xp = box.__array_namespace__()
  zoom = xp.minimum(room / xp.maximum(box, 1), max_zoom)
  return xp.minimum(zoom, zoom.min(-1, keepdims=True) * max_stretch)


def log_size(box: Array) -> Array:
  """The input `size` of networks: the logarithms of width and height, NumPy or JAX [..., 2].

  Widths and heights below one pixel of the tablet count as one pixel.
  """
  xp = box.__array_namespace__()
  return xp.log(xp.maximum(box, 1))
