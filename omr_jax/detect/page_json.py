"""The symbols of a page in the format of COCO, the file page.json that `omr detect` writes."""

from pathlib import Path
from typing import Any

from omr_jax.detect.pages import Detected
from omr_jax.inputs import symbol_names
from omr_jax.predict.detector import Symbol

FILE = 'page.json'  # Its name in the folder of a page.


def as_json(found: Detected, folder: str, path: str, number: int) -> dict[str, Any]:
  """What is written: one image, a category for each class that was looked for, the symbols.

  A box is its left and upper edge, its width and its height, in pixels of the page; as segmentation
  it is a polygon of its four corners, which programs for COCO need to make a mask.

  Args:
    found: What was found.
    folder: The name of the page's folder, which becomes that of the image.
    path: The path of the page's file.
    number: The number of the page in this file, from 1.
  """
  ids = {name: n for n, name in enumerate(found.classes, 1)}
  image = {
    'id': 1,
    'file_name': folder + Path(path).suffix,
    'width': found.structure.width,
    'height': found.structure.height,
    'path': path,
    'page': number,
  }
  categories = [
    {
      'id': n,
      'name': name,
      'smufl': symbol_names.SMUFL.get(name),
      'supercategory': symbol_names.kind(name),
    }
    for name, n in ids.items()
  ]
  annotations = [_annotation(n, ids, symbol) for n, symbol in enumerate(found.symbols, 1)]
  return {'images': [image], 'categories': categories, 'annotations': annotations}


def _annotation(number: int, ids: dict[str, int], symbol: Symbol) -> dict[str, Any]:
  left, top, right, bottom = symbol.box
  width, height = right - left, bottom - top
  return {
    'id': number,
    'image_id': 1,
    'category_id': ids[symbol.label],
    'bbox': [round(each, 2) for each in (left, top, width, height)],
    'segmentation': [
      [round(each, 2) for each in (left, top, right, top, right, bottom, left, bottom)]
    ],
    'area': round(width * height, 2),
    'iscrowd': 0,
    'score': round(symbol.confidence, 6),
    'staff': symbol.staff,
    'position': symbol.position,
  }
