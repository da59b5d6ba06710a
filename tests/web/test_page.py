"""The part of the page that finds the symbols of a page of music."""

import base64
import functools
import json

import drawn_music
import numpy as np
import pytest
from browsing import NEEDS, find, in_page, low_page, model_json, wait
from PIL import Image

import omr_jax
from omr_jax.detect import page_json
from omr_jax.detect.pages import Detected
from omr_jax.evaluation import confidence
from omr_jax.inputs import peaks, tall, whole_pages, windows
from omr_jax.structure import find as structure_of
from omr_jax.structure import structure_json
from omr_jax.synthetic import moved_pages, recorded_pages

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS

# A page in JavaScript, of its pixels in base 64, its width and its height.
PAGE = """(([pixels, width, height]) => ({
  grey: Uint8Array.from(atob(pixels), (each) => each.charCodeAt(0)), width, height }))"""


def given(grey: np.ndarray) -> list:
  """What PAGE takes."""
  return [base64.b64encode(grey.tobytes()).decode(), grey.shape[1], grey.shape[0]]


@functools.cache
def made_up(kind: str) -> np.ndarray:
  """A made-up page: a flat one with 7 staves, or one with 4 systems of 2 as a camera sees it."""
  rng = np.random.default_rng((33, {'flat': 8, 'camera': 3}[kind]))
  page = recorded_pages.page(rng, 800, 900)
  if kind == 'flat':
    return page.picture
  return moved_pages.moved(rng, page.picture, page.structure, kind).picture


def near(found, wanted, far: float) -> bool:
  """Whether values of JSON are the same but for numbers that differ by at most `far`."""
  if isinstance(wanted, dict):
    return found.keys() == wanted.keys() and all(near(found[k], wanted[k], far) for k in wanted)
  if isinstance(wanted, list):
    pairs = zip(found, wanted, strict=False)
    return len(found) == len(wanted) and all(near(one, other, far) for one, other in pairs)
  return found == wanted or abs(found - wanted) <= far


@pytest.mark.parametrize(('kind', 'systems', 'staves'), [('flat', 7, 7), ('camera', 4, 8)])
def test_the_structure_is_python_s(modules, kind, systems, staves):
  """The staves, systems and measures of a page, to a tenth of a staff space."""
  grey = made_up(kind)
  modules.execute_script("window.json = import('./pages/page_json.js')")
  found = in_page(
    modules,
    'structure/find.js',
    f'window.json.then((json) => json.structureJson(module.structureOf({PAGE}(given[0]))))',
    given(grey),
  )
  structure = structure_of.structure(grey)
  assert (len(structure.systems), len(structure.staves)) == (systems, staves)
  assert near(found, structure_json.as_json(structure), structure.staff_space / 10)


def test_windows_are_python_s(modules):
  grey, about = made_up('camera').copy(), model_json('pages')
  grey[:, :200] = 255  # So that the windows begin in the picture.
  found = in_page(
    modules,
    'pages/windows.js',
    f"""(() => {{ const {{ windows, scale }} = module.cut({PAGE}(given[0]), given[1], given[2])
      const text = (pixels) => Array.from(pixels, (each) => String.fromCharCode(each)).join('')
      return [windows.map((each) => ({{ ...each, pixels: text(each.pixels) }})), scale] }})()""",
    *(given(grey), 7.3, about),
  )
  wanted = windows.cut(grey, 7.3)
  np.testing.assert_allclose(found[1], wanted.scale)
  assert [each['corner'] for each in found[0]] == wanted.corners.tolist()
  assert [each['core'] for each in found[0]] == wanted.cores.tolist()
  # As text the numbers come in less time.
  pixels = ''.join(each['pixels'] for each in found[0]).encode('latin-1')
  seen = np.frombuffer(pixels, np.uint8).reshape(wanted.pixels().shape)
  assert np.abs(seen - wanted.pixels().astype(int)).max() <= 1
  assert len(seen) > 4


