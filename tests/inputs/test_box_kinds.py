"""Classes whose middles often meet have boxes of different kinds."""

import pytest

from omr_jax.inputs import box_kinds
from omr_jax.tasks.pages.inputs import PRINTED


@pytest.mark.parametrize(
  'meeting',
  [
    ('noteheadFull', 'legerLine'),
    ('accidentalSharp', 'keySignature'),
    ('numeral3', 'tuple'),
    ('dynamicLetterM', 'dynamicsText'),
    ('noteheadHalf', 'slur'),
    ('barline', 'measureSeparator'),
    ('characterSmallL', 'otherText'),
    ('stem', 'multipleNoteTremolo'),
    ('articulationStaccato', 'articulationTenuto'),
  ],
)
def test_classes_that_meet(meeting):
  one, other = box_kinds.kinds(meeting)
  assert one != other


def test_every_name_is_a_class():
  assert set(box_kinds._KIND_OF) <= set(PRINTED)
  assert set(box_kinds.kinds(PRINTED)) == set(range(len(box_kinds.KINDS)))
