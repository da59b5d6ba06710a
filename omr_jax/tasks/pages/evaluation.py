"""Finds the symbols of whole pages: in validation, and in the test at the end of a run.

A page is read window by window: the symbols found in a window are kept, the network's maps are
dropped. Bar lines, braces and brackets get their ends from the staves found (`inputs.tall`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from ml_collections import ConfigDict

from omr_jax.data.dataset import Dataset, Split
from omr_jax.evaluation import boxes
from omr_jax.evaluation.evaluated import Evaluated
from omr_jax.inputs import box_kinds, tall, windows
from omr_jax.tasks.pages import decide
from omr_jax.tasks.pages.run import ARRAYS as ARRAYS
from omr_jax.tasks.pages.run import Decision, pages
from omr_jax.tasks.pages.run import described as described
from omr_jax.tasks.pages.run import problem as problem
from omr_jax.tasks.pages.run import run_of as run_of

LATER: tuple[str, ...] = ()
# Log-odds below which nothing is looked for: a probability of 1 %. Average precision hardly changes
# with what is less probable.
LEAST = -4.6
_BATCH = 4  # Windows in a batch; the maps of one take 18 MB.
_UNCALIBRATED = Decision(0.5, 1.0, 0.0)

Predict = Callable[..., Iterator[Mapping[str, np.ndarray]]]
OfWindow = tuple[np.ndarray, np.ndarray, np.ndarray]  # Boxes, classes and log-odds.


def validate(config: ConfigDict, dataset: Dataset, predict: Predict) -> list[dict[str, float]]:
  """The weighted average precision at IoU 0.5 of each member on the validation pages.

  There is no loss: that of training is one of tiles, not of pages. The number is NaN where a map
  is not finite.
  """
  del config
  split = dataset.splits['validation']
  return [{'validation_ap50': _ap50(_arrays(split, found))} for found in _found(split, predict)]


def evaluate(configs: Sequence[ConfigDict], dataset: Dataset, predict: Predict) -> list[Evaluated]:
  """Tests each member of a population, and chooses on the validation pages what counts as found."""
  del configs
  validation, test = dataset.splits['validation'], dataset.splits['test']
  pictures, evaluated = _pictures(test), []
  for validated, tested in zip(_found(validation, predict), _found(test, predict), strict=True):
    uncalibrated = _arrays(validation, validated)
    ap50 = {'validation_ap50': np.array(_ap50(uncalibrated))}
    # Fitted to what is completed without a calibration, then with it, as in use.
    first = _decision(uncalibrated)
    decision = _decision(_arrays(validation, validated, first.temperature))
    arrays = _arrays(test, tested, decision.temperature)
    evaluated.append(Evaluated({**arrays, **pictures, **ap50}, decision))
  return evaluated


def _decision(found: Mapping[str, np.ndarray]) -> Decision:
  return decide.fit(pages(found, _UNCALIBRATED), _UNCALIBRATED)


def _ap50(found: Mapping[str, np.ndarray]) -> float:
  if not np.isfinite(found['found_log_odds']).all():
    return np.nan
  return boxes.weighted_ap50(pages(found, _UNCALIBRATED))


def _found(split: Split, predict: Predict) -> list[list[OfWindow]]:
  """What each member finds in each window."""
  first = 0
  members: list[list[OfWindow]] = []
  for maps in predict({'window': split['window']}, batch_size=_BATCH):
    members = members or [[] for _ in maps['heat']]
    for of_member, heats, edges in zip(members, maps['heat'], maps['edges'], strict=True):
      for place, (heat, edge) in enumerate(zip(heats, edges, strict=True), start=first):
        of_member.append(_of_window(split, place, heat, edge))
    first += len(maps['heat'][0])
  return members


def _of_window(split: Split, place: int, heat: np.ndarray, edges: np.ndarray) -> OfWindow:
  """Boxes on the page, classes and log-odds of what is in the core of a window."""
  page = int(split['window_page'][place])
  if not (np.isfinite(heat).all() and np.isfinite(edges).all()):
    nothing = np.zeros((1, 4), np.float32)
    return nothing, np.zeros(1, int), np.full(1, np.nan, np.float32)
  kinds = box_kinds.kinds(np.asarray(split['classes']))
  corner, core, scale = split['corner'][place], split['core'][place], split['scale'][page]
  return windows.objects((heat, edges), kinds, corner, core, scale, LEAST)


def _of_page(
  split: Split, page: int, of_windows: Iterable[OfWindow], temperature: float
) -> tuple[np.ndarray, ...]:
  """Boxes, classes and log-odds of what is on a page, and as many times its number."""
  nothing = np.zeros((0, 4), np.float32), np.zeros(0, int), np.zeros(0, np.float32)
  boxes, classes, log_odds = map(np.concatenate, zip(nothing, *of_windows, strict=True))
  mine = np.asarray(split['staff_page']) == page
  staves, numbers = split['staff'][mine], split['staff_system'][mine]
  systems = [list(staves[numbers == number]) for number in np.unique(numbers)]
  names = np.asarray(split['classes']).tolist()
  objects = boxes, classes, log_odds / temperature
  boxes, classes, log_odds = tall.completed(objects, names, systems)
  return boxes, classes, log_odds * temperature, np.full(len(boxes), page)


def _arrays(
  split: Split, of_windows: Sequence[OfWindow], temperature: float = 1.0
) -> dict[str, np.ndarray]:
  """Those of ARRAYS that say what is on the pages and what was found there.

  Args:
    split: The pages.
    of_windows: What was found in each window.
    temperature: That of the calibration, since `tall.completed` compares calibrated log-odds.
  """
  both = list(zip(of_windows, np.asarray(split['window_page']).tolist(), strict=True))
  pages = [
    _of_page(split, page, [w for w, of in both if of == page], temperature)
    for page in range(len(split['id']))
  ]
  found, classes, log_odds, page = map(np.concatenate, zip(*pages, strict=True))
  return {
    'classes': np.asarray(split['classes']),
    'test_ids': np.asarray(split['id']),
    'test_groups': np.asarray(split['group']),
    'true_boxes': np.asarray(split['box'], np.float32),
    'true_labels': np.asarray(split['box_label']),
    'true_pages': np.asarray(split['box_page'], np.int32),
    'found_boxes': found.astype(np.float32),
    'found_labels': classes.astype(np.int32),
    'found_log_odds': log_odds.astype(np.float32),
    'found_pages': page.astype(np.int32),
  }


def _pictures(split: Split) -> dict[str, np.ndarray]:
  """Those of ARRAYS that show the pages, put together from the cores of their windows."""
  pixels, sizes = [], []
  for page in range(len(split['id'])):
    mine = np.flatnonzero(np.asarray(split['window_page']) == page)
    # Windows may reach beyond the page's upper left corner.
    places = np.maximum(split['core'][mine] + np.tile(split['corner'][mine], 2), 0)
    width, height = places[:, 2:].max(0, initial=1)
    picture = np.full((height, width), 255, np.uint8)
    for place, (left, top, right, bottom) in zip(mine, places, strict=True):
      x, y = split['corner'][place]
      window = split['window'][place][..., 0]
      picture[top:bottom, left:right] = window[top - y : bottom - y, left - x : right - x]
    pixels.append(picture.ravel())
    sizes.append(picture.shape)
  return {
    'pictures': np.concatenate(pixels),
    'picture_sizes': np.array(sizes, np.int32),
    'scales': np.asarray(split['scale'], np.float64),
  }
