"""The page in a real browser: headless Chromium, with a video made here as its camera."""

import functools
import json
import math
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor
from small_runs import ROOT

import omr_jax
from omr_jax.inputs import bit_depth, pen_path, strokes, views
from omr_jax.synthetic import probes
from omr_jax.tasks.scores import inputs
from omr_jax.web.__main__ import serve
from tfds_builders.homus import made_up

SITE = ROOT / 'build/web'
webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
BROWSER, DRIVER = shutil.which('chromium'), shutil.which('chromedriver')
pytestmark = [
  pytest.mark.skipif(not (BROWSER and DRIVER), reason='needs chromium and chromium-driver'),
  pytest.mark.skipif(not (SITE / 'worker.js').exists(), reason='needs `make web`'),
]
HANGS = 120  # Seconds after which the page must hang, on a busy machine too.
FLAGS = (
  *('--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'),
  *('--disable-background-networking', '--disable-component-update', '--disable-quic'),
  '--disable-dev-shm-usage',
)


@pytest.fixture(scope='module')
def address(tmp_path_factory):
  """Address of a served copy of the site, with made-up questions for people in it."""
  site = tmp_path_factory.mktemp('web') / 'site'
  shutil.copytree(SITE, site, ignore=shutil.ignore_patterns('human'))
  (site / 'human').mkdir()
  for kind, classes in (('symbols', ['G-Clef', 'F-Clef', 'Dot']), ('scores', ['other', 'scores'])):
    dot = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='
    questions = [
      {'id': str(n), 'label': classes[n % 2], 'model': classes[0], 'picture': dot} for n in range(4)
    ]
    session = {'kind': kind, 'classes': classes, 'questions': questions, 'digest': kind}
    (site / 'human' / f'{kind}.json').write_text(json.dumps(session))
  server = serve(site, 0)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  yield f'http://localhost:{server.server_port}/'
  server.shutdown()
  server.server_close()


@pytest.fixture
def open_page(address, tmp_path):
  """A function that opens a section of the page in a new browser, with further flags for it."""
  drivers = []

  def opened(part: str, *more: str):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f'--user-data-dir={tmp_path / "profile"}', *more):
      options.add_argument(flag)
    options.add_experimental_option('prefs', {'download.default_directory': str(tmp_path)})
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    drivers.append(webdriver.Chrome(options, webdriver.ChromeService(DRIVER)))
    drivers[-1].set_script_timeout(HANGS)
    drivers[-1].get(f'{address}#{part}')
    return drivers[-1]

  yield opened
  for driver in drivers:
    driver.quit()


def wait(condition):
  """The condition's value, as soon as it is true."""
  until = time.monotonic() + HANGS
  while not (found := condition()):
    assert time.monotonic() < until, f'not within {HANGS} seconds'
    time.sleep(0.05)
  return found


def find(driver, selector):
  return driver.find_element('css selector', selector)


