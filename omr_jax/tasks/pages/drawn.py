"""Draws tested pages with what was found, missed and made up, and single mistakes."""

import html

import numpy as np
from PIL import Image

from omr_jax.evaluation.boxes import Boxes
from omr_jax.report import figures
from omr_jax.tasks.pages.matching import Matching
from omr_jax.tasks.pages.run import DetectedRun

# Colours that people of any colour vision tell apart (Okabe and Ito, 2008).
COLOURS = {'found': '#0072b2', 'missed': '#e69f00', 'made up': '#d55e00'}
_AROUND = 12  # Pixels around the box of a mistake; a staff space has 10.
_LARGEST = 240  # Pixels of a side of the picture of a mistake.


def page(run: DetectedRun, number: int, matched: Matching) -> str:
  """A test page with its boxes, as an SVG; a box shows its class when it is pointed at."""
  picture, of_page = run.pictures[number], run.pages[number]
  height, width = picture.shape
  labels = [of_page.found_labels[place] for place in matched.found]
  right, others = matched.right, np.array(matched.others, object)
  found = _placed(run, number, of_page.found[matched.found])
  parts = [
    *(_rect('found', box, name) for box, name in _pairs(found, labels, right)),
    *(
      _rect('missed', box, name)
      for box, name in _pairs(
        _placed(run, number, of_page.true), list(of_page.true_labels), matched.missed
      )
    ),
    *(
      _rect('made up', box, f'{name}, which is {other}' if other else name)
      for box, name, other in zip(
        found[~right], np.array(labels, object)[~right], others[~right], strict=True
      )
    ),
  ]
  return (
    f'<svg viewBox="0 0 {width} {height}" role="img" '
    f'aria-label="The page {html.escape(str(run.test_ids[number]))} with boxes">'
    f'<image width="{width}" height="{height}" href="{figures.picture(picture[..., None])}"/>'
    f'<g fill="none" stroke-width="1.2">{"".join(parts)}</g></svg>'
  )


def mistake(run: DetectedRun, number: int, box: Boxes) -> np.ndarray:
  """The place of a box on a test page, uint8 [height, width, 3], with the box drawn in it."""
  picture = run.pictures[number]
  left, top, right, bottom = _placed(run, number, box[None])[0]
  low = np.floor([left - _AROUND, top - _AROUND]).astype(int)
  high = np.ceil([right + _AROUND, bottom + _AROUND]).astype(int)
  x, y = np.maximum(low, 0)
  seen = picture[y : max(high[1], y + 1), x : max(high[0], x + 1)]
  shown = np.repeat((seen if seen.size else picture[:1, :1])[..., None], 3, 2)
  edges = np.rint([left - x, top - y, right - x, bottom - y]).astype(int)
  limits = np.array(shown.shape[1::-1] * 2) - 1
  left, top, right, bottom = np.clip(edges, 0, limits)
  colour = [int(COLOURS['made up'][i : i + 2], 16) for i in (1, 3, 5)]
  shown[top : bottom + 1, [left, right]] = colour
  shown[[top, bottom], left : right + 1] = colour
  image = Image.fromarray(shown)
  image.thumbnail((_LARGEST, _LARGEST))
  return np.asarray(image)


def _placed(run: DetectedRun, number: int, boxes: Boxes) -> Boxes:
  """Boxes of a test page in pixels of its picture."""
  return boxes * np.tile(run.scales[number], 2)


def _pairs(boxes: Boxes, labels: list[str], chosen: np.ndarray) -> list[tuple[Boxes, str]]:
  return [(boxes[place], labels[place]) for place in np.flatnonzero(chosen)]


def _rect(kind: str, box: Boxes, name: str) -> str:
  left, top, right, bottom = box
  return (
    f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" '
    f'stroke="{COLOURS[kind]}"><title>{kind}: {html.escape(name)}</title></rect>'
  )
