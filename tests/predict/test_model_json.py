"""Every value of `model.json` is checked: each shipped one, with one value broken after another."""

import json
import math
from pathlib import Path

import pytest

import omr_jax
from omr_jax.errors import UserError
from omr_jax.inputs import views
from omr_jax.predict import model_json, models
from omr_jax.tasks.scores import inputs

PRETRAINED = Path(omr_jax.__file__).parent / 'pretrained'
ABOUT = {
  name: json.loads((PRETRAINED / name / 'model.json').read_text()) for name in models.pretrained()
}
DELETED = object()
OTHERS = (
  *(DELETED, None, True, False, 'a word', '', '$\\frac{$', '\ud800', 10**399, -(10**399), 0, -1),
  *(1e308, 2.5, math.nan, math.inf, -math.inf, [], [5], {}, {'a': 1}, [None], [[]]),
)


def leaves(value, path=()):
  """The places of all values in an object of JSON, inner objects and lists among them."""
  if path:
    yield path
  listed = enumerate(value) if isinstance(value, list) else ()
  for key, each in value.items() if isinstance(value, dict) else listed:
    yield from leaves(each, (*path, key))


def of_each_kind(paths):
  """Of places that differ in their numbers in lists only, the first and the last."""
  ends = {}
  for path in paths:
    kind = tuple('' if isinstance(key, int) else key for key in path)
    ends[kind] = (ends.get(kind, [path])[0], path)
  return dict.fromkeys(path for both in ends.values() for path in both)


def changed(value, path, other):
  """The same with one inner value changed or deleted."""
  if not path:
    return other
  key, *inner = path
  value = value.copy()
  if other is DELETED and not inner:
    del value[key]
  else:
    value[key] = changed(value.get(key) if isinstance(value, dict) else value[key], inner, other)
  return value


@pytest.mark.parametrize('name', ABOUT)
def test_every_broken_value_is_refused_by_its_name_or_harmless(name, monkeypatch):
  """Whatever one value is instead: refused in words, or the same model in all that is used."""
  content, whole = {}, model_json.read(PRETRAINED / name)
  monkeypatch.setattr(model_json, 'read_json', lambda *_: content)
  refused = harmless = 0
  # Of the configuration of the training only the data and the picture are used again.
  paths = [path for path in leaves(ABOUT[name]) if path[:1] != ('classes',) or len(path) == 1]
  for path in of_each_kind(paths):
    for other in OTHERS:
      content = changed(ABOUT[name], path, other)
      try:
        found = model_json.read(Path('folder'))
      except UserError as error:
        key = path[0] if path[0] != 'config' else '.'.join(map(str, path[:2]))
        words = str(error)
        assert words.startswith('folder/model.json: ') and key in words, (path, other, words)
        assert words.endswith('export the run again.') and len(words) < 2000
        refused += 1
      else:
        # Which of the possible inputs and outputs there are, the ONNX file says too.
        if path[0] in ('inputs', 'output'):
          assert set(found.reads) <= set(whole.reads) and set(found.gives) <= set(whole.gives)
          continue
        assert found._replace(facts={}) == whole._replace(facts={}), (path, other)
        known = {'temperature', 'test', 'licence', 'files', 'run', 'config'}.intersection(
          whole.facts
        )
        for key in known:
          assert type(found.facts.get(key, whole.facts[key])) is type(whole.facts[key])
        assert found.facts['config']['data']['protocol'] is not None
        harmless += 1
  assert refused > 500 and harmless > 500


SYMBOLS, SCORES = 'homus', 'scores'


