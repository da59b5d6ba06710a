"""The results and the usage in the model card of a network that gives one class to each example."""

from collections.abc import Mapping
from typing import Any

from omr_jax.evaluation import metrics
from omr_jax.tasks.classifiers import outputs

RESULT = 'right'
OUTPUT = 'probability'


def result(facts: Mapping[str, Any]) -> tuple[str, str]:
  """The result of a test in words, and its 95 % interval; `facts` has the key `test`.

  Where each example was answered several times, the interval is that of as many answers as there
  are different `examples`.
  """
  if 'test' not in facts:
    return 'not tested', ''
  correct, n = facts['test']['correct'], facts['test']['n']
  examples = facts['test'].get('examples', n)
  interval = metrics.percent_range(
    *metrics.wilson_interval(round(correct / n * examples), examples)
  )
  return f'{correct} of {n}, {100 * correct / n:.2f} %', interval


def usage(content: Mapping[str, Any]) -> tuple[list[str], str]:
  """Lines of Python that ask a loaded `model`, and what the outputs of an ONNX file are."""
  # One stroke with three points [x, y].
  strokes = "{'strokes': [[[70, 40], [70, 70], [71, 100]]]}"
  given = strokes if 'pen' in content['inputs'] else "'picture.png'"
  lines = [f'answer = model({given})', 'print(answer.label, answer.confidence)']
  words = '`probabilities` are in the order of `classes`'
  if outputs.UNKNOWN in content['output']:
    lines.append('print(answer.unknown)  # Whether it is probably none of the classes.')
    words += '; `unknown` is above 0 for what is probably none of them'
  return lines, words
