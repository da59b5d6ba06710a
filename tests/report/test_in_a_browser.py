"""A report in a real browser: narrow, on paper, and what its script does."""

import numpy as np
import pytest
from browsing import BROWSER, DRIVER, find

from omr_jax.report import figures, gallery, templates
from omr_jax.report.gallery import Mistake
from omr_jax.report.parts import Cell, Table, tables
from omr_jax.report.templates import Section
from omr_jax.tasks.classifiers import confusions

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = pytest.mark.skipif(
  not (BROWSER and DRIVER), reason='needs chromium and chromium-driver'
)
PAPER = 703  # Pixels of the width of A4 between margins of 12 mm.

CLASSES = [f'Sixty-Four-Note {number}' for number in range(32)]
PICTURE = np.full((8, 8, 1), 255, np.uint8)
# Three symbols of the first class are taken for the last one; one of these has no picture here.
CONFUSION = 9 * np.eye(32, dtype=int)
CONFUSION[0, 31] = 3
MISTAKES = [
  Mistake(name, CLASSES[0], CLASSES[31], confidence, 0.1, PICTURE)
  for name, confidence in (('1-1', 0.9), ('1-2', 0.8))
]
TABLE = Table(
  'Times',
  ('name', 'time', *(f'a wide column {number}' for number in range(12))),
  [
    [{5: '12-8-Time', 8: '2-4-Time'}.get(number, f'row {number}'), Cell(words, seconds), *range(12)]
    for number, (words, seconds) in enumerate([('1 min', 60), ('9 s', 9), ('2 s', 2)] * 4)
  ],
)


def page():
  mistakes = gallery.section(MISTAKES, 'symbol', 'Words.', {}, 'all.csv')
  series = {'training': ([1, 2], [0.5, 0.25]), 'validation': ([1, 2], [0.75, 0.5])}
  drawn = figures.curve(series, 'loss', 2, log=True)
  sections = {
    'Curves': Section('report/curves.html', {'words': '', 'figures': [drawn]}),
    'Mistakes': mistakes,
    'Confusions': confusions.section(CONFUSION, CLASSES, 'symbol', gallery.anchors(mistakes)),
    'Classes': tables([TABLE]),
  }
  return templates.page('9 of 12 right', 'made', 'By hand.', {'Accuracy': '75.00 %'}, sections)


@pytest.fixture(scope='module')
def driver(tmp_path_factory):
  folder = tmp_path_factory.mktemp('page')
  (folder / 'report.html').write_text(page())
  options = webdriver.ChromeOptions()
  options.binary_location = BROWSER
  more = '--hide-scrollbars', f'--user-data-dir={folder}/user'
  for flag in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', *more):
    options.add_argument(flag)
  options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
  started = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
  started.get(f'file://{folder}/report.html')
  yield started
  started.quit()


def resized(driver, width, media='screen'):
  size = {'width': width, 'height': 800, 'deviceScaleFactor': 1, 'mobile': False}
  driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
  driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'media': media})


def test_nothing_is_wider_than_a_phone(driver):
  resized(driver, 360)
  assert driver.execute_script('return document.documentElement.scrollWidth') == 360
  # What is wider scrolls in a box of its own, which the tab key reaches; its caption does not.
  driver.execute_script('dispatchEvent(new Event("resize"))')
  boxes = driver.find_elements('css selector', '.scroll')
  assert [box.get_attribute('tabIndex') for box in boxes] == ['0', '-1', '0']
  assert all(box.size['width'] <= 360 for box in boxes)
  assert not driver.find_elements('css selector', '.scroll caption, .scroll figcaption')


def test_the_matrix_fits_on_paper(driver):
  resized(driver, PAPER, 'print')
  last = 'return document.querySelector(".matrix tr:last-child td:last-child")'
  assert driver.execute_script(f'{last}.getBoundingClientRect().right') <= PAPER
  assert driver.execute_script('return document.documentElement.scrollWidth') == PAPER


def test_a_cell_opens_its_pictures(driver):
  resized(driver, 1280)
  link = find(driver, '.matrix a')
  assert link.get_attribute('aria-label') == f'3: {CLASSES[0]} taken for {CLASSES[31]}'
  link.send_keys(webdriver.Keys.ENTER)
  dialog = find(driver, 'dialog')
  assert dialog.is_displayed() and len(dialog.find_elements('css selector', 'li')) == 2
  assert f'{CLASSES[0]} taken for {CLASSES[31]}' in dialog.text
  assert '2 of 3 pictures; the others are left out.' in dialog.text
  dialog.find_element('css selector', 'button').send_keys(webdriver.Keys.ESCAPE)
  assert not dialog.is_displayed() and driver.switch_to.active_element == link


def column(driver, number):
  cells = driver.find_elements('css selector', f'#classes tbody tr > :nth-child({number})')
  return [cell.text for cell in cells if cell.is_displayed()]


def test_tables_are_sorted_and_filtered(driver):
  resized(driver, 1280)
  head = find(driver, '#classes th[data-column="1"]')
  head.find_element('css selector', 'button').click()
  # By seconds, not by the numbers in the words.
  assert column(driver, 2) == ['1 min'] * 4 + ['9 s'] * 4 + ['2 s'] * 4
  assert head.get_attribute('aria-sort') == 'descending'
  head.find_element('css selector', 'button').click()
  assert column(driver, 2)[0] == '2 s' and head.get_attribute('aria-sort') == 'ascending'
  # By name, although some begin with a number.
  name = find(driver, '#classes th[data-column="0"] button')
  name.click()
  assert column(driver, 1)[:2] == ['row 9', 'row 7']
  name.click()
  assert column(driver, 1)[:3] == ['12-8-Time', '2-4-Time', 'row 0']
  find(driver, '#classes input').send_keys('ROW 11')
  assert column(driver, 1) == ['row 11']


def test_curves_say_their_values(driver):
  resized(driver, 1280)
  svg = find(driver, '#curves svg')
  driver.execute_script('arguments[0].focus()', svg)
  for key, words in (
    (webdriver.Keys.ARROW_RIGHT, 'training, epoch 1: 0.5'),
    (webdriver.Keys.ARROW_RIGHT, 'training, epoch 2: 0.25'),
    (webdriver.Keys.ARROW_DOWN, 'validation, epoch 2: 0.5'),
  ):
    webdriver.ActionChains(driver).send_keys(key).perform()
    assert find(driver, '#curves output').text == words
  webdriver.ActionChains(driver).move_to_element_with_offset(
    svg, -svg.size['width'] // 2 + 2, -svg.size['height'] // 2 + 2
  ).perform()  # The upper left corner.
  assert find(driver, '#curves output').text == 'validation, epoch 1: 0.75'


def test_the_browser_has_no_complaint(driver):
  """Of a script that the page's policy refuses, for example."""
  assert driver.get_log('browser') == []
