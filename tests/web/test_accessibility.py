"""Each part of the page as axe-core judges it, and on the screen of a phone."""

import pytest
from browsing import NEEDS, begin_session, drawn, find, low_page, turn_to, video, wait
from small_runs import ROOT

pytest.importorskip('selenium.webdriver', reason='needs selenium')
AXE = ROOT / 'build/npm/node_modules/axe-core/axe.min.js'
pytestmark = NEEDS
JUDGE = """const done = arguments[0]
  axe.run({ resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(
    ({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html + failureSummary)])))"""
# In one step, as what is shown may be made anew at any moment.
IS_SEEN = 'return document.querySelector(arguments[0])?.checkVisibility()'
CONTROLS = 'button, input, select, canvas, a, progress'

# What to tap in a part, one after the other, and what is seen then; a file is chosen.
USES = {
  'camera': [('[data-example=table]', '#gate-tried li')],
  'page': [('#page-file', '#page-json:enabled')],
  'draw': [('#gallery button', '#classes li'), ('#clear', '#draw-tried li')],
  'photo': [('#photo-example', '#photo')],
  'human': [('#begin-scores', '#options button')],
  'about': [],
}


def in_both_colours(driver) -> list:
  """What is wrong with what is shown, in light and dark colours."""
  found = []
  for scheme in ('dark', 'light'):
    features = [{'name': 'prefers-color-scheme', 'value': scheme}]
    driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': features})
    found += driver.execute_async_script(JUDGE)
  return found


@pytest.mark.skipif(not AXE.exists(), reason='needs axe-core, which `make web` installs')
def test_no_violations(page_at, tmp_path):
  """Before and after each use."""
  driver = page_at('about', anew=True)
  driver.execute_script(AXE.read_text())
  for part, uses in USES.items():
    turn_to(driver, part)
    assert in_both_colours(driver) == [], part
    for tap, shown in uses:
      wait(lambda tap=tap: driver.execute_script(IS_SEEN, tap))
      if tap == '#page-file':
        find(driver, tap).send_keys(str(low_page(tmp_path)))
      else:
        driver.execute_script('document.querySelector(arguments[0]).click()', tap)
      wait(lambda shown=shown: driver.execute_script(IS_SEEN, shown))
      assert in_both_colours(driver) == [], (part, tap)
  driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': []})


def nameless(driver, selector) -> list[str]:
  """Elements that are shown, of which a screen reader has nothing to say."""
  shown = driver.execute_script(
    """return [...document.querySelectorAll(arguments[0])]
      .filter((each) => each.checkVisibility())""",
    selector,
  )
  assert shown
  # A bar of progress may have gone meanwhile.
  unnamed = [each for each in shown if not each.accessible_name and each.is_displayed()]
  return [each.get_attribute('outerHTML') for each in unnamed]


def test_small_screens(phone):
  """On a screen 360 pixels wide nothing is cut off, and every control has a name."""
  driver = phone('about')
  wide = """return [...document.querySelectorAll('body *')]
    .filter((each) => each.checkVisibility() && !each.closest('.spoken, .skip, .tried ul'))
    .filter((each) => each.getBoundingClientRect().right > 360)
    .map((each) => each.outerHTML)"""
  for part in ('about', 'camera', 'page', 'draw', 'photo', 'human'):
    turn_to(driver, part)
    if part == 'human':
      begin_session(driver, 'symbols')
    assert driver.execute_script(wide) == [], part
    assert driver.execute_script('return document.documentElement.scrollWidth') <= 360, part
    assert nameless(driver, f'#part-{part} :is({CONTROLS})') == []
  assert nameless(driver, f':is({CONTROLS}):not(main *)') == []


def test_one_screen_of_a_phone(phone, camera_file):
  """What one needs at the same time is seen at the same time, on 740 pixels of height."""
  video(camera_file, drawn('music'))
  driver = phone('camera')

  def ends(*selectors):
    script = 'return document.querySelector(arguments[0]).getBoundingClientRect().bottom'
    return [driver.execute_script(script, selector) for selector in selectors]

  find(driver, '#start').click()
  wait(lambda: find(driver, '#result').text)
  assert max(ends('#video', '#verdict', '#close')) <= 740
  turn_to(driver, 'draw')
  assert max(ends('#paper', '#undo', '#clear', '#classes')) <= 740
  turn_to(driver, 'human')
  begin_session(driver, 'symbols')
  wait(lambda: find(driver, '#question').is_displayed())
  assert max(ends('#question', '#options', '#ending')) <= 740
  # The keyboard of the screen, which would cover half of it, does not come by itself.
  assert driver.switch_to.active_element != find(driver, '#typed')
