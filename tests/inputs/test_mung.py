"""Annotations in the format MuNG are read as they were written, and damaged ones are refused."""

from xml.etree import ElementTree

import numpy as np
import pytest

from omr_jax.inputs import mung
from omr_jax.inputs.mung import Node

MASK = np.array([[0, 1, 1, 0], [1, 1, 0, 0]], bool)


def test_what_is_written_is_read_again():
  nodes = [
    Node(3, 'noteheadFull', (5, 7, 9, 9), MASK, (4,), (('confidence', 0.5), ('staff', 2))),
    Node(4, 'stem', (9, 0, 10, 8), np.ones((8, 1), bool)),
  ]
  content = mung.written(nodes, 'a & b', 'page <1>\0\ud800')
  found = mung.read(content)
  assert list(found) == [3, 4]
  for node in nodes:
    np.testing.assert_array_equal(found[node.number].mask, node.mask)
    assert found[node.number][:3] == node[:3] and found[node.number].links == node.links
  root = ElementTree.fromstring(content)
  assert root.attrib == {'dataset': 'a & b', 'document': 'page <1>\ufffd\ufffd'}
  values = {each.tag: each.text for each in root[0]}
  assert values['Mask'] == '0:1 1:2 0:1 1:2 0:2'
  assert (values['Top'], values['Left'], values['Width'], values['Height']) == ('7', '5', '4', '2')
  assert [(each.attrib, each.text) for each in root[0].iter('DataItem')] == [
    ({'key': 'confidence', 'type': 'float'}, '0.5'),
    ({'key': 'staff', 'type': 'int'}, '2'),
  ]


def test_a_page_without_objects():
  assert mung.read(mung.written([], 'a', 'b')) == {}


@pytest.mark.parametrize(
  ('old', 'new', 'words'),
  [
    ('<Nodes', '<!DOCTYPE x><Nodes', 'a document type'),
    ('</Nodes>', '', 'no element found'),
    ('<Nodes dataset', '<Nodes xmlns="x" dataset', 'it begins with <{x}Nodes>'),
    ('<Left>5', '<Left>' + 400 * '9', r'object 3: its box \(9+, 7, 4, 2\) is impossible'),
    ('<Width>4', '<Width>5', 'object 3: its mask does not fill its box'),
    ('<Width>4', '<Width>-4', r'object 3: its box \(5, 7, -4, 2\) is impossible'),
    ('<Id>3<', '<Id>x<', "object x: Id has 'x' in place of a whole number"),
    ('<Mask>0:1', '<Mask>0:1.5', "object 3: Mask has '1.5' in place of a whole number"),
    ('<Outlinks>4', '<Outlinks>99999' + 5000 * '9', "Outlinks has '9{30}' in place of"),
    ('noteheadFull', '', 'object 3: it has no class'),
    ('<Outlinks>4', '<Outlinks>5', 'object 3 links to 5, which is not there'),
  ],
)
def test_damaged_ones_are_refused(old, new, words):
  content = mung.written([Node(3, 'noteheadFull', (5, 7, 9, 9), MASK, (4,))], 'a', 'b').decode()
  content = content.replace(
    '</Nodes>',
    '  <Node><Id>4</Id><ClassName>stem</ClassName><Top>0</Top>'
    '<Left>0</Left><Width>1</Width><Height>1</Height><Mask>1:1</Mask></Node>\n</Nodes>',
  )
  assert len(mung.read(content.encode())) == 2
  assert old in content
  with pytest.raises(ValueError, match=words):
    mung.read(content.replace(old, new, 1).encode())


def test_a_file_of_another_kind_is_refused():
  """Such as MuNG of MUSCIMA++ 1.0, or MusicXML."""
  for root, words in (
    ('CropObjectList', 'a file of MUSCIMA[+][+] 1.0, and one of version 2.0 is needed'),
    ('score-partwise', 'it begins with <score-partwise>, and such a file with <Nodes>'),
  ):
    for read in (mung.read, mung.boxes):
      with pytest.raises(ValueError, match=words):
        read(f'<{root}></{root}>'.encode())


def test_boxes_too_large_together_are_refused(monkeypatch):
  monkeypatch.setattr(mung, 'MOST_PIXELS', 15)
  node = Node(0, 'stem', (0, 0, 4, 2), MASK)
  with pytest.raises(ValueError, match=r'object 1: it and those before it have more than 15'):
    mung.read(mung.written([node, node._replace(number=1)], 'a', 'b'))
  with pytest.raises(ValueError, match=r'object 2: its box \(0, 0, 4, 4\) is impossible'):
    mung.boxes(mung.written([Node(2, 'stem', (0, 0, 4, 4), np.ones((4, 4), bool))], 'a', 'b'))


def test_boxes_are_read_without_masks_and_links():
  stem = Node(1, 'stem', (9, 0, 10, 2), np.ones((2, 1), bool))
  nodes = [Node(3, 'noteheadFull', (5, 7, 9, 9), MASK, (4,)), stem]
  content = mung.written(nodes, 'a', 'b').decode()
  for mask in ('<Mask>0:1 1:2 0:1 1:2 0:2</Mask>', '<Mask>1:2</Mask>'):
    assert mask in content
    content = content.replace(mask, '<Mask></Mask>')
  assert mung.boxes(content.encode()) == [
    ('noteheadFull', (5, 7, 9, 9)),
    ('stem', (9, 0, 10, 2)),
  ]
  with pytest.raises(ValueError, match='object 3: its mask does not fill its box'):
    mung.read(content.encode())
  for old, new, words in (
    ('<Id>3<', '<Id>1<', 'object 1 is there twice'),
    ('<Width>4<', '<Width>0<', r'object 3: its box \(5, 7, 0, 2\) is impossible'),
    ('stem', '', 'object 1: it has no class'),
  ):
    with pytest.raises(ValueError, match=words):
      mung.boxes(content.replace(old, new).encode())
