"""Results of people beside the model's; the page itself is in test_people.py."""

import json

import pytest

from omr_jax import human
from omr_jax.errors import UserError


def result(answers, name='', kind='symbols', classes=('A', 'B')):
  """True are A, A, B, B; the model says A, B, B, B."""
  questions = [
    {'id': str(n), 'label': label, 'model': model}
    for n, (label, model) in enumerate(zip('AABB', 'ABBB', strict=True))
  ]
  given = [{'id': str(n), 'answer': answer, 'seconds': 1} for n, answer in answers]
  content = {'format': 1, 'kind': kind, 'name': name, 'classes': list(classes)}
  return content | {'questions': questions, 'answers': given}


def test_people_beside_the_model(tmp_path):
  """Ada answers all, one wrong; Bob two of these, one wrong: 4 of 6. The model has 3 of the 4."""
  (tmp_path / 'ada.json').write_text(json.dumps(result(enumerate('AAAB'), 'Ada')))
  (tmp_path / 'bob.json').write_text(json.dumps(result([(0, 'B'), (3, 'B')])))
  lines = human.merge([tmp_path / 'ada.json', tmp_path / 'bob.json']).splitlines()
  assert lines[2].startswith('| Ada | 3 | 4 | 75.00 % |')
  assert lines[3].startswith('| bob | 1 | 2 | 50.00 % |')
  assert lines[4] == '| all | 4 | 6 | 66.67 % |  |'
  assert lines[5].startswith('| the model, on all these | 3 | 4 | 75.00 % | 30.06-95.44 |')
  # Three of the people's answers are to an A: they say it three times, twice rightly. The model
  # says it of one of the two.
  assert lines[-2] == '| A | 3 | 66.7 | 66.7 | 100.0 | 50.0 |'
  # Three are to a B: they say it three times, twice rightly; the model three times, twice.
  assert lines[-1] == '| B | 3 | 66.7 | 66.7 | 66.7 | 100.0 |'


def test_a_session_that_was_saved_twice_is_one_person(tmp_path):
  """Ada saves after two answers and after four, one wrong; Bob has another session."""
  ada, bob = {'session': 'a'}, {'session': 'b'}
  files = {
    'late.json': result(enumerate('AAAB'), 'Ada') | ada,
    'early.json': result([(0, 'A'), (1, 'B')], 'Ada') | ada,
    'bob.json': result([(0, 'A')], 'Bob') | bob,
  }
  for name, content in files.items():
    (tmp_path / name).write_text(json.dumps(content))
  lines = human.merge([tmp_path / name for name in files]).splitlines()
  assert lines[2].startswith('| Ada | 3 | 4 | 75.00 % |')
  assert lines[3].startswith('| Bob | 1 | 1 | 100.00 % |')
  assert lines[4].startswith('| all | 4 | 5 |')


@pytest.mark.parametrize(
  'content',
  [
    {},
    result([]),
    result([(0, 'C')]),
    result([(7, 'A')]),
    result([(0, 'A'), (0, 'B')]),
    result([(0, 'A')], classes=('A', 'C')),
    result([(0, 'A')]) | {'questions': None},
    result([(0, 'A')]) | {'format': 2},
    result([(0, 'A')], classes=('A', 'B', 'A')),
    result([(0, 'A')]) | {'questions': 2 * result([])['questions']},
  ],
)
def test_what_is_no_result(tmp_path, content):
  (tmp_path / 'a.json').write_text(json.dumps(content))
  with pytest.raises(UserError, match=r'a\.json: no result with answers, or damaged'):
    human.merge([tmp_path / 'a.json'])


def test_no_name_forges_a_row_or_a_colour(tmp_path, capsys):
  names = 'Eve | 9 | 9 | 100 % |\n| Bob', '\x1b[31mred', '\ud800', 'back\\', 'a\u202eb'
  paths = [tmp_path / f'{number}.json' for number in range(len(names))]
  for path, name in zip(paths, names, strict=True):
    path.write_text(json.dumps(result([(0, 'A')], name)))
  assert human.main(['merge', *map(str, paths)]) == 0
  rows = capsys.readouterr().out.splitlines()[2 : 2 + len(names)]
  assert [row.partition(' | 1 | 1 |')[0] for row in rows] == [
    r'| Eve \| 9 \| 9 \| 100 % \|\n\| Bob',
    r'| \x1b[31mred',
    r'| \ud800',
    r'| back\\',
    r'| a\u202eb',
  ]


def test_other_classes_are_not_merged(tmp_path):
  (tmp_path / 'a.json').write_text(json.dumps(result([(0, 'A')])))
  (tmp_path / 'b.json').write_text(json.dumps(result([(0, 'A')], classes=('A', 'B', 'C'))))
  with pytest.raises(UserError, match=r'b\.json: has other classes'):
    human.merge([tmp_path / 'a.json', tmp_path / 'b.json'])


def test_the_command_says_what_is_missing(tmp_path, capsys):
  assert human.main(['prepare', 'symbols', '--site', str(tmp_path)]) == 2
  assert 'holds no site' in capsys.readouterr().err
  assert human.main(['merge', str(tmp_path / 'none.json')]) == 2
  assert 'none.json' in capsys.readouterr().err
