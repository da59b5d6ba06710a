"""Runs an exported model, as `python -m omr_jax.export` writes it, with ONNX Runtime."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime

from omr_jax.errors import UserError
from omr_jax.predict import model_json
from omr_jax.predict.prepare import Inputs
from omr_jax.utils.files import read_bytes

onnxruntime.disable_telemetry_events()  # On Windows, where it does not read the variable.
MODEL, INT8 = 'model.onnx', 'model_int8.onnx'


def open_model(
  path: Path, model: model_json.Described, threads: int | None = None
) -> Callable[[Inputs], Inputs]:
  """A function from inputs to outputs: `probabilities`, float32 [batch, classes], and others.

  Args:
    path: The path of an ONNX file.
    model: The description in `model.json` beside it; it names the outputs.
    threads: How many threads compute; None for one on each core.

  Raises:
    UserError: The file holds no model, or another one than is described.
  """
  try:
    content = read_bytes(path)
    options = options_for(threads)
    if b'QuantizeLinear' not in content:
      # Only its weights have 8 bits: they become float32 now, and not once more in each run.
      options.add_session_config_entry('session.disable_quant_qdq', '1')
    session = onnxruntime.InferenceSession(content, options, ['CPUExecutionProvider'])
  except OSError as error:
    raise UserError(f'{path}: cannot be read ({error.strerror}); export the run again.') from error
  except Exception as error:  # ONNX Runtime has a dozen exceptions of its own.
    raise UserError(
      f'{path}: no ONNX model, or damaged ({_reason(error)}); export it again.'
    ) from error
  names = _fitting(path, session, model)
  _refuse_changed(path, content, model)

  def run(inputs: Inputs) -> Inputs:
    try:
      found = session.run(model.gives, {name: inputs[name] for name in names})
    except Exception as error:  # As above.
      raise UserError(f'{path}: cannot be computed ({_reason(error)}).') from error
    return dict(zip(model.gives, found, strict=True))

  return run


def _fitting(path: Path, session: Any, model: model_json.Described) -> list[str]:
  """The names of its inputs. UserError if inputs or outputs are not those of `model.json`."""
  inputs = {each.name: (_DTYPES.get(each.type), each.shape) for each in session.get_inputs()}
  outputs = {each.name: (_DTYPES.get(each.type), each.shape) for each in session.get_outputs()}
  if inputs != model_json.inputs(model) or outputs != model_json.outputs(model):
    raise UserError(
      f'{path}: is not the model of the {model_json.FILE} beside it; export it again.'
    )
  return list(inputs)


def _refuse_changed(path: Path, content: bytes, model: model_json.Described) -> None:
  """Raises a UserError if the file has another checksum: a wrong weight gives wrong answers."""
  entry = model.facts.get('files', {}).get(path.name, {})
  if entry.get('sha256', '') not in ('', hashlib.sha256(content).hexdigest()):
    raise UserError(f'{path}: is damaged, or not the file that was exported; export it again.')


def _reason(error: Exception) -> str:
  return ' '.join(str(error).split())[:200]


def options_for(threads: int | None) -> onnxruntime.SessionOptions:
  """The options of a session in which so many threads compute; None for one on each core."""
  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = threads or 0  # 0 is ONNX Runtime's own choice.
  options.log_severity_level = 4  # Only what ends the program; errors are raised.
  # Threads that wait sleep. By default they spin, and so take cores from the threads that read
  # files: with `scores` on two busy cores, a JPEG takes `predict` 15 instead of 11 ms of CPU time.
  options.add_session_config_entry('session.intra_op.allow_spinning', '0')
  # Weights in files beside the model would be read from the current folder, and have no checksum.
  # The path of a file in place of a folder keeps ONNX Runtime from finding any.
  options.add_session_config_entry(
    'session.model_external_initializers_file_folder_path', os.path.abspath(__file__)
  )
  return options


_DTYPES = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}
