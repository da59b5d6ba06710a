"""The metadata inside an exported file, with which it can be used without `model.json`."""

import json
from collections.abc import Mapping

import onnx
from onnx import helper

from omr_jax.predict.model_json import Described
from omr_jax.utils.revision import VERSION


def properties(model: Described) -> dict[str, str]:
  """The metadata by key: `task`, `classes`, `threshold`, `licence` and `version`.

  `classes` and `threshold` are JSON, as in `model.json`.
  """
  return {
    'task': model.task.name,
    'classes': json.dumps(model.classes),
    'threshold': json.dumps(model.threshold),
    'licence': model.facts['licence'],
    'version': f'omr_jax {VERSION}',
  }


def added(content: bytes, properties: Mapping[str, str]) -> bytes:
  """An ONNX model with further entries of `metadata_props`, and nothing else changed."""
  model = onnx.load_from_string(content)
  own = {each.key: each.value for each in model.metadata_props}
  helper.set_model_props(model, own | dict(properties))
  return model.SerializeToString()
