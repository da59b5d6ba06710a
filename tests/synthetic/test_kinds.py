"""Kinds of drawn pictures: each has a class, and the docs list exactly these."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from omr_jax.inputs.pictures import CLASSES
from omr_jax.synthetic import kinds, probes

DOCS = Path(__file__).parents[2] / 'docs' / 'scores.md'


@functools.cache
def first_drawing(name):
  """The first picture of a kind that training has."""
  (kind,) = [kind for kind in kinds.KINDS if kind.name == name]
  return kinds.drawn(kind, 0)


def test_the_definition_lists_the_kinds():
  rows = re.findall(r'^\| (.+) \| (scores|other) \|$', DOCS.read_text(), re.MULTILINE)
  described = rows[rows.index((kinds.KINDS[0].name, kinds.KINDS[0].label)) :]
  assert described == [(kind.name, kind.label) for kind in kinds.KINDS]


def test_names_and_classes():
  names = [kind.name for kind in kinds.KINDS]
  assert len(set(names)) == len(names)
  assert {kind.label for kind in kinds.KINDS} == set(CLASSES)


@pytest.mark.parametrize('kind', kinds.KINDS, ids=lambda kind: kind.name)
def test_pictures(kind):
  first, again, other = first_drawing(kind.name), kinds.drawn(kind, 0), kinds.drawn(kind, 1)
  np.testing.assert_array_equal(first, again)
  assert first.shape != other.shape or (first != other).any()
  for picture in (first, other):
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert picture.std() > 3


def test_probes_are_other_drawings_than_those_of_training():
  found = probes.of_kinds(instances=1)
  assert [probe.expected for probe in found] == [kind.label for kind in kinds.KINDS]
  for probe, kind in zip(found, kinds.KINDS, strict=True):
    trained = first_drawing(kind.name)
    assert probe.picture.shape != trained.shape or (probe.picture != trained).any()
