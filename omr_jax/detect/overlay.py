"""Draws what was found on a page over it, as an SVG that any browser shows."""

import base64
import io
from collections import Counter

import numpy as np
from PIL import Image

from omr_jax.detect import legend
from omr_jax.detect.pages import Detected
from omr_jax.inputs import symbol_names
from omr_jax.predict.detector import Symbol
from omr_jax.structure.structure import Box, Structure, measure_box, system_box

FILE = 'overlay.svg'  # Its name in the folder of a page.
_SIDE = 2000  # Pixels of the longer side of the picture in the SVG.
# Colours that people of any colour vision tell apart (Okabe and Ito, 2008), one for each system.
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9')


def svg(page: Detected) -> str:
  """The page with its staff lines, measures, systems and symbols, and beside it a list of them.

  Each element has its class as a CSS class, such as `staff`, `measure`, `system` or `stem`, and
  symbols also their kind, such as `noteheads`. A click in the list hides and shows a class. Without
  symbols there is no list. Measures are numbered staff by staff.
  """
  found = page.structure
  line = max(1.0, found.staff_space / 12)
  beside = _legend(page) if page.symbols else legend.Legend([], found.width, found.height)
  parts = [
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {beside.width:g} {beside.height:g}">',
    f'<style>{_style()}</style>' * bool(page.symbols),
    f'<image width="{found.width}" height="{found.height}" href="{_picture(page)}"/>',
    f'<g id="found" fill="none" stroke-width="{line:.1f}">',
    *_systems(found),
    *_symbols(page.symbols),
    '</g>',
    *beside.parts,
    f'<script><![CDATA[{legend.SCRIPT}]]></script>' * bool(page.symbols),
    '</svg>',
  ]
  return '\n'.join(filter(None, parts)) + '\n'


def _legend(page: Detected) -> legend.Legend:
  found = page.structure
  counts = {'staff': len(found.staves), 'measure': len(found.measures)}
  groups = {'structure': {**counts, 'system': len(found.systems)}}
  labels = Counter(symbol.label for symbol in page.symbols)
  for kind in symbol_names.COLOURS:
    mine = {label: labels[label] for label in sorted(labels) if symbol_names.kind(label) == kind}
    if mine:
      groups[kind] = mine
  return legend.legend(groups, found.width, found.height)


def _style() -> str:
  colours = symbol_names.COLOURS.items()
  kinds = (f'.{kind} {{ fill: {colour}; stroke: {colour} }}' for kind, colour in colours)
  return ''.join(kinds) + '#found rect { fill-opacity: 0.15 }' + legend.STYLE


def _systems(found: Structure) -> list[str]:
  parts = []
  for number, system in enumerate(found.systems):
    parts.append(f'<g stroke="{COLOURS[number % len(COLOURS)]}">')
    parts += [_lines(found.staves[staff]) for staff in system]
    for staff in system:
      boxes = [measure_box(found, m) for m in found.measures if m.staff == staff]
      faint = ' opacity="0.3"'
      parts += [_rectangle('measure', box, f'{n}', faint) for n, box in enumerate(boxes, 1)]
    parts.append(_rectangle('system', system_box(found, system), f'system {number + 1}'))
    parts.append('</g>')
  return parts


def _symbols(symbols: list[Symbol]) -> list[str]:
  """Their boxes, the smallest on top, so that a pointer reaches all of them."""

  def area(symbol: Symbol) -> float:
    left, top, right, bottom = symbol.box
    return (right - left) * (bottom - top)

  return [
    _rectangle(f'{symbol_names.kind(each.label)} {each.label}', each.box, _title(each))
    for each in sorted(symbols, key=area, reverse=True)
  ]


def _title(symbol: Symbol) -> str:
  smufl = f' ({symbol.smufl})' if symbol.smufl else ''
  staff = '' if symbol.staff is None else f', staff {symbol.staff + 1}, position {symbol.position}'
  return f'{symbol.label}{smufl}, {symbol.confidence:.0%}{staff}'


def _lines(staff: np.ndarray) -> str:
  paths = ''.join('M' + ' '.join(f'{x:.1f},{y:.1f}' for x, y in line) for line in staff.tolist())
  return f'<path class="staff" d="{paths}"/>'


def _rectangle(classes: str, box: Box, title: str, look: str = '') -> str:
  """A box whose title a browser shows while the pointer is on it."""
  left, top, right, bottom = box
  return (
    f'<rect class="{classes}" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
    f'height="{bottom - top:.1f}"{look} pointer-events="all"><title>{title}</title></rect>'
  )


def _picture(page: Detected) -> str:
  """The page as a data: address."""
  picture = Image.fromarray(page.page.picture)
  picture.thumbnail((_SIDE, _SIDE))
  file = io.BytesIO()
  picture.save(file, 'JPEG', quality=80)
  return 'data:image/jpeg;base64,' + base64.b64encode(file.getvalue()).decode()