def video(path: Path, picture: np.ndarray) -> None:
  """Writes a second of one grey picture in YUV4MPEG2, which Chromium can use as its camera."""
  grey = np.asarray(Image.fromarray(picture).convert('L').resize((640, 480)))
  # Chromium reads 16 as black and 235 as white.
  frame = (16 + grey * (219 / 255)).astype(np.uint8).tobytes() + bytes([128]) * (640 * 480 // 2)
  header = b'YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n'
  path.write_bytes(header + 15 * (b'FRAME\n' + frame))


@functools.cache
def pages() -> dict[str, np.ndarray]:
  """The pages drawn by code, by name."""
  return {probe.name: probe.picture for probe in probes.probes(instances=1)}


def drawn(name: str) -> np.ndarray:
  """The upper part of a page drawn by code, 4 wide and 3 high, as a camera sees it."""
  page = pages()[name]
  return page[: 3 * page.shape[1] // 4]


@pytest.mark.parametrize(
  ('expected', 'name'), [('scores', 'music 1'), ('other', 'text, two columns 1')]
)
def test_camera(open_page, tmp_path, expected, name):
  video(tmp_path / 'camera.y4m', drawn(name))
  driver = open_page(
    'camera',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    f'--use-file-for-fake-video-capture={tmp_path / "camera.y4m"}',
  )
  find(driver, '#start').click()
  result = find(driver, '#result')
  wait(lambda: result.get_attribute('data-label') == expected)
  text = wait(lambda: 'frames/s' in result.text and result.text)
  assert text.split()[0] == expected
  assert find(driver, '#spoken').get_attribute('textContent') == expected
  find(driver, '#stop').click()
  assert not find(driver, '#video').is_displayed()


def test_no_camera(open_page):
  driver = open_page('camera', '--deny-permission-prompts')
  find(driver, '#start').click()
  wait(
    lambda: (
      'camera' in find(driver, '#result').text and 'waiting' not in find(driver, '#result').text
    )
  )
  assert find(driver, '#result').get_attribute('data-label') == 'error'


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
    driver.execute_script("document.querySelector('#result').textContent = ''")
    find(driver, '#file').send_keys(str(path))
    wait(lambda: '%' in result.text)
    label, share, _ = result.text.removeprefix('not sure, ').split()
    assert label == answer.label
    # Processors round the 8-bit arithmetic differently.
    assert int(share) == pytest.approx(100 * answer.confidence, abs=3)
    assert bool(driver.find_elements('css selector', '#boxes rect')) == bool(answer.boxes)
    assert find(driver, '#where').is_displayed() == (answer.boxes is not None)


def test_answers_are_counted_from_the_threshold(open_page):
  """At a threshold of 3 to 1; odds of 9, 1/9 and 3 to 1."""
  driver = open_page('camera')
  about = {'classes': ['other', 'scores'], 'threshold': 0.75, 'sure': 0.8}
  found = in_page(
    driver,
    'model.js',
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
    'classify.js',
    """given[1].map(([label, odds]) =>
      module.music(given[0], label, odds && odds.map(Math.log), 1200, 1000))""",
    *(about, [['scores', odds], ['scores', [9] + [0.1] * 9], ['other', odds], ['scores', None]]),
  )
  parts = [[360, 0, 840, 400], [720, 600, 1200, 1000]]
  assert found == [parts, [[0, 0, 1200, 1000]], [], None]
  # Drawn over a canvas that is wider than the picture in it.
  script = """const still = document.querySelector('#still');
    [still.width, still.height, still.hidden] = [1200, 1000, false];
    still.style.cssText = 'width: 600px; height: 250px'
    still.parentElement.style.width = '600px'"""
  driver.execute_script(script)
  place = "document.querySelector('#boxes')"
  in_page(driver, 'overlay.js', f'module.showBoxes({place}, given[0], 1200, 1000)', parts)
  first, last = driver.find_elements('css selector', '#boxes rect')
  left, top = (find(driver, '#still').rect[name] for name in 'xy')
  # At a quarter of its size the picture is 300 wide, with 150 at its left.
  for each, (x, y) in ((first, (150 + 90, 0)), (last, (150 + 180, 150))):
    at = driver.execute_script('return arguments[0].getBoundingClientRect().toJSON()', each)
    assert (at['x'] - left, at['y'] - top) == pytest.approx((x, y), abs=2)
    assert (at['width'], at['height']) == pytest.approx((120, 100), abs=4)


@pytest.mark.parametrize(('name', 'content'), [('empty.png', b''), ('text.png', b'no picture')])
def test_files_that_are_no_pictures(open_page, tmp_path, name, content):
  (tmp_path / name).write_bytes(content)
  driver = open_page('camera')
  find(driver, '#file').send_keys(str(tmp_path / name))
  wait(lambda: f'{name}: not a picture' in find(driver, '#result').text)


def in_page(driver, module, expression, *arguments):
  """Value of a JavaScript expression of a module of the page, `module`, and arguments, `given`."""
  return driver.execute_async_script(
    f"""const given = [...arguments], done = given.pop();
    import('./{module}').then((module) => done({expression}));""",
    *arguments,
  )


def model_json(name: str) -> dict:
  """The content of `model.json` of a model of the page."""
  return json.loads((SITE / f'models/{name}/model.json').read_text())


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
    'picture.js',
    'Array.from(module.views(Uint8Array.from(given[0]), given[1], given[2], given[3]))',
    *(grey.ravel().tolist(), width, height, about),
  )
  wanted = views.of_image(Image.fromarray(grey), 128, 128, tiles, False, bound)
  assert np.abs(np.reshape(found, wanted.shape) - wanted.astype(int)).max() <= 1


def test_brightness_is_pillow_s(open_page):
  colours = np.random.default_rng(0).integers(0, 256, (50, 40, 4), np.uint8)
  found = in_page(
    open_page('camera'),
    'picture.js',
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
    'picture.js',
    'given[0].map((rgba) => module.ground(rgba, given[1]))',
    *([[v for grey, alpha in row for v in (grey, grey, grey, alpha)] for row in rows],),
    model_json('scores'),
  )
  assert found == ['black', 'black', 'white', 'white', 'white', 'white']
  for row, ground in zip(rows, found, strict=True):
    seen = bit_depth.eight_bits(Image.fromarray(np.array([row], np.uint8)))
    assert seen.getpixel((len(row) - 1, 0)) == ImageColor.getrgb(ground)


@pytest.mark.parametrize(('part', 'name'), [('camera', 'scores'), ('draw', 'homus_strokes')])
def test_the_terms_of_a_model_are_beside_it(open_page, part, name):
  driver = open_page(part)
  terms = find(driver, f'#part-{part} [data-terms]')
  wait(lambda: terms.text == f'Licence of the model {name}: {model_json(name)["licence"]}')
  terms.find_element('css selector', 'a').click()
  wait(lambda: f'# {name}\n' in driver.find_element('css selector', 'body').text + '\n')


def test_pen_paths_are_python_s(open_page):
  """Of every symbol that a made-up writer has written; the network's answers are the same too."""
  network = omr_jax.load('homus_strokes')
  files = made_up.files(writers=1).items()
  symbols = [strokes.parse(content, name) for name, content in files]
  found = in_page(
    open_page('draw'),
    'pen_path.js',
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


def test_draw_with_a_pointer(open_page):
  """A line; then a sharp of four strokes, of which the last three are undone."""
  driver = open_page('draw')
  paper, classes = find(driver, '#paper'), find(driver, '#classes')
  size = paper.size['width']

  def line(*points):
    chain = webdriver.ActionChains(driver, duration=20)
    for number, (x, y) in enumerate(points):
      # Selenium counts from the middle of the paper.
      at = round((x - 0.5) * size), round((y - 0.5) * size)
      chain.move_to_element_with_offset(paper, *at)
      if not number:
        chain.click_and_hold()
    chain.release().perform()

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
  assert float(classes.get_attribute('data-milliseconds')) > 0
  for _ in range(3):
    find(driver, '#undo').click()
  wait(lambda: classes.get_attribute('data-label') == 'Barline')


def test_draw_with_keys(open_page):
  driver = open_page('draw')
  keys = webdriver.Keys
  find(driver, '#paper').send_keys(' ', *[keys.ARROW_DOWN] * 25, ' ')
  wait(lambda: find(driver, '#classes').get_attribute('data-label') == 'Barline')


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
  find(driver, '#name').send_keys('Ada')
  find(driver, '#save').send_keys(keys.ENTER)
  saved = tmp_path / 'human-symbols.json'
  wait(saved.exists)
  # As on another device, where the file is but this browser's memory is not.
  driver.execute_script('localStorage.clear()')
  driver.refresh()
  find(driver, '#begin-symbols').send_keys(keys.ENTER)
  wait(lambda: find(driver, '#count').text == '0 of 4')
  find(driver, '#load').send_keys(str(saved))
  wait(lambda: find(driver, '#count').text == '3 of 4')
  assert human.main(['merge', str(saved)]) == 0
  # True are G, F, G, F; Ada's answers are G, F, Dot; the model always answers G.
  said = capsys.readouterr().out
  assert '| Ada | 2 | 3 | 66.67 % |' in said
  assert '| the model, on all these | 2 | 3 | 66.67 % |' in said
  assert '| G-Clef | 2 | 100.0 | 50.0 | 66.7 | 100.0 |' in said
  assert '| Dot | 0 | 0.0 |  |  |  |' in said


def test_scores_by_single_keys(open_page, tmp_path):
  driver = open_page('human')
  find(driver, '#begin-scores').click()
  session = wait(lambda: find(driver, '#session'))
  wait(lambda: find(driver, '#count').text == '0 of 4')
  for number, key in enumerate('soso', start=1):
    session.send_keys(key)
    wait(lambda number=number: find(driver, '#count').text == f'{number} of 4')
  find(driver, '#save').click()
  saved = tmp_path / 'human-scores.json'
  wait(saved.exists)
  answers = json.loads(saved.read_text())['answers']
  assert [each['answer'] for each in answers] == ['scores', 'other', 'scores', 'other']


@pytest.mark.parametrize('part', ['camera', 'draw', 'human'])
def test_small_screens(open_page, part):
  """On a screen 360 pixels wide nothing is cut off, and every control has a name."""
  driver = open_page(part)
  driver.set_window_size(360, 800)
  driver.execute_cdp_cmd(
    'Emulation.setDeviceMetricsOverride',
    {'width': 360, 'height': 800, 'deviceScaleFactor': 2, 'mobile': True},
  )
  if part == 'human':
    find(driver, '#begin-symbols').click()
    wait(lambda: find(driver, '#session').is_displayed())
  wide = driver.execute_script(
    """return [...document.querySelectorAll('body *')]
      .filter(each => each.checkVisibility() && !each.closest('.spoken'))
      .filter(each => each.getBoundingClientRect().right > 360)
      .map(each => each.outerHTML)"""
  )
  assert wide == []
  assert driver.execute_script('return document.documentElement.scrollWidth') <= 360
  for each in driver.find_elements('css selector', 'button, input, canvas, a, progress'):
    if each.is_displayed():
      assert each.accessible_name


def test_no_other_host_and_without_a_network(open_page, address):
  """Everything comes from the site, and after the first visit the page needs no network."""
  driver = open_page('draw')
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
