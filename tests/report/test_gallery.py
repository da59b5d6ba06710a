"""How many pictures a page has, and which."""

import numpy as np

from omr_jax.report import figures, gallery
from omr_jax.report.gallery import Example, Mistake

PICTURE = np.full((4, 4, 1), 255, np.uint8)
ONE = len(figures.picture(PICTURE))


def mistake(name, true, predicted, confidence):
  return Mistake(name, true, predicted, confidence, 1 - confidence, PICTURE)


# The most confident first: a, b and c are As taken for Bs, d is a B taken for an A.
MISTAKES = [
  mistake('d', 'B', 'A', 0.6),
  mistake('a', 'A', 'B', 0.9),
  mistake('c', 'A', 'B', 0.7),
  mistake('b', 'A', 'B', 0.8),
]


def made(**examples):
  return gallery.section(MISTAKES, 'symbol', 'Words.', examples, 'all.csv')


def shown(section):
  return [each.mistake.id for each in section.values['shown']]


def test_all_mistakes_where_they_fit():
  section = made()
  assert shown(section) == ['a', 'b', 'c', 'd'] and section.values['left_out'] == 0
  assert gallery.anchors(section) == {('A', 'B'): 'mistake-0', ('B', 'A'): 'mistake-3'}


def test_each_pair_of_classes_goes_first_where_they_do_not(monkeypatch):
  monkeypatch.setattr(gallery, 'MOST', 3 * ONE)
  section = made()
  assert shown(section) == ['a', 'b', 'd'] and section.values['left_out'] == 1
  monkeypatch.setattr(gallery, 'MOST', 2 * ONE)
  assert shown(made()) == ['a', 'd']


def test_a_cell_without_pictures_opens_nothing(monkeypatch):
  monkeypatch.setattr(gallery, 'MOST', ONE)
  anchors = gallery.anchors(made())
  assert gallery.opening(3, ('A', 'B'), anchors).link == '#mistake-0'
  assert gallery.opening(1, ('B', 'A'), anchors) == ('1', None, 0.0, False, '', None, None)


def test_examples_of_classes_that_are_in_no_mistake_are_left_out():
  section = made(A=Example('1', PICTURE), C=Example('2', PICTURE))
  assert list(section.values['examples']) == ['A']
