"""The part of the page in which one writes a symbol."""

import functools
import json
import math
import re

import numpy as np
import pytest
from browsing import NEEDS, find, in_page, model_json, wait

import omr_jax
from omr_jax.inputs import pen_path, strokes
from omr_jax.web import glyphs
from tfds_builders.homus import made_up

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS

# Lines of symbols, each a list of points as shares of the sides of the paper.
FERMATA = (
  [(0.32, 0.55), (0.36, 0.45), (0.43, 0.39), (0.5, 0.37), (0.57, 0.39), (0.64, 0.45), (0.68, 0.55)],
  [(0.495, 0.52), (0.505, 0.53)],
)
LETTER = ([(0.38, 0.65), (0.5, 0.3), (0.62, 0.65)], [(0.43, 0.52), (0.57, 0.52)])  # A
SHARP = (
  *([(0.46, 0.40), (0.45, 0.62)], [(0.53, 0.38), (0.52, 0.60)]),
  *([(0.42, 0.48), (0.57, 0.45)], [(0.41, 0.56), (0.56, 0.53)]),
)


@pytest.fixture
def page(page_at):
  """The part of the page in which one draws, without ink."""
  driver = page_at('draw')
  if find(driver, '#clear').is_enabled():
    clear(driver)
  return driver


def clear(driver):
  find(driver, '#clear').click()
  wait(lambda: not find(driver, '#drawn').get_attribute('textContent'))


def write(driver, *points):
  """Writes a line on the paper with the mouse, through points as shares of its sides."""
  paper = find(driver, '#paper')
  size = paper.size['width']
  chain = webdriver.ActionChains(driver, duration=20)
  for number, (x, y) in enumerate(points):
    # Selenium counts from the middle of the paper.
    at = round((x - 0.5) * size), round((y - 0.5) * size)
    chain.move_to_element_with_offset(paper, *at)
    if not number:
      chain.click_and_hold()
  chain.release().perform()


def test_pen_paths_are_python_s(modules):
  """Of every symbol that a made-up writer has written; the network's answers are the same too."""
  network = omr_jax.load('homus_strokes')
  files = made_up.files(writers=1).items()
  symbols = [strokes.parse(content, name) for name, content in files]
  found = in_page(
    modules,
    'network/pen_path.js',
    'given[0].map((strokes) => Array.from(module.penPath(strokes, given[1])))',
    [[each.points[each.stroke == n].tolist() for n in np.unique(each.stroke)] for each in symbols],
    model_json('homus_strokes'),
  )
  there = np.reshape(found, (len(symbols), pen_path.POINTS, 3)).astype(np.float32)
  here = np.stack([pen_path.sampled(each.points, each.stroke) for each in symbols]).astype(
    np.float32
  )
  np.testing.assert_allclose(there, here, atol=1e-3)
  labels = [
    [answer.label for answer in network.answers([{'pen': path} for path in paths])]
    for paths in (there, here)
  ]
  assert labels[0] == labels[1]


def test_a_small_drawing_is_no_dot(modules):
  """A ring of 22 by 16 units is a whole note at a third of its size too; a dot stays one."""
  ring = [[11 + 11 * math.cos(n / 4), 8 + 8 * math.sin(n / 4)] for n in range(26)]
  dot = [[0.0, 0.0], [2.0, 0.5], [2.5, 2.0], [1.0, 2.5], [0.5, 1.0], [2.0, 1.5]]
  drawn = [[ring], [[[x / 3, y / 3] for x, y in ring]], [dot]]
  found = in_page(
    modules,
    'network/client.js',
    'Promise.all(given[0].map((strokes) =>'
    " module.ask('symbolOfStrokes', { name: given[1], strokes })))"
    '.then((all) => all.map(({ probabilities }) => Array.from(probabilities)))',
    drawn,
    'homus_strokes',
  )
  classes = model_json('homus_strokes')['classes']
  assert [classes[np.argmax(each)] for each in found] == ['Whole-Note', 'Whole-Note', 'Dot']


