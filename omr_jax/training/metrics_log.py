"""The metrics of a run: metrics.jsonl and TensorBoard events, written after every epoch."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from omr_jax.errors import UserError
from omr_jax.evaluation import history
from omr_jax.utils.extras import hidden
from omr_jax.utils.files import write_file

# tensorboardX imports these where they are installed, which takes PyTorch 1 to 2 s.
with hidden('torch', 'boto3'):
  from tensorboardX.event_file_writer import EventsWriter
  from tensorboardX.proto.event_pb2 import Event, SessionLog
  from tensorboardX.summary import scalar


class MetricsLog:
  """Writes a line per epoch to metrics.jsonl and the same numbers as TensorBoard events.

  A resumed run goes on from its checkpoint: when the log is opened, the lines of epochs after
  `epochs_done` are dropped, because the run repeats these epochs. `validated` is the key of the
  measure by which epochs are compared (`Task.validated`).

  Every method raises UserError where the disk is full.
  """

  def __init__(self, workdir: Path, epochs_done: int, validated: str):
    self._path, self._validated = workdir / history.FILE, validated
    self.history = self._read()[:epochs_done]
    if len(self.history) < epochs_done:
      raise UserError(
        f'{self._path}: lacks epochs that the checkpoint has; choose another workdir.'
      )
    write_file(self._path, ''.join(json.dumps(line) + '\n' for line in self.history).encode())
    step = self.history[-1]['step'] + 1 if self.history else 0
    # EventsWriter itself: the thread that tensorboardX puts around it would neither report a full
    # disk nor let the run end.
    with self._writing():
      (workdir / 'tensorboard').mkdir(exist_ok=True)
      self._events = EventsWriter(str(workdir / 'tensorboard' / 'events'))
      started = SessionLog(status=SessionLog.START)  # Hides the events of repeated steps.
      self._events.write_event(Event(wall_time=time.time(), step=step, session_log=started))

  def write(self, line: dict) -> None:
    """Adds the metrics of an epoch."""
    self.history.append(line)
    with self._writing():
      with self._path.open('a') as file:
        file.write(json.dumps(line) + '\n')
      for name, value in line.items():
        if name not in ('epoch', 'step'):
          self._events.write_event(
            Event(wall_time=time.time(), step=line['step'], summary=scalar(name, value))
          )
      self._events.flush()

  def pace(self) -> float:
    """Images per second, the median over the epochs; 0 before the first."""
    return np.median([line['images_per_s'] for line in self.history] or [0])

  def close(self) -> None:
    """Closes the event file, which writes what is still buffered."""
    with self._writing():
      self._events.close()

  @contextlib.contextmanager
  def _writing(self) -> Iterator[None]:
    try:
      yield
    except OSError as error:
      raise UserError(
        f'{self._path.parent}: metrics could not be written ({error.strerror}); make room.'
      ) from error

  def _read(self) -> list[dict]:
    if not self._path.exists():
      return []
    lines: list[dict] = []
    for text in self._path.read_bytes().splitlines():
      try:
        line = json.loads(text)
      except (ValueError, RecursionError):
        break  # Half a line, from a run that was killed.
      if not history.is_line(line, len(lines) + 1, self._validated):
        break
      lines.append(line)
    return lines
