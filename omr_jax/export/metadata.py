"""What an exported file says of itself, so that it can be used without `model.json`."""

import json
from collections.abc import Mapping

import onnx
from onnx import helper

from omr_jax.predict.model_json import Described
from omr_jax.utils.revision import VERSION


def properties(model: Described) -> dict[str, str]:
  """The classes in the order of the probabilities, the threshold, the terms, and the version.

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
  """An ONNX model with these entries of `metadata_props` besides its own; else it is the same."""
  model = onnx.load_from_string(content)
  own = {each.key: each.value for each in model.metadata_props}
  helper.set_model_props(model, own | dict(properties))
  return model.SerializeToString()
