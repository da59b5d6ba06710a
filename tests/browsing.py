"""What tests of the page in the browser share; the browser itself is in `tests/web/conftest.py`."""

import contextlib
import functools
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_runs import ROOT

from omr_jax.synthetic import music, papers, recorded_pages

SITE = ROOT / 'build/web'
BROWSER, DRIVER = shutil.which('chromium'), shutil.which('chromedriver')
# The `pytestmark` of a file of tests.
NEEDS = [
  pytest.mark.skipif(not (BROWSER and DRIVER), reason='needs chromium and chromium-driver'),
  pytest.mark.skipif(not (SITE / 'worker.js').exists(), reason='needs `make web`'),
]
HANGS = 120  # Seconds after which the page must hang, on a busy machine too.


def wait(condition):
  """The condition's value, as soon as it is true.

  It is looked at less and less often: each look costs the browser what it needs for its own work.
  """
  began = time.monotonic()
  while not (found := condition()):
    waited = time.monotonic() - began
    assert waited < HANGS, f'not within {HANGS} seconds'
    time.sleep(0.03 + waited / 8)
  return found


def find(driver, selector):
  """The first element of the page that a CSS selector describes."""
  return driver.find_element('css selector', selector)


def turn_to(driver, part):
  """Shows another part of the page that is open."""
  driver.execute_async_script(
    """const [part, done] = arguments
      const look = () => {
        if (document.querySelector(`#part-${part}`).checkVisibility()) done()
        else setTimeout(look, 20)
      }
      location.hash = part
      look()""",
    part,
  )


def end_session(driver):
  """Ends the session of questions for people that is under way, if there is one."""
  if find(driver, '#session').is_displayed():
    driver.execute_script("document.querySelector('#end').click()")


def begin_session(driver, kind):
  """Begins a session of questions for people: the part shows no other one then."""
  end_session(driver)
  find(driver, f'#begin-{kind}').click()
  wait(lambda: find(driver, '#session').is_displayed())


@contextlib.contextmanager
def missing(path):
  """For a while a file of the site, and its compressed copies, are not there."""
  files = list(path.parent.glob(f'{path.name}*'))
  hidden = [each.rename(each.with_name(f'_{each.name}')) for each in files]
  try:
    yield
  finally:
    for each in hidden:
      each.rename(each.with_name(each.name[1:]))


def in_page(driver, module, expression, *arguments):
  """Value of a JavaScript expression of a module of the page, `module`, and arguments, `given`."""
  return driver.execute_async_script(
    f"""const given = [...arguments], done = given.pop();
    import('./{module}').then((module) => {expression}).then(done);""",
    *arguments,
  )


def model_json(name: str) -> dict:
  """The content of `model.json` of a model of the page."""
  return json.loads((SITE / f'models/{name}/model.json').read_text())


@functools.cache
def drawn(kind: str) -> np.ndarray:
  """The upper part of a page drawn by code, 1000 wide and 750 high, as a camera sees it."""
  draw = {'music': music.page, 'form': papers.form, 'text': papers.text}[kind]
  page = Image.fromarray(draw(np.random.default_rng(0), 1400, 1000))
  return np.asarray(page.convert('RGB'))[:750]


def low_page(folder: Path) -> Path:
  """A picture of a low made-up page, which costs little time."""
  path = folder / 'low page.png'
  Image.fromarray(recorded_pages.page(np.random.default_rng((33, 3)), 300, 800).picture).save(path)
  return path


def video(path: Path, picture: np.ndarray) -> None:
  """Writes a second of one grey picture in YUV4MPEG2, which Chromium can use as its camera."""
  grey = np.asarray(Image.fromarray(picture).convert('L').resize((640, 480)))
  # Chromium reads 16 as black and 235 as white.
  frame = (16 + grey * (219 / 255)).astype(np.uint8).tobytes() + bytes([128]) * (640 * 480 // 2)
  header = b'YUV4MPEG2 W640 H480 F5:1 Ip A1:1 C420jpeg\n'  # Each frame is classified.
  path.write_bytes(header + 5 * (b'FRAME\n' + frame))
