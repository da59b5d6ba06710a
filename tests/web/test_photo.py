"""The part of the page in which one points at a symbol in a photo of symbols."""

import math

import numpy as np
import pytest
from browsing import NEEDS, find, in_page, model_json, wait
from PIL import Image

from omr_jax.inputs import render, strokes, symbol_picture
from omr_jax.synthetic import scans
from tfds_builders.homus import made_up

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS


def test_point_at_a_symbol(page_at):
  """The second symbol of the first row, of seven in 490 of 530 by 470 units."""
  driver = page_at('photo')
  driver.execute_script("document.querySelector('#pointing').hidden = true")  # An earlier photo.
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
  state = find(driver, '#photo-state')
  wait(lambda: 'There is no ink here' in state.text)
  assert not classes.text
  assert not state.find_element('css selector', 'button').is_displayed()  # It would be the same.


def test_ink_is_python_s(modules, monkeypatch):
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
    modules,
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
