"""The part of the page that says whether a picture shows music; its camera is a made-up video."""

import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browsing import NEEDS, drawn, find, in_page, model_json, turn_to, video, wait
from PIL import Image, ImageColor

import omr_jax
from omr_jax.inputs import bit_depth, views
from omr_jax.tasks.scores import inputs

pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS


@pytest.fixture
def gate(page_at):
  """The part that tells music, without a picture."""
  return page_at('camera')


@pytest.mark.parametrize(
  ('expected', 'words', 'name'),
  [('scores', 'Music', 'music'), ('other', 'Not music', 'text')],
)
def test_camera(gate, camera_file, expected, words, name):
  video(camera_file, drawn(name))
  driver = gate
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


def test_nothing_stale_after_coming_back(gate, camera_file):
  video(camera_file, drawn('music'))
  driver = gate
  find(driver, '#start').click()
  wait(lambda: find(driver, '#result').text)
  for part in ('draw', 'camera'):
    find(driver, f'nav a[href="#{part}"]').click()
    wait(lambda part=part: find(driver, f'#part-{part}').is_displayed())
  assert find(driver, '#invitation').is_displayed()
  assert not find(driver, '#look').is_displayed()
  assert not driver.execute_script("return document.querySelector('#video').srcObject.active")


def test_no_camera(gate):
  """As where the user denies it; then the user allows it."""
  driver = gate
  driver.execute_script("""const media = navigator.mediaDevices
    window.real = media.getUserMedia.bind(media)
    media.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') }""")
  find(driver, '#start').click()
  state = find(driver, '#gate-state')
  wait(lambda: 'may not use the camera' in state.text)
  ends = 'return arguments[0].getBoundingClientRect().bottom < innerHeight + 1'
  assert driver.execute_script(ends, state)  # It is seen without scrolling.
  driver.execute_script('navigator.mediaDevices.getUserMedia = window.real')
  state.find_element('css selector', 'button').click()
  wait(lambda: find(driver, '#result').text)
  assert state.text == ''


def test_pictures_have_python_s_answers(gate, tmp_path):
  """The same picture file, in the browser and by `omr_jax.load` of the same model.

  The strip, five times the upper lines of a page side by side, must not be blurred.
  """
  model = omr_jax.load(Path(omr_jax.__file__).parent / 'pretrained/scores/model_int8.onnx')
  driver = gate
  result = find(driver, '#result')
  strip = np.tile(drawn('music')[:400], (1, 5, 1))
  pictures = {'music': drawn('music'), 'form': drawn('form'), 'strip': strip}
  for name, picture in pictures.items():
    path = tmp_path / f'{name}.png'
    Image.fromarray(picture).save(path)
    answer = model(path)
    find(driver, '#file').send_keys(str(path))
    wait(lambda: '%' in result.text)
    words, share = re.fullmatch('(?:Not sure: rather )?(.*), ([0-9]+) %', result.text).groups()
    assert words.lower() == {'scores': 'music', 'other': 'not music'}[answer.label]
    # Processors round the 8-bit arithmetic differently.
    assert int(share) == pytest.approx(100 * answer.confidence, abs=3)
    assert bool(driver.find_elements('css selector', '#boxes rect')) == bool(answer.boxes)
    assert find(driver, '#where').is_displayed() == bool(answer.boxes)
    # The whole picture and its nine parts, each with its share.
    find(driver, '#details summary').click()
    wait(lambda: len(re.findall('[0-9]+ %', find(driver, '#seen').text)) == 10)
    find(driver, '#details summary').click()
    find(driver, '#close').click()


def test_answers_are_counted_from_the_threshold(modules):
  """At a threshold of 3 to 1; odds of 9, 1/9 and 3 to 1."""
  about = {'classes': ['other', 'scores'], 'threshold': 0.75, 'sure': 0.8}
  found = in_page(
    modules,
    'network/answer.js',
    'given[1].map((share) => module.answer(given[0], [1 - share, share]))',
    *(about, [9 / 10, 1 / 10, 3 / 4]),
  )
  assert [each['label'] for each in found] == ['scores', 'other', 'scores']
  assert [each['sure'] for each in found] == [False, True, False]
  np.testing.assert_allclose([each['confidence'] for each in found], [3 / 4, 27 / 28, 1 / 2])


def test_files_that_are_no_pictures(gate, tmp_path):
  """Nothing of the picture before is shown; the same file can be tried again, when it is whole."""
  (tmp_path / 'empty.png').touch()
  text = tmp_path / 'text.png'
  text.write_bytes(b'no picture')
  Image.fromarray(drawn('form')).save(tmp_path / 'form.png')
  driver = gate
  file, state = find(driver, '#file'), find(driver, '#gate-state')
  file.send_keys(str(tmp_path / 'form.png'))
  wait(lambda: find(driver, '#result').text)
  for name in ('empty.png', 'text.png'):
    file.send_keys(str(tmp_path / name))
    wait(lambda name=name: f'{name}: not a picture' in state.text)
    assert not find(driver, '#look').is_displayed()
    assert not state.find_element('css selector', 'button').is_displayed()
  shutil.copy(tmp_path / 'form.png', text)
  file.send_keys(str(text))
  wait(lambda: find(driver, '#result').text)
  assert state.text == ''


