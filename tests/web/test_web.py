"""The page in a real browser: headless Chromium, with a video made here as its camera."""

import functools
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browsing import NEEDS, SITE, drawn, find, in_page, missing, model_json, wait
from PIL import Image, ImageColor

import omr_jax
from omr_jax.inputs import bit_depth, pen_path, render, strokes, symbol_picture, views
from omr_jax.synthetic import scans
from omr_jax.tasks.scores import inputs
from omr_jax.web import glyphs
from tfds_builders.homus import made_up

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS


def video(path: Path, picture: np.ndarray) -> None:
  """Writes a second of one grey picture in YUV4MPEG2, which Chromium can use as its camera."""
  grey = np.asarray(Image.fromarray(picture).convert('L').resize((640, 480)))
  # Chromium reads 16 as black and 235 as white.
  frame = (16 + grey * (219 / 255)).astype(np.uint8).tobytes() + bytes([128]) * (640 * 480 // 2)
  header = b'YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n'
  path.write_bytes(header + 15 * (b'FRAME\n' + frame))


def imported(module: str) -> set[str]:
  """A module of the site, and all that it imports when it is loaded."""
  found: set[str] = set()
  more = [SITE / module]
  while more:
    path = more.pop().resolve()
    name = path.relative_to(SITE.resolve()).as_posix()
    if name not in found:
      found.add(name)
      lines = re.findall(r"^import [^;]* from '(\..*?)';", path.read_text(), re.MULTILINE)
      more += [path.parent / each for each in lines]
  return found


def test_the_built_site():
  """What it says of its own files is so."""
  sizes = json.loads((SITE / 'sizes.json').read_text())
  assert len(sizes) == 6  # Of the runtime and of five models.
  assert all((SITE / name).stat().st_size == size for name, size in sizes.items())
  named = re.findall('modulepreload" href="(.*?)"', (SITE / 'index.html').read_text())
  modules = {path.relative_to(SITE).as_posix() for path in SITE.rglob('*.js')}
  assert set(named) == imported('app.js')
  of_worker = imported('network/inference.js') | imported('pages/in_worker.js')
  assert modules == set(named) | of_worker | {'worker.js'}
  kept = json.loads(re.search(r'addAll\((\[.*\])\)', (SITE / 'worker.js').read_text())[1])
  # Models of 2.5 MB each are kept once they are used.
  in_turn = {f'models/{name}/model_int8.onnx' for name in ('pages', 'pages_handwriting')}
  assert {'index.html', 'examples/music.webp', *sizes} - in_turn <= set(kept)
  assert in_turn <= sizes.keys() and in_turn.isdisjoint(kept)
  assert all((SITE / name).exists() for name in kept)
  assert not any(name.endswith(('.gz', '.br')) for name in kept)


@pytest.mark.parametrize(
  ('expected', 'words', 'name'),
  [('scores', 'Music', 'music 1'), ('other', 'Not music', 'text, two columns 1')],
)
def test_camera(open_page, camera_file, expected, words, name):
  video(camera_file, drawn(name))
  driver = open_page('camera')
  find(driver, '#start').click()
  result, rate = find(driver, '#result'), find(driver, '#rate')
  wait(lambda: find(driver, '#verdict').get_attribute('data-label') == expected)
  wait(lambda: rate.text.endswith('frames a second'))
  assert result.text.startswith(f'{words}, ')
  spoken = find(driver, '#spoken')
  wait(lambda: spoken.get_attribute('textContent') == words)
  # While the answer stays, nothing is read out.
  driver.execute_script("""window.changes = 0
    for (const each of document.querySelectorAll('[role=status], [aria-live]')) {
      new MutationObserver(() => { window.changes += 1 })
        .observe(each, { childList: true, characterData: true, subtree: true })
    }""")
  seconds = "return document.querySelector('#video').currentTime"
  began = driver.execute_script(seconds)
  wait(lambda: driver.execute_script(seconds) > began + 1)
  assert driver.execute_script('return window.changes') == 0
  find(driver, '#close').click()
  wait(lambda: driver.switch_to.active_element == find(driver, '#start'))
  assert not find(driver, '#video').is_displayed() and not result.is_displayed()
  # The last frame is kept, and shown again.
  find(driver, '#gate-tried li button').click()
  wait(lambda: result.text.startswith(f'{words}, '))


def test_nothing_stale_after_coming_back(open_page, camera_file):
  video(camera_file, drawn('music 1'))
  driver = open_page('camera')
  find(driver, '#start').click()
  wait(lambda: find(driver, '#result').text)
  for part in ('draw', 'camera'):
    find(driver, f'nav a[href="#{part}"]').click()
    wait(lambda part=part: find(driver, f'#part-{part}').is_displayed())
  assert find(driver, '#invitation').is_displayed()
  assert not find(driver, '#look').is_displayed()
  assert not driver.execute_script("return document.querySelector('#video').srcObject.active")


def test_no_camera(open_page):
  """As where the user denies it; then the user allows it."""
  driver = open_page('camera')
  driver.execute_script("""const media = navigator.mediaDevices
    window.real = media.getUserMedia.bind(media)
    media.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') }""")
  find(driver, '#start').click()
  state = find(driver, '#gate-state')
  wait(lambda: 'may not use the camera' in state.text)
  driver.execute_script('navigator.mediaDevices.getUserMedia = window.real')
  state.find_element('css selector', 'button').click()
  wait(lambda: find(driver, '#result').text)
  assert state.text == ''


def test_pictures_have_python_s_answers(open_page, tmp_path):
  """The same picture file, in the browser and by `omr_jax.load` of the same model.

  The strip, five times the upper lines of a page side by side, must not be blurred.
  """
  gate = omr_jax.load(Path(omr_jax.__file__).parent / 'pretrained/scores/model_int8.onnx')
  driver = open_page('camera')
  result = find(driver, '#result')
  strip = np.tile(drawn('music 1')[:400], (1, 5, 1))
  pictures = {'music': drawn('music 1'), 'form': drawn('form 1'), 'strip': strip}
  for name, picture in pictures.items():
    path = tmp_path / f'{name}.png'
    Image.fromarray(picture).save(path)
    answer = gate(path)
    find(driver, '#file').send_keys(str(path))
    wait(lambda: '%' in result.text)
    words, share = re.fullmatch('(?:Not sure: rather )?(.*), ([0-9]+) %', result.text).groups()
    assert words.lower() == {'scores': 'music', 'other': 'not music'}[answer.label]
    # Processors round the 8-bit arithmetic differently.
    assert int(share) == pytest.approx(100 * answer.confidence, abs=3)
    assert bool(driver.find_elements('css selector', '#boxes rect')) == bool(answer.boxes)
    assert find(driver, '#where').is_displayed() == (answer.boxes is not None)
    # The whole picture and its nine parts, each with its share.
    find(driver, '#details summary').click()
    assert len(re.findall('[0-9]+ %', find(driver, '#seen').text)) == 10
    find(driver, '#details summary').click()
    find(driver, '#close').click()


def test_answers_are_counted_from_the_threshold(open_page):
  """At a threshold of 3 to 1; odds of 9, 1/9 and 3 to 1."""
  driver = open_page('camera')
  about = {'classes': ['other', 'scores'], 'threshold': 0.75, 'sure': 0.8}
  found = in_page(
    driver,
    'network/answer.js',
    'given[1].map((share) => module.answer(given[0], [1 - share, share]))',
    *(about, [9 / 10, 1 / 10, 3 / 4]),
  )
  assert [each['label'] for each in found] == ['scores', 'other', 'scores']
  assert [each['sure'] for each in found] == [False, True, False]
  np.testing.assert_allclose([each['confidence'] for each in found], [3 / 4, 27 / 28, 1 / 2])


def test_boxes_lie_where_the_music_is(open_page):
  """Parts of 0.4 of the sides, every 0.3 of them: the second of the first row, the last of all."""
  driver = open_page('camera')
  about = {
    'classes': ['other', 'scores'],
    'threshold': 0.75,
    'picture': {'tiles': 3, 'bound': 2},
  }
  odds = [0.1, 0.1, 9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 3.1]
  found = in_page(
    driver,
    'network/classify.js',
    """given[1].map(([label, odds]) =>
      module.music(given[0], label, odds && odds.map(Math.log), 1200, 1000))""",
    *(about, [['scores', odds], ['scores', [9] + [0.1] * 9], ['other', odds], ['scores', None]]),
  )
  parts = [[360, 0, 840, 400], [720, 600, 1200, 1000]]
  assert found == [parts, [[0, 0, 1200, 1000]], [], None]
  # Drawn over a canvas that is wider than the picture in it.
  script = """const still = document.querySelector('#still');
    document.querySelector('#look').hidden = false;
    [still.width, still.height, still.hidden] = [1200, 1000, false];
    still.style.cssText = 'width: 600px; height: 250px'
    still.parentElement.style.width = '600px'"""
  driver.execute_script(script)
  place = "document.querySelector('#boxes')"
  in_page(driver, 'gate/overlay.js', f'module.showBoxes({place}, given[0], 1200, 1000)', parts)
  first, last = driver.find_elements('css selector', '#boxes rect')
  left, top = (find(driver, '#still').rect[name] for name in 'xy')
  # At a quarter of its size the picture is 300 wide, with 150 at its left.
  for each, (x, y) in ((first, (150 + 90, 0)), (last, (150 + 180, 150))):
    at = driver.execute_script('return arguments[0].getBoundingClientRect().toJSON()', each)
    assert (at['x'] - left, at['y'] - top) == pytest.approx((x, y), abs=2)
    assert (at['width'], at['height']) == pytest.approx((120, 100), abs=4)


def test_files_that_are_no_pictures(open_page, tmp_path):
  """Nothing of the picture before is shown; the same file can be tried again, when it is whole."""
  (tmp_path / 'empty.png').touch()
  text = tmp_path / 'text.png'
  text.write_bytes(b'no picture')
  Image.fromarray(drawn('form 1')).save(tmp_path / 'form.png')
  driver = open_page('camera')
  file, state = find(driver, '#file'), find(driver, '#gate-state')
  file.send_keys(str(tmp_path / 'form.png'))
  wait(lambda: find(driver, '#result').text)
  for name in ('empty.png', 'text.png'):
    file.send_keys(str(tmp_path / name))
    wait(lambda name=name: f'{name}: not a picture' in state.text)
    assert not find(driver, '#look').is_displayed()
  shutil.copy(tmp_path / 'form.png', text)
  file.send_keys(str(text))
  wait(lambda: find(driver, '#result').text)
  assert state.text == ''


def test_pictures_are_dropped_anywhere_and_pasted(open_page):
  """An SVG of five lines, which the browser draws, in the corner of the page; an empty file."""
  driver = open_page('camera')
  script = """const [kind, target, name, content, type] = arguments
    const data = new DataTransfer()
    data.items.add(new File([content], name, { type }))
    const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data }
    const event = new (kind === 'paste' ? ClipboardEvent : DragEvent)(kind, options)
    document.querySelector(target).dispatchEvent(event)
    return event.defaultPrevented"""
  lines = ''.join(f'<path d="M0 {y}h90" stroke="black"/>' for y in range(20, 70, 10))
  svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 90">{lines}</svg>'
  assert driver.execute_script(script, 'dragover', 'header', 'a.svg', svg, 'image/svg+xml')
  assert driver.execute_script(script, 'drop', 'header', 'a.svg', svg, 'image/svg+xml')
  wait(lambda: find(driver, '#result').text)
  assert driver.execute_script("return document.querySelector('#still').width") >= 400
  driver.execute_script(script, 'paste', 'body', 'b.png', '', 'image/png')
  wait(lambda: 'b.png: not a picture' in find(driver, '#gate-state').text)
  # A part that takes no picture: the browser must not leave the page either.
  driver = open_page('about')
  assert driver.execute_script(script, 'drop', 'main', 'a.svg', svg, 'image/svg+xml')


@pytest.mark.parametrize(('example', 'words'), [('bars', 'Music'), ('table', 'Not music')])
def test_examples(open_page, example, words):
  driver = open_page('camera')
  find(driver, f'[data-example={example}]').click()
  wait(lambda: find(driver, '#result').text.startswith(f'{words}, '))


def test_a_network_that_does_not_load(open_page, address, site):
  """By another name of this machine the browser has kept nothing. Then the file is there again."""
  model = 'models/homus_strokes/model_int8.onnx'
  with missing(site / model):
    driver = open_page('draw', address.replace('localhost', '127.0.0.1'))
    state = find(driver, '#draw-state')
    wait(lambda: f'{model} is missing' in state.text)
  state.find_element('css selector', 'button').click()
  wait(lambda: not state.text)
  find(driver, '#paper').send_keys(' ', *[webdriver.Keys.ARROW_DOWN] * 25, ' ')
  wait(lambda: find(driver, '#classes').get_attribute('data-label') == 'Barline')


def test_no_webassembly(open_page):
  driver = open_page('about')
  driver.execute_script('delete globalThis.WebAssembly')
  load = "module.load('scores').then(() => 'loaded', (error) => error.message)"
  assert 'runs no WebAssembly' in in_page(driver, 'network/sessions.js', load)


def test_opened_as_a_file(shared_browser):
  """There no module is loaded; the words appear after a while."""
  shared_browser.get((SITE / 'index.html').as_uri())
  shared_browser.execute_script('document.getAnimations().forEach((each) => each.finish())')
  words = wait(lambda: find(shared_browser, '#starting').text)
  assert 'As a file on this device it does not work' in words and 'Try again' in words


@pytest.mark.parametrize(
  ('height', 'width', 'tiles', 'bound'),
  [
    *((1, 1, 3, 2.0), (7, 5, 3, 2.0), (480, 640, 3, 2.0), (100, 333, 3, math.inf)),
    *((100, 333, 3, 2.0), (333, 77, 3, 2.0), (333, 127, 2, 2.0), (20, 999, 3, 2.0)),
  ],
)
def test_pictures_are_prepared_as_in_python(open_page, height, width, tiles, bound):
  """In some pictures Pillow resizes the columns first, which may change a number by 1."""
  grey = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
  about = model_json('scores')
  about['picture'] = inputs.to_json(views.Layout(128, 128, tiles, False, bound))
  found = in_page(
    open_page('camera'),
    'network/views.js',
    'Array.from(module.views(Uint8Array.from(given[0]), given[1], given[2], given[3]))',
    *(grey.ravel().tolist(), width, height, about),
  )
  wanted = views.of_image(Image.fromarray(grey), 128, 128, tiles, False, bound)
  assert np.abs(np.reshape(found, wanted.shape) - wanted.astype(int)).max() <= 1


def test_brightness_is_pillow_s(open_page):
  colours = np.random.default_rng(0).integers(0, 256, (50, 40, 4), np.uint8)
  found = in_page(
    open_page('camera'),
    'network/views.js',
    'Array.from(module.brightness(given[0], given[1]))',
    *(colours.ravel().tolist(), model_json('scores')),
  )
  wanted = np.asarray(Image.fromarray(colours[..., :3]).convert('L'))
  np.testing.assert_array_equal(np.reshape(found, wanted.shape), wanted)


def test_light_ink_is_over_black_as_in_python(open_page):
  """Of two or three pixels, grey and alpha; the last one is transparent."""
  rows = [
    *([(255, 255), (9, 0), (9, 0)], [(193, 255), (0, 0), (0, 0)], [(192, 255), (0, 0), (0, 0)]),
    *([(255, 255), (0, 0)], [(0, 255), (0, 0), (0, 0)], [(77, 0), (0, 0)]),
  ]
  found = in_page(
    open_page('camera'),
    'network/views.js',
    'given[0].map((rgba) => module.ground(rgba, given[1]))',
    *([[v for grey, alpha in row for v in (grey, grey, grey, alpha)] for row in rows],),
    model_json('scores'),
  )
  assert found == ['black', 'black', 'white', 'white', 'white', 'white']
  for row, ground in zip(rows, found, strict=True):
    seen = bit_depth.eight_bits(Image.fromarray(np.array([row], np.uint8)))
    assert seen.getpixel((len(row) - 1, 0)) == ImageColor.getrgb(ground)


@pytest.mark.parametrize(
  ('part', 'name'),
  [
    *(('camera', 'scores'), ('page', 'pages'), ('draw', 'homus_strokes')),
    ('photo', 'homus_scans'),
  ],
)
def test_the_terms_of_a_model_are_beside_it(open_page, part, name):
  driver = open_page(part)
  terms = find(driver, f'#part-{part} [data-terms]')
  wait(lambda: terms.text == f'Licence of the model {name}: {model_json(name)["licence"]}')
  # By key: pictures of the first screen that come meanwhile move what a pointer would hit.
  terms.find_element('css selector', 'a').send_keys(webdriver.Keys.ENTER)
  wait(lambda: f'# {name}\n' in driver.find_element('css selector', 'body').text + '\n')


def test_pen_paths_are_python_s(open_page):
  """Of every symbol that a made-up writer has written; the network's answers are the same too."""
  network = omr_jax.load('homus_strokes')
  files = made_up.files(writers=1).items()
  symbols = [strokes.parse(content, name) for name, content in files]
  found = in_page(
    open_page('draw'),
    'network/pen_path.js',
    'given[0].map((strokes) => Array.from(module.penPath(strokes, given[1])))',
    [[each.points[each.stroke == n].tolist() for n in np.unique(each.stroke)] for each in symbols],
    model_json('homus_strokes'),
  )
  there = np.reshape(found, (len(symbols), pen_path.POINTS, 3)).astype(np.float32)
  here = np.stack([pen_path.way(each.points, each.stroke) for each in symbols]).astype(np.float32)
  np.testing.assert_allclose(there, here, atol=1e-3)
  labels = [
    [answer.label for answer in network.answers([{'pen': path} for path in paths])]
    for paths in (there, here)
  ]
  assert labels[0] == labels[1]


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


def test_draw_with_a_pointer(open_page):
  """A line; then a sharp of four strokes, of which the last three are undone."""
  driver = open_page('draw')
  classes = find(driver, '#classes')
  line = functools.partial(write, driver)
  line((0.5, 0.3), (0.5, 0.7))
  wait(lambda: classes.get_attribute('data-label') == 'Barline')
  find(driver, '#clear').click()
  wait(lambda: not classes.text)
  for points in (
    [(0.46, 0.40), (0.45, 0.62)],
    [(0.53, 0.38), (0.52, 0.60)],
    [(0.42, 0.48), (0.57, 0.45)],
    [(0.41, 0.56), (0.56, 0.53)],
  ):
    line(*points)
  wait(lambda: classes.get_attribute('data-label') == 'Sharp')
  assert 'Sharp' in wait(lambda: find(driver, '#drawn').get_attribute('textContent'))
  assert float(find(driver, '#paper').get_attribute('data-milliseconds')) > 0
  find(driver, '#undo').click()
  undo = webdriver.ActionChains(driver).key_down(webdriver.Keys.CONTROL)
  undo.send_keys('zz').key_up(webdriver.Keys.CONTROL).perform()
  wait(lambda: classes.get_attribute('data-label') == 'Barline')


FERMATA = (
  [(0.32, 0.55), (0.36, 0.45), (0.43, 0.39), (0.5, 0.37), (0.57, 0.39), (0.64, 0.45), (0.68, 0.55)],
  [(0.495, 0.52), (0.505, 0.53)],
)
LETTER = ([(0.38, 0.65), (0.5, 0.3), (0.62, 0.65)], [(0.43, 0.52), (0.57, 0.52)])  # A
SHARP = (
  *([(0.46, 0.40), (0.45, 0.62)], [(0.53, 0.38), (0.52, 0.60)]),
  *([(0.42, 0.48), (0.57, 0.45)], [(0.41, 0.56), (0.56, 0.53)]),
)


@pytest.mark.parametrize(
  ('lines', 'words'), [(FERMATA, 'None of these'), (LETTER, 'None of these'), (SHARP, 'Sharp')]
)
def test_what_is_no_symbol_is_none_of_these(open_page, lines, words):
  driver = open_page('draw')
  classes = find(driver, '#classes')
  for points in lines:
    write(driver, *points)
  wait(lambda: find(driver, '#drawn').get_attribute('textContent').startswith(words))
  assert classes.text.startswith(words)
  assert ('looks most like' in classes.text) == (words == 'None of these')


def test_a_small_drawing_is_no_dot(open_page):
  """A ring of 22 by 16 units is a whole note at a third of its size too; a dot stays one."""
  ring = [[11 + 11 * math.cos(n / 4), 8 + 8 * math.sin(n / 4)] for n in range(26)]
  dot = [[0.0, 0.0], [2.0, 0.5], [2.5, 2.0], [1.0, 2.5], [0.5, 1.0], [2.0, 1.5]]
  drawn = [[ring], [[[x / 3, y / 3] for x, y in ring]], [dot]]
  found = in_page(
    open_page('draw'),
    'network/client.js',
    'Promise.all(given[0].map((strokes) =>'
    " module.ask('symbolOfStrokes', { name: given[1], strokes })))"
    '.then((all) => all.map(({ probabilities }) => Array.from(probabilities)))',
    drawn,
    'homus_strokes',
  )
  classes = model_json('homus_strokes')['classes']
  assert [classes[np.argmax(each)] for each in found] == ['Whole-Note', 'Whole-Note', 'Dot']


def test_draw_with_keys(open_page):
  """Escape takes back the stroke that is being written, then everything."""
  driver = open_page('draw')
  keys = webdriver.Keys
  paper, classes = find(driver, '#paper'), find(driver, '#classes')
  paper.send_keys(' ', *[keys.ARROW_DOWN] * 25, ' ')
  wait(lambda: classes.get_attribute('data-label') == 'Barline')
  paper.send_keys(*[keys.ARROW_UP] * 12, ' ', *[keys.ARROW_RIGHT] * 12, keys.ESCAPE)
  wait(lambda: classes.get_attribute('data-label') == 'Barline')
  paper.send_keys(keys.ESCAPE)
  wait(lambda: not classes.text)


def test_there_is_no_ink_beside_the_paper(open_page, tmp_path):
  """A line that leaves the paper on its right side and comes back is two strokes."""
  driver = open_page('draw')
  write(driver, (0.8, 0.4), (1.1, 0.4), (1.1, 0.6), (0.8, 0.6))
  wait(lambda: find(driver, '#classes').text)
  find(driver, '#save-strokes').click()
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


def test_symbols_of_the_gallery(open_page, tmp_path):
  """One is written by itself; clearing keeps it, and its correction is saved."""
  driver = open_page('draw')
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
  (tried,) = json.loads(saved.read_text())['tried']
  assert (tried['label'], tried['said']) == ('3-4-Time', '3-8-Time')
  assert len(tried['strokes']) >= 2 and tried['picture'].startswith('data:image/png')


def test_the_gallery_is_what_code_makes():
  kept = json.loads(glyphs.PATH.read_text())
  assert kept == glyphs.glyphs()
  assert sorted(kept) == model_json('homus_strokes')['classes']


def test_point_at_a_symbol(open_page):
  """The second symbol of the first row, of seven in 490 of 530 by 470 units."""
  driver = open_page('photo')
  find(driver, '#photo-example').click()
  photo = wait(lambda: find(driver, '#photo'))
  wait(photo.is_displayed)
  # Selenium counts from the middle of what is on the screen.
  driver.execute_script('arguments[0].scrollIntoView()', photo)
  width, height = photo.size['width'], photo.size['height']
  x, y = (20 + 1.5 * 70) / 530, 85 / 470
  chain = webdriver.ActionChains(driver)
  chain.move_to_element_with_offset(photo, round((x - 0.5) * width), round((y - 0.5) * height))
  chain.click().perform()
  classes = find(driver, '#photo-classes')
  wait(lambda: classes.get_attribute('data-label') == '3-4-Time')
  # Between two rows there is nothing.
  photo.send_keys(*[webdriver.Keys.ARROW_DOWN] * 5, webdriver.Keys.ENTER)
  wait(lambda: 'There is no ink here' in find(driver, '#photo-state').text)
  assert not classes.text


def test_ink_is_python_s(open_page, monkeypatch):
  """Crops of made-up pages: small and large, dark and light ink.

  Where it is cheaper Pillow resizes the columns first. That it does not is made sure of here.
  """
  resize = Image.Image.resize

  def rows_first(picture, size, filter):  # noqa: A002, as Pillow calls it
    return resize(resize(picture, (size[0], picture.height), filter), size, filter)

  files = list(made_up.files(writers=1).items())
  read = [strokes.parse(content, name) for name, content in (files[2], files[21], files[32])]
  symbols = [{'points': each.points, 'stroke': each.stroke} for each in read]
  rng = np.random.default_rng(0)
  crops = [scans.crop(rng, symbol, symbols[0]).picture for symbol in symbols]
  crops.append(255 - crops[0])
  about = model_json('homus_scans')
  drawing = render.Drawing(**{**about['picture'], 'max_zoom': math.inf})
  found = in_page(
    open_page('about'),
    'network/ink.js',
    """given[0].map(([grey, width]) => {
      const rgba = new Uint8ClampedArray(grey.flatMap((value) => [value, value, value, 255]))
      return Array.from(module.inked(rgba, width, given[1]))
    })""",
    *([[crop.ravel().tolist(), crop.shape[1]] for crop in crops], about['picture']),
  )
  monkeypatch.setattr(Image.Image, 'resize', rows_first)
  for seen, crop in zip(found, crops, strict=True):
    wanted = symbol_picture.inked(np.repeat(crop[..., None], 3, 2), drawing, 'crop')
    assert np.abs(np.array(seen) - wanted.ravel().astype(int)).max() <= 1


def test_names_that_people_type(open_page):
  """What Enter takes; a name goes before another word for a symbol that begins like it."""
  classes = model_json('homus_strokes')['classes']
  typed = {
    **{'whole': 'Whole-Note', 'whole rest': 'Whole-Half-Rest', '32': 'Thirty-Two-Note'},
    **{'16': 'Sixteenth-Note', 'bass': 'F-Clef', 'treble': 'G-Clef', '3/4': '3-4-Time'},
    **{'12': '12-8-Time', 'flat': 'Flat', 'crotchet': 'Quarter-Note', 'c': 'Common-Time'},
  }
  script = 'given[1].map((typed) => module.fitting(given[0], typed)[0])'
  found = in_page(open_page('about'), 'common/names.js', script, classes, list(typed))
  assert dict(zip(typed, found, strict=True)) == typed


def test_a_human_session_by_keyboard(open_page, tmp_path, capsys):
  """Types names, goes back, changes an answer, reloads, saves, opens the file, merges it."""
  from omr_jax import human

  driver, keys = open_page('human'), webdriver.Keys
  find(driver, '#begin-symbols').send_keys(keys.ENTER)
  typed = find(driver, '#typed')
  wait(lambda: driver.switch_to.active_element == typed)
  typed.send_keys('gcl', keys.ENTER)
  typed.send_keys('dot', keys.ENTER)
  wait(lambda: find(driver, '#count').text == '2 of 4')
  webdriver.ActionChains(driver).key_down(keys.ALT).send_keys(keys.LEFT).key_up(keys.ALT).perform()
  pressed = wait(lambda: driver.find_elements('css selector', '#options [aria-pressed=true]'))
  assert [each.text for each in pressed] == ['Dot']
  typed.send_keys('f', keys.ENTER)
  driver.refresh()
  find(driver, '#begin-symbols').send_keys(keys.ENTER)
  wait(lambda: find(driver, '#count').text == '2 of 4')
  typed = find(driver, '#typed')
  typed.send_keys('dot', keys.ENTER)
  find(driver, '#ending summary').click()
  find(driver, '#name').send_keys('Ada')
  find(driver, '#save').send_keys(keys.ENTER)
  saved = tmp_path / 'human-symbols.json'
  wait(saved.exists)
  # The name is kept, and a second file is one of the same session.
  driver.refresh()
  find(driver, '#begin-symbols').send_keys(keys.ENTER)
  wait(lambda: find(driver, '#name').get_property('value') == 'Ada')
  saved = saved.rename(tmp_path / 'first.json')
  find(driver, '#ending summary').click()
  find(driver, '#save').click()
  again = tmp_path / 'human-symbols.json'
  wait(again.exists)
  # As on another device, where the file is but this browser's memory is not.
  driver.execute_script('localStorage.clear()')
  driver.refresh()
  find(driver, '#begin-symbols').send_keys(keys.ENTER)
  wait(lambda: find(driver, '#count').text == '0 of 4')
  find(driver, '#ending summary').click()
  find(driver, '#load').send_keys(str(saved))
  wait(lambda: find(driver, '#count').text == '3 of 4')
  assert human.main(['merge', str(saved), str(again)]) == 0
  # True are G, F, G, F; Ada's answers are G, F, Dot; the model always answers G.
  said = capsys.readouterr().out
  assert '| Ada | 2 | 3 | 66.67 % |' in said
  assert '| the model, on all these | 2 | 3 | 66.67 % |' in said
  assert '| G-Clef | 2 | 100.0 | 50.0 | 66.7 | 100.0 |' in said
  assert '| Dot | 0 | 0.0 |  |  |  |' in said


def test_scores_by_single_keys(open_page, tmp_path):
  driver = open_page('human')
  find(driver, '#begin-scores').click()
  session = find(driver, '#session')
  wait(session.is_displayed)
  wait(lambda: find(driver, '#count').text == '0 of 4')
  for number, key in enumerate('soso', start=1):
    session.send_keys(key)
    wait(lambda number=number: find(driver, '#count').text == f'{number} of 4')
  # True are other, scores, other, scores; the model always says other.
  outcome = find(driver, '#outcome').text
  assert 'You 0.0 %, 0 of 4' in outcome and 'The network, same pictures 50.0 %, 2 of 4' in outcome
  assert len(driver.find_elements('css selector', '#outcome .mistakes li')) == 4
  find(driver, '#save').click()
  saved = tmp_path / 'human-scores.json'
  wait(saved.exists)
  answers = json.loads(saved.read_text())['answers']
  assert [each['answer'] for each in answers] == ['scores', 'other', 'scores', 'other']


def test_a_browser_that_keeps_nothing(open_page):
  """As where cookies are blocked: answers and place move together, and the page says so."""
  driver = open_page('human')
  driver.execute_script("""Storage.prototype.setItem = () => { throw new Error('blocked') }""")
  find(driver, '#begin-scores').click()
  session = find(driver, '#session')
  wait(session.is_displayed)
  for number, key in enumerate('so', start=1):
    session.send_keys(key)
    wait(lambda number=number: find(driver, '#count').text == f'{number} of 4')
  assert 'keeps nothing' in find(driver, '#humanwords').text
  assert find(driver, '#question').get_attribute('alt') == 'Picture 3 of 4'


def test_questions_that_do_not_come(open_page, site):
  """There are none; or there is no connection. No command is shown to visitors."""
  driver = open_page('human')
  there = site / 'human' / 'symbols.json'
  away = there.rename(there.with_name('away'))
  state = find(driver, '#human-state')
  try:
    find(driver, '#begin-symbols').click()
    wait(lambda: 'This site has no such questions' in state.text)
    driver.execute_script("window.fetch = async () => { throw new TypeError('offline') }")
    state.find_element('css selector', 'button').click()
    wait(lambda: 'is there a connection?' in state.text)
    assert 'python' not in find(driver, '#part-human').text
  finally:
    away.rename(there)


@pytest.mark.parametrize('part', ['camera', 'page', 'draw', 'photo', 'human', 'about'])
def test_small_screens(phone, part):
  """On a screen 360 pixels wide nothing is cut off, and every control has a name."""
  driver = phone(part)
  if part == 'human':
    find(driver, '#begin-symbols').click()
    wait(lambda: find(driver, '#session').is_displayed())
  wide = driver.execute_script(
    """return [...document.querySelectorAll('body *')]
      .filter(each => each.checkVisibility() && !each.closest('.spoken, .skip, .tried ul'))
      .filter(each => each.getBoundingClientRect().right > 360)
      .map(each => each.outerHTML)"""
  )
  assert wide == []
  assert driver.execute_script('return document.documentElement.scrollWidth') <= 360
  for each in driver.find_elements('css selector', 'button, input, select, canvas, a, progress'):
    if each.is_displayed():
      assert each.accessible_name


def test_one_screen_of_a_phone(phone, camera_file):
  """What one needs at the same time is seen at the same time, on 740 pixels of height."""
  video(camera_file, drawn('music 1'))
  driver = phone('camera')

  def ends(*selectors):
    script = 'return document.querySelector(arguments[0]).getBoundingClientRect().bottom'
    return [driver.execute_script(script, selector) for selector in selectors]

  find(driver, '#start').click()
  wait(lambda: find(driver, '#result').text)
  assert max(ends('#video', '#verdict', '#close')) <= 740
  driver = phone('draw')
  assert max(ends('#paper', '#undo', '#clear', '#classes')) <= 740
  driver = phone('human')
  find(driver, '#begin-symbols').click()
  wait(lambda: find(driver, '#question').is_displayed())
  assert max(ends('#question', '#options', '#ending')) <= 740
  # The keyboard of the screen, which would cover half of it, does not come by itself.
  assert driver.switch_to.active_element != find(driver, '#typed')


def test_no_other_host_and_without_a_network(start_browser, address):
  """Everything comes from the site, and after the first visit the page needs no network."""
  driver = start_browser()
  driver.get(f'{address}#draw')
  find(driver, '#paper').send_keys(' ', webdriver.Keys.ARROW_DOWN, ' ')
  wait(lambda: find(driver, '#classes').text)
  loaded = driver.execute_script(
    "return performance.getEntriesByType('resource').map(each => [each.name, each.transferSize])"
  )
  assert all(name.startswith(address) for name, _ in loaded)
  assert sum(size for _, size in loaded) < 15e6
  ready = 'return navigator.serviceWorker.getRegistration().then(each => Boolean(each?.active))'
  wait(lambda: driver.execute_script(ready))
  driver.execute_cdp_cmd('Network.enable', {})
  offline = {'offline': True, 'latency': 0, 'downloadThroughput': 0, 'uploadThroughput': 0}
  driver.execute_cdp_cmd('Network.emulateNetworkConditions', offline)
  driver.refresh()
  find(driver, '#paper').send_keys(' ', webdriver.Keys.ARROW_DOWN, ' ')
  wait(lambda: find(driver, '#classes').text)
  errors = [each for each in driver.get_log('browser') if each['level'] == 'SEVERE']
  assert errors == []


def test_what_is_put_into_the_page_can_neither_run_nor_send(open_page, address):
  """As a text that reaches the page as HTML by mistake would try."""
  driver = open_page('draw')
  script = """document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="ran = 1">')
    const script = document.createElement('script')
    script.textContent = 'ran = 2'
    document.body.append(script)"""
  driver.execute_script(f'window.ran = 0; {script}')
  other = address.replace('localhost', '127.0.0.1')
  sent = f"fetch('{other}').then(() => 'sent', () => 'refused').then(arguments[0])"
  assert driver.execute_async_script(sent) == 'refused'
  assert driver.execute_script('return window.ran') == 0
  said = [each['message'] for each in driver.get_log('browser')]
  assert sum('Content Security Policy' in each for each in said) >= 3, said