def test_draw_with_a_pointer(page):
  """A line; then a sharp of four strokes, of which the last three are undone."""
  classes = find(page, '#classes')
  line = functools.partial(write, page)
  line((0.5, 0.3), (0.5, 0.7))
  wait(lambda: classes.get_attribute('data-label') == 'Barline')
  find(page, '#clear').click()
  wait(lambda: not classes.text)
  for points in SHARP:
    line(*points)
  wait(lambda: classes.get_attribute('data-label') == 'Sharp')
  assert 'Sharp' in wait(lambda: find(page, '#drawn').get_attribute('textContent'))
  assert float(find(page, '#paper').get_attribute('data-milliseconds')) > 0
  find(page, '#undo').click()
  undo = webdriver.ActionChains(page).key_down(webdriver.Keys.CONTROL)
  undo.send_keys('zz').key_up(webdriver.Keys.CONTROL).perform()
  wait(lambda: classes.get_attribute('data-label') == 'Barline')


def test_what_is_no_symbol_is_none_of_these(page):
  classes, aloud = find(page, '#classes'), find(page, '#drawn')
  none = 'None of these'
  for lines, words in ((FERMATA, none), (LETTER, none), (SHARP, 'Sharp')):
    for points in lines:
      write(page, *points)
    wait(lambda words=words: aloud.get_attribute('textContent').startswith(words))
    assert classes.text.startswith(words)
    assert ('looks most like' in classes.text) == (words == none)
    clear(page)


def test_draw_with_keys(page):
  """Escape takes back the stroke that is being written, then everything."""
  keys = webdriver.Keys
  paper, classes = find(page, '#paper'), find(page, '#classes')
  paper.send_keys(' ', *[keys.ARROW_DOWN] * 25, ' ')
  wait(lambda: classes.get_attribute('data-label') == 'Barline')
  paper.send_keys(*[keys.ARROW_UP] * 12, ' ', *[keys.ARROW_RIGHT] * 12, keys.ESCAPE)
  wait(lambda: classes.get_attribute('data-label') == 'Barline')
  paper.send_keys(keys.ESCAPE)
  wait(lambda: not classes.text)


def test_there_is_no_ink_beside_the_paper(page, tmp_path):
  """A line that leaves the paper on its right side and comes back is two strokes."""
  write(page, (0.8, 0.4), (1.1, 0.4), (1.1, 0.6), (0.8, 0.6))
  wait(lambda: find(page, '#classes').text)
  find(page, '#save-strokes').click()
  saved = tmp_path / 'symbol.json'
  wait(saved.exists)
  strokes = json.loads(saved.read_text())['strokes']
  assert len(strokes) == 2
  assert all(0 <= number <= 192 for stroke in strokes for point in stroke for number in point)
  # The file is one that the command reads.
  assert (
    omr_jax.load('homus_strokes')({'strokes': strokes}).label
    in model_json('homus_strokes')['classes']
  )


def test_symbols_of_the_gallery(page, tmp_path):
  """One is written by itself; clearing keeps it, and its correction is saved."""
  driver = page
  before = len(driver.find_elements('css selector', '#draw-tried li'))
  wait(lambda: len(driver.find_elements('css selector', '#gallery button')) == 32)
  find(driver, '#gallery [data-name="3-4-Time"]').click()
  wait(lambda: find(driver, '#classes').text.startswith('3/4 time'))
  wait(lambda: find(driver, '#drawn').get_attribute('textContent').startswith('3/4 time'))
  assert not re.search(r'(?<!\d)0 %', find(driver, '#classes').text)
  find(driver, '#clear').click()
  said = wait(lambda: find(driver, '#draw-tried select'))
  said.find_element('css selector', '[value="3-8-Time"]').click()
  find(driver, '#draw-tried > button').click()
  saved = tmp_path / 'omr_jax symbols.json'
  wait(saved.exists)
  tried, *earlier = json.loads(saved.read_text())['tried']
  assert len(earlier) == before
  assert (tried['label'], tried['said']) == ('3-4-Time', '3-8-Time')
  assert len(tried['strokes']) >= 2 and tried['picture'].startswith('data:image/png')


def test_the_gallery_is_what_code_makes():
  kept = json.loads(glyphs.PATH.read_text())
  assert kept == glyphs.glyphs()
  assert sorted(kept) == model_json('homus_strokes')['classes']
