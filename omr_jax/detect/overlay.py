"""Draws the structure of a page over it, as an SVG that any browser shows."""

import base64
import io

import numpy as np
from PIL import Image

from omr_jax.detect.pages import Detected
from omr_jax.structure.structure import Box, Structure, measure_box, system_box

FILE = 'overlay.svg'  # Its name in the folder of a page.
_SIDE = 2000  # Pixels of the longer side of the picture in the SVG.
# Colours that people of any colour vision tell apart (Okabe and Ito, 2008): one for each system.
_COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9')


def svg(page: Detected) -> str:
  """The page with its staff lines, measures and systems; measures are numbered staff by staff.

  Each element has the class `staff`, `measure` or `system`, so that a style sheet can hide a kind.
  """
  found = page.structure
  line = max(1.0, found.staff_space / 12)
  parts = [
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {found.width} {found.height}">',
    f'<image width="{found.width}" height="{found.height}" href="{_picture(page)}"/>',
    f'<g fill="none" stroke-width="{line:.1f}">',
    *_systems(found),
    '</g>',
    '</svg>',
  ]
  return '\n'.join(parts) + '\n'


def _systems(found: Structure) -> list[str]:
  parts = []
  for number, system in enumerate(found.systems):
    parts.append(f'<g stroke="{_COLOURS[number % len(_COLOURS)]}">')
    parts += [_lines(found.staves[staff]) for staff in system]
    for staff in system:
      boxes = [measure_box(found, m) for m in found.measures if m.staff == staff]
      parts += [_rectangle('measure', box, 0.3, f'{n}') for n, box in enumerate(boxes, 1)]
    parts.append(_rectangle('system', system_box(found, system), 1, f'system {number + 1}'))
    parts.append('</g>')
  return parts


def _lines(staff: np.ndarray) -> str:
  paths = ''.join('M' + ' '.join(f'{x:.1f},{y:.1f}' for x, y in line) for line in staff.tolist())
  return f'<path class="staff" d="{paths}"/>'


def _rectangle(kind: str, box: Box, opacity: float, title: str) -> str:
  """A box whose title a browser shows while the pointer is on it."""
  left, top, right, bottom = box
  return (
    f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
    f'height="{bottom - top:.1f}" opacity="{opacity}" pointer-events="all">'
    f'<title>{title}</title></rect>'
  )


def _picture(page: Detected) -> str:
  """The page as a data: address."""
  picture = Image.fromarray(page.page.picture)
  picture.thumbnail((_SIDE, _SIDE))
  file = io.BytesIO()
  picture.save(file, 'JPEG', quality=80)
  return 'data:image/jpeg;base64,' + base64.b64encode(file.getvalue()).decode()