def test_pictures_are_dropped_anywhere_and_pasted(gate):
  """An SVG of five lines, which the browser draws, in the corner of the page; an empty file."""
  driver = gate
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
  turn_to(driver, 'about')
  assert driver.execute_script(script, 'drop', 'main', 'a.svg', svg, 'image/svg+xml')
  turn_to(driver, 'camera')


def test_examples(gate):
  driver = gate
  for example, words in (('bars', 'Music, '), ('table', 'Not music, ')):
    find(driver, f'[data-example={example}]').click()
    wait(lambda words=words: find(driver, '#result').text.startswith(words))
    find(driver, '#close').click()


def test_an_example_that_comes_late_is_not_shown(gate):
  """The user has turned to another part meanwhile."""
  driver = gate
  driver.execute_script("""const own = window.own = fetch
    window.fetch = (address, ...more) => String(address).endsWith('table.webp')
      ? new Promise((resolve) => { window.go = () => resolve(own(address)) })
      : own(address, ...more)""")
  find(driver, '[data-example=table]').click()
  wait(lambda: driver.execute_script('return Boolean(window.go)'))
  turn_to(driver, 'about')
  turn_to(driver, 'camera')
  driver.execute_async_script('go(); window.fetch = own; setTimeout(arguments[0], 300)')
  assert find(driver, '#invitation').is_displayed() and not find(driver, '#look').is_displayed()


def test_a_camera_that_is_stopped_before_it_plays(gate, camera_file):
  """Nothing is left that waits for its first picture."""
  video(camera_file, drawn('music'))
  driver = gate
  driver.execute_script("""document.querySelector('#video').play = function () {
    delete this.play
    return new Promise((resolve) => { window.go = resolve })
  }; window.go = null""")
  find(driver, '#start').click()
  wait(lambda: driver.execute_script('return Boolean(window.go)'))
  find(driver, '#close').click()
  wait(lambda: not find(driver, '#gate-state').text)
  driver.execute_async_script('go(); setTimeout(arguments[0], 300)')
  assert not find(driver, '#gate-state').text and find(driver, '#invitation').is_displayed()


def test_boxes_lie_where_the_music_is(gate):
  """Parts of 0.4 of the sides, every 0.3 of them: the second of the first row, the last of all."""
  driver = gate
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
  box = 'return arguments[0].getBoundingClientRect().toJSON()'
  still = driver.execute_script(box, find(driver, '#still'))
  # At a quarter of its size the picture is 300 wide, with 150 at its left.
  for each, (x, y) in ((first, (150 + 90, 0)), (last, (150 + 180, 150))):
    at = driver.execute_script(box, each)
    assert (at['x'] - still['x'], at['y'] - still['y']) == pytest.approx((x, y), abs=2)
    assert (at['width'], at['height']) == pytest.approx((120, 100), abs=4)
  script = """const still = document.querySelector('#still')
    still.style.cssText = still.parentElement.style.width = ''"""
  driver.execute_script(script)


@pytest.mark.parametrize(
  ('height', 'width', 'tiles', 'bound'),
  [
    *((1, 1, 3, 2.0), (7, 5, 3, 2.0), (480, 640, 3, 2.0), (100, 333, 3, math.inf)),
    *((100, 333, 3, 2.0), (333, 77, 3, 2.0), (333, 127, 2, 2.0), (20, 999, 3, 2.0)),
  ],
)
def test_pictures_are_prepared_as_in_python(modules, height, width, tiles, bound):
  """In some pictures Pillow resizes the columns first, which may change a number by 1."""
  grey = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
  about = model_json('scores')
  about['picture'] = inputs.to_json(views.Layout(128, 128, tiles, False, bound))
  found = in_page(
    modules,
    'network/views.js',
    'Array.from(module.views(Uint8Array.from(given[0]), given[1], given[2], given[3]))',
    *(grey.ravel().tolist(), width, height, about),
  )
  wanted = views.of_image(Image.fromarray(grey), 128, 128, tiles, False, bound)
  assert np.abs(np.reshape(found, wanted.shape) - wanted.astype(int)).max() <= 1


def test_brightness_is_pillow_s(modules):
  colours = np.random.default_rng(0).integers(0, 256, (50, 40, 4), np.uint8)
  found = in_page(
    modules,
    'network/views.js',
    'Array.from(module.brightness(given[0], given[1]))',
    *(colours.ravel().tolist(), model_json('scores')),
  )
  wanted = np.asarray(Image.fromarray(colours[..., :3]).convert('L'))
  np.testing.assert_array_equal(np.reshape(found, wanted.shape), wanted)


def test_light_ink_is_over_black_as_in_python(modules):
  """Of two or three pixels, grey and alpha; the last one is transparent."""
  rows = [
    *([(255, 255), (9, 0), (9, 0)], [(193, 255), (0, 0), (0, 0)], [(192, 255), (0, 0), (0, 0)]),
    *([(255, 255), (0, 0)], [(0, 255), (0, 0), (0, 0)], [(77, 0), (0, 0)]),
  ]
  found = in_page(
    modules,
    'network/views.js',
    'given[0].map((rgba) => module.ground(rgba, given[1]))',
    *([[v for grey, alpha in row for v in (grey, grey, grey, alpha)] for row in rows],),
    model_json('scores'),
  )
  assert found == ['black', 'black', 'white', 'white', 'white', 'white']
  for row, ground in zip(rows, found, strict=True):
    seen = bit_depth.eight_bits(Image.fromarray(np.array([row], np.uint8)))
    assert seen.getpixel((len(row) - 1, 0)) == ImageColor.getrgb(ground)
