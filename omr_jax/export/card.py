"""Writes the model card, which tells people what `model.json` says of a model."""

from collections.abc import Iterator, Mapping
from typing import Any

from omr_jax.tasks import task as tasks
from omr_jax.tasks.classifiers import card as classifiers
from omr_jax.tasks.pages import card as pages
from omr_jax.utils.words import cell

FILE = 'README.md'


def card(content: Mapping[str, Any], name: str) -> str:
  """The card as Markdown.

  Args:
    content: The content of `model.json`.
    name: The name of the model, for the title.
  """
  sections = {
    'Licence': _licence(content),
    'Limits': [f'- {limit}' for limit in content['limits']],
    'Figures': list(_figures(content)),
    'Training data': list(_training_data(content)),
    'How to use it': _usage(content),
    'Origin': list(_origin(content)),
  }
  lines = [f'# {name}', '', content['use'], '']
  for title, body in sections.items():
    lines += [f'## {title}', '', *body, '']
  lines.append('`omr export` wrote this page from `model.json`, which has more.')
  return '\n'.join(lines) + '\n'


def _licence(content: Mapping[str, Any]) -> list[str]:
  return [
    content['licence'],
    '',
    'These are the terms of the model in this folder. The code of omr_jax is under Apache-2.0.',
  ]


def _figures(content: Mapping[str, Any]) -> Iterator[str]:
  run, of_task = content['run'], tasks.named(content['task']).card
  columns = of_task.RESULT, '95 % interval', 'size', 'largest difference'
  yield from _header('tested', 'on', *columns)
  test = f'the test of its run ({run["origin"]}, split: {run["protocol"]})'
  yield _row('the run', test, *of_task.result(content), '', '')
  for name, file in content['files'].items():
    right = of_task.result(file)
    size, off = f'{file["bytes"] / 1e6:.2f} MB', f'{file["largest_difference"]:.2g}'
    yield _row(f'`{name}`', 'the same', *right, size, off)
  for figure in content.get('figures', ()):
    yield _row('the model', figure['on'], *_figure(figure), '', '')
  yield ''
  yield (
    f'The largest difference is that of any {of_task.OUTPUT} from the one that JAX has in float32.'
  )


def _figure(figure: Mapping[str, Any]) -> tuple[str, str]:
  """The result of a further test in words, and its 95 % interval if answers were counted."""
  if 'ap50' in figure:
    return pages.ap50_in_words(figure), ''
  return classifiers.result({'test': figure})


def _training_data(content: Mapping[str, Any]) -> Iterator[str]:
  yield from _header('source', 'examples', 'what', 'licence')
  for row in content['training_data']:
    yield _row(*(str(row.get(key, '')) for key in ('source', 'examples', 'what', 'licence')))


def _usage(content: Mapping[str, Any]) -> list[str]:
  lines, outputs = tasks.named(content['task']).card.usage(content)
  names = ', '.join(f'`{name}`' for name in content['inputs'])
  return [
    'With omr_jax, which needs neither JAX nor Flax for this:',
    '',
    '```python',
    'import omr_jax',
    '',
    "model = omr_jax.load('.')  # The path of this folder.",
    *lines,
    '```',
    '',
    'In other programs:',
    '',
    f'1. Make {names} by the steps of `preparation` in `model.json`. In Python '
    f'`{content["preparation"]["call"]}` does it.',
    f'2. Run an ONNX file. {outputs}.',
    f'3. The answer: {content["answer"]}.',
  ]


def _origin(content: Mapping[str, Any]) -> Iterator[str]:
  run, by = content['run'], content['exported_by']
  yield from _header('', '')
  yield _row('network', f'{run.get("network", "")}, {run["parameters"]} parameters')
  yield _row('training', f'config {run["config_name"]}, {run["epochs"]} epochs, seed {run["seed"]}')
  yield _row('revision of the training', str(run.get('revision', 'unknown')))
  yield _row('exported by', ', '.join(f'{name} {version}' for name, version in by.items()))


def _header(*names: str) -> tuple[str, str]:
  return _row(*names), '|' + '---|' * len(names)


def _row(*cells: str) -> str:
  return f'| {" | ".join(map(cell, cells))} |'