def test_boxes_are_python_s(modules):
  """In maps of 3 classes, 2 kinds of boxes and 16x16 cells, with equal neighbours."""
  rng = np.random.default_rng(0)
  heat = np.round(rng.normal(0, 2, (16, 16, 3)), 1).astype(np.float32)
  edges = rng.normal(1, 1, (16, 16, 2, 4)).astype(np.float32)
  kinds = [1, 0, 1]
  about = {
    'classes': ['a', 'b', 'c'],
    'picture': {'side': 32},
    'preparation': {'cell': 2, 'same': 0.5, 'kinds': kinds},
  }
  found = in_page(
    modules,
    'pages/peaks.js',
    """module.found({ heat: Float32Array.from(given[0]), edges: Float32Array.from(given[1]) },
      given[2], 1)""",
    *(heat.ravel().tolist(), edges.ravel().tolist(), about),
  )
  boxes, classes, log_odds = peaks.found(heat, edges, np.array(kinds), 1.0)
  assert [each['label'] for each in found] == classes.tolist()
  np.testing.assert_array_equal([each['logOdds'] for each in found], log_odds)
  np.testing.assert_allclose([each['box'] for each in found], boxes, rtol=1e-6)


def test_large_pictures_are_reduced_as_in_python(modules):
  """To at most 4000 pixels, here from 8001: by three."""
  picture = np.random.default_rng(0).integers(0, 256, (7, 8001, 3), np.uint8)
  reduced = whole_pages.reduced(Image.fromarray(picture))
  rgba = np.concatenate([picture, np.full((7, 8001, 1), 255, np.uint8)], 2)
  found = in_page(
    modules,
    'pages/whole_pages.js',
    """createImageBitmap(new ImageData(Uint8ClampedArray.from(atob(given[0]),
      (each) => each.charCodeAt(0)), 8001, 7)).then((picture) => {
        const { grey, ...others } = module.reduced(picture)
        return { grey: Array.from(grey), ...others } })""",
    base64.b64encode(rgba.tobytes()).decode(),
  )
  assert (found['factor'], found['width'], found['height']) == (3, 2667, 3)
  np.testing.assert_array_equal(found['grey'], reduced.grey.ravel())


def test_tall_things_are_python_s(modules):
  """A double bar line, a brace, the line at the left, and groupings of two systems."""
  classes = list(tall.TALL)
  boxes, labels, shares = [], [], []
  for number, top in enumerate(
    (121, 521)
  ):  # Staves from 60 to 860, with the middle at 243 and 643.
    for label, left, first, right, last in (
      ('barline', 440, 0, 442, 64),
      ('barlineHeavy', 446, 0, 450, 64),
      ('barline', 58, 110, 66, 130),
      ('brace', 46, 90, 49, 150),
      ('staffGrouping', 30, 100, 90, 130),
      ('staffGrouping', 30, 115, 90, 130),
      ('measureSeparator', 200, 100, 230, 130),
    ):
      boxes.append([left, top + first, right, top + last])
      labels.append(classes.index(label))
      shares.append(0.9 - 0.01 * len(shares) - 0.2 * number)
  structure = drawn_music.structure()
  systems = [[structure.staves[n] for n in system] for system in structure.systems]
  log_odds = confidence.log_odds(np.array(shares))
  found = tall.completed((np.array(boxes, float), np.array(labels), log_odds), classes, systems)
  wanted = [
    {'label': classes[n], 'confidence': share, 'box': box}
    for n, share, box in zip(
      *(found[1].tolist(), confidence.probability(found[2]).tolist(), found[0].tolist()),
      strict=True,
    )
  ]
  assert len(wanted) == 2 * 7
  symbols = [
    {'label': classes[n], 'confidence': share, 'box': box}
    for n, share, box in zip(labels, shares, boxes, strict=True)
  ]
  staves = [
    {'x': staff[0, :, 0].tolist(), 'lines': staff[..., 1].tolist()} for staff in structure.staves
  ]
  argument = [symbols, classes, {'staves': staves, 'systems': structure.systems}]
  same = in_page(modules, 'pages/tall.js', 'module.completed(...given)', *argument)
  assert near(same, wanted, 1e-6)