@pytest.mark.parametrize(
  ('name', 'path', 'other', 'words'),
  [
    (SCORES, ('threshold',), 10**399, 'it must be a probability from 0.5 to 1'),
    (SCORES, ('threshold',), None, 'threshold is None; it must be a probability from 0.5 to 1'),
    (SCORES, ('threshold',), 1.5, 'threshold is 1.5'),
    (SYMBOLS, ('threshold',), 0.5, 'threshold is 0.5; it must be null'),
    (SYMBOLS, ('files',), 5, 'files is 5; it must be an object'),
    (SYMBOLS, ('files',), None, 'files is None'),
    (SYMBOLS, ('files', 'model.onnx'), 5, 'files.model.onnx is 5'),
    (SYMBOLS, ('picture', 'thinned'), None, 'picture.thinned is None; it must be True or False'),
    (SYMBOLS, ('picture', 'thinned'), DELETED, "picture lacks the key 'thinned'"),
    (SYMBOLS, ('picture', 'thined'), True, "no key 'thined': did you mean 'thinned'"),
    (SYMBOLS, ('picture', 'layout'), 'round', "layout is 'round'; it must be one of centered"),
    (SYMBOLS, ('picture', 'thickness'), [], 'picture.thickness is ()'),
    (SYMBOLS, ('picture', 'thickness'), [0], 'picture.thickness is'),
    (SYMBOLS, ('picture', 'margin'), 40, 'picture.margin is 40; it must leave room in 112x80'),
    (SYMBOLS, ('picture', 'max_zoom'), 0, 'picture.max_zoom is 0; it must be at least 0.01'),
    (SYMBOLS, ('picture', 'max_zoom'), None, 'config.drawing.max_zoom is 8.0; it must be null'),
    (SYMBOLS, ('picture', 'max_zoom'), 10**399, 'picture.max_zoom is'),
    (SYMBOLS, ('classes', 1), '12-8-Time', 'classes is'),
    (SYMBOLS, ('inputs',), {}, 'inputs is'),
    (SYMBOLS, ('inputs', 'image', 1, 1), 113, 'inputs is'),
    (SCORES, ('picture', 'tiles'), 10**9, 'picture.tiles is 1000000000; it must be a whole number'),
    (SCORES, ('picture', 'bound'), 0.5, 'picture.bound is 0.5; it must be a number of at least 1'),
    (SCORES, ('picture', 'tiles'), True, 'picture.tiles is True'),
    (SCORES, ('task',), 'symbols', "picture lacks the key 'layout'"),
    (SCORES, ('task',), ['scores'], 'task is'),
    (SCORES, ('temperature',), 0, 'temperature is 0; it must be a number above 0'),
    (SCORES, ('config', 'data'), DELETED, 'config.data is None'),
    (SCORES, ('config', 'data', 'fold'), 9, 'config.data.fold is 9; it must be a whole number'),
    (SCORES, ('config', 'data', 'name'), 'homus', 'config.data.name is'),
  ],
)
def test_what_is_said(name, path, other, words, tmp_path):
  content = changed(ABOUT[name], path, other)
  (tmp_path / 'model.json').write_text(json.dumps(content))
  with pytest.raises(UserError) as error:
    model_json.read(tmp_path)
  assert words in str(error.value)


def test_models_of_earlier_versions_have_no_bound():
  """They squeezed pictures of every shape. In JSON null is infinity, so nothing is lost."""
  fields = {'height': 128, 'width': 128, 'tiles': 3, 'colour': False}
  squeezed = inputs.from_json(fields)
  assert squeezed == views.Layout(128, 128, 3, False, math.inf)
  assert inputs.to_json(squeezed) == {**fields, 'bound': None}
  bounded = inputs.from_json({**fields, 'bound': 2})
  assert inputs.from_json(inputs.to_json(bounded)) == bounded


def test_a_key_that_configs_of_earlier_versions_lack_is_no_damage(tmp_path):
  content = ABOUT['pages']
  for key in ('pasted', 'tiles_per_epoch', 'made_up'):
    content = changed(content, ('config', 'data', key), DELETED)
  (tmp_path / 'model.json').write_text(json.dumps(content))
  assert model_json.read(tmp_path).classes == tuple(ABOUT['pages']['classes'])