def test_names_and_places_in_words(modules):
  """Every class of both models has a name."""
  names = {
    **{'noteheadFull': 'Black notehead', 'restQuarter': 'Quarter rest', 'gClef': 'G clef'},
    **{'rest16th': '16th rest', 'flag8thUp': 'Flag of an 8th note', 'numeral3': 'Digit 3'},
    **{'accidentalDoubleSharp': 'Double sharp', 'characterSmallA': 'Letter a', 'slur': 'Slur'},
    **{'dynamicLetterP': 'Dynamic p', 'staffGrouping': 'Start of a system'},
  }
  classes = sorted({*model_json('pages')['classes'], *model_json('pages_handwriting')['classes']})
  said = in_page(modules, 'pages/names.js', 'given[0].map(module.said)', classes)
  assert all(said)
  assert {name: said[classes.index(name)] for name in names} == names
  places = {
    **{-4: 'on the lowest line', 0: 'on the middle line', 4: 'on the upper line'},
    **{-3: 'in the first space from below', 3: 'in the fourth space from below'},
    **{5: 'just above the staff', -6: 'on the first ledger line below the staff'},
    9: 'beyond the second ledger line above the staff',
  }
  script = 'given[0].map(module.placed)'
  assert in_page(modules, 'pages/names.js', script, list(places)) == list(places.values())


# Looks at a page, which is wanted or not, and gives what the workers are asked and what is told, in
# order, and what is found.
LOOK = """(async ([pixels, width, height], wanted) => {
  const log = []
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (message, transfer) {
    log.push([message.call])
    post.call(this, message, transfer)
  }
  const tell = (name) => ({ staves, measures }) => log.push([name, staves.length, measures.length])
  const grey = Uint8Array.from(atob(pixels), (each) => each.charCodeAt(0))
  const colours = Uint8ClampedArray.from({ length: 4 * grey.length }, (_, n) =>
    n % 4 < 3 ? grey[n >> 2] : 255)
  const found = await module.detect(
    await createImageBitmap(new ImageData(colours, width, height)), 'pages', {
      goesOn: () => wanted, progress() {}, staves: tell('staves'), structure: tell('structure'),
      symbols: (symbols, done, all) => log.push(['symbols', done, all]) })
  Worker.prototype.postMessage = post
  return [log, found.structure.measures.length, found.symbols.length]
})(...given)"""


@pytest.fixture
def page(page_at):
  """The part that reads pages, with its network."""
  driver = page_at('page')
  wait(lambda: not find(driver, '#page-state').text)
  return driver


def test_windows_are_looked_at_before_the_structure_is_whole(modules, tmp_path):
  """As soon as the staves are known; none of a page that is wanted no longer, or has no staves."""
  picture = np.asarray(Image.open(low_page(tmp_path)))
  structure = structure_of.structure(picture)
  staves, measures = len(structure.staves), len(structure.measures)
  count = len(windows.cut(picture, structure.staff_space).corners)
  assert measures and count > 1
  log, *found = in_page(modules, 'pages/detector.js', LOOK, given(picture), True)
  assert found[0] == measures and found[1] > 30
  names = [event[0] for event in log]
  assert names.count('structureAndWindows') == 1 and names.count('symbolsIn') == count
  begun, known, whole = (names.index(name) for name in ('symbolsIn', 'staves', 'structure'))
  assert known < begun < whole
  assert (log[known], log[whole]) == (['staves', staves, 0], ['structure', staves, measures])
  done = [event[1:] for event in log if event[0] == 'symbols']
  assert done == [[n, count] for n in [*range(1, count + 1), count]]
  log, *found = in_page(modules, 'pages/detector.js', LOOK, given(picture), False)
  assert found == [measures, 0]
  assert not {'symbolsIn', 'symbols'} & {event[0] for event in log}
  blank = np.full((30, 40), 255, np.uint8)
  log, *found = in_page(modules, 'pages/detector.js', LOOK, given(blank), True)
  assert found == [0, 0] and ['symbolsIn'] not in log
  told = [event for event in log if len(event) > 1]
  assert sorted(told) == [['staves', 0, 0], ['structure', 0, 0], ['symbols', 0, 0]]


def test_files_are_python_s(page, tmp_path):
  """Another page is chosen while the first is looked at: it alone is shown and saved."""
  driver, path = page, low_page(tmp_path)
  find(driver, '#part-page [data-example=page]').click()
  wait(lambda: find(driver, '#page-state').text.startswith('Looking'))
  find(driver, '#page-file').send_keys(str(path))
  wait(lambda: find(driver, '#page-words').text)
  find(driver, '#page-json').click()
  find(driver, '#structure-json').click()
  saved = [tmp_path / f'low page {name}.json' for name in ('page', 'structure')]
  wait(lambda: all(each.exists() for each in saved))
  found, structure = (json.loads(each.read_text()) for each in saved)
  detector = omr_jax.load('pages')
  here = detector(np.asarray(Image.open(path)))
  whole = Detected(None, 'scores', 1.0, here.structure, detector.model.classes, here.symbols)
  wanted = page_json.as_json(whole, 'low page', path.name, 1)
  assert near(structure, structure_json.as_json(here.structure), 0.2)
  assert (found['images'], found['categories']) == (wanted['images'], wanted['categories'])
  assert find(driver, '#page-words').text.endswith(f', {len(found["annotations"])} symbols')
  # Symbols of which the network is as sure as its threshold may be missing in one of both.
  least = detector.model.threshold + 0.02
  both = found['annotations'], wanted['annotations']
  for one, other in (both, both[::-1]):
    sure = [each for each in one if each['score'] > least]
    assert len(sure) > 30
    others = [{**each, 'id': 0} for each in other]
    for each in sure:
      assert any(near({**each, 'id': 0, 'area': 0}, {**o, 'area': 0}, 0.2) for o in others), each


def test_tap_and_filter(page):
  """The treble clef at the left of the first staff is tapped, and hidden; keys go on from it."""
  driver = page
  find(driver, '#part-page [data-example=page]').click()
  wait(lambda: find(driver, '#page-words').text)
  assert find(driver, '#page-words').text.startswith('6 staves, ')
  card, sheet = find(driver, '#page-card'), find(driver, '#sheet')
  assert driver.switch_to.active_element == sheet
  clefs = driver.find_elements('css selector', '#page-found .clefs rect')
  sharps = driver.find_elements('css selector', '#page-found .accidentals rect')
  assert len(clefs) >= 6 and len(sharps) > 20  # With the digits of the meter.
  left = min(each.rect['x'] for each in clefs)  # Digits of a triplet may be higher.
  top = min((each for each in clefs if each.rect['x'] < left + 10), key=lambda each: each.rect['y'])
  driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", top)
  webdriver.ActionChains(driver).move_to_element(top).click().perform()
  assert card.text.splitlines()[0] == 'G clef' and 'Staff 1, ' in card.text
  spoken = find(driver, '#page-card .spoken').get_attribute('textContent')
  assert spoken.startswith('G clef, ') and spoken.endswith('.')
  sheet.send_keys(webdriver.Keys.ARROW_RIGHT)
  assert card.text.splitlines()[0] in ('Flat', 'Key signature')
  sheet.send_keys(webdriver.Keys.ARROW_LEFT)
  find(driver, '[data-kind=clefs]').click()
  assert not top.is_displayed() and 'G clef' not in card.text
  assert find(driver, '[data-kind=clefs]').get_attribute('textContent') == f'Clefs {len(clefs)}'


def test_a_picture_without_staves(page, tmp_path):
  """A grey field. With the other model, whose terms are shown, it is looked at again."""
  Image.new('L', (300, 200), 128).save(tmp_path / 'field.png')
  driver = page
  find(driver, '#page-file').send_keys(str(tmp_path / 'field.png'))
  wait(lambda: 'No staves were found' in find(driver, '#page-words').text)
  assert not find(driver, '#page-card').is_displayed()  # There is nothing to tap.
  find(driver, '[name=page-model][value=pages_handwriting]').click()
  terms = find(driver, '[data-terms=pages_handwriting]')
  assert terms.is_displayed() and 'CC BY-NC-SA 4.0' in terms.text
  assert not find(driver, '[data-terms=pages]').is_displayed()
  wait(lambda: 'No staves were found' in find(driver, '#page-words').text)
  find(driver, '#page-json').click()
  saved = tmp_path / 'field page.json'
  wait(saved.exists)
  found = json.loads(saved.read_text())
  assert found['annotations'] == []
  names = [each['name'] for each in found['categories']]
  assert names == model_json('pages_handwriting')['classes']
  find(driver, '[name=page-model][value=pages]').click()
