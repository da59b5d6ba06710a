"""The part of the page in which people answer what a model has answered."""

import json

import pytest
from browsing import NEEDS, begin_session, end_session, find, in_page, model_json, wait

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS


def test_names_that_people_type(modules):
  """What Enter takes; a name goes before another word for a symbol that begins like it."""
  classes = model_json('homus_strokes')['classes']
  typed = {
    **{'whole': 'Whole-Note', 'whole rest': 'Whole-Half-Rest', '32': 'Thirty-Two-Note'},
    **{'16': 'Sixteenth-Note', 'bass': 'F-Clef', 'treble': 'G-Clef', '3/4': '3-4-Time'},
    **{'12': '12-8-Time', 'flat': 'Flat', 'crotchet': 'Quarter-Note', 'c': 'Common-Time'},
  }
  script = 'given[1].map((typed) => module.fitting(given[0], typed)[0])'
  found = in_page(modules, 'common/names.js', script, classes, list(typed))
  assert dict(zip(typed, found, strict=True)) == typed


def test_a_human_session_by_keyboard(open_page, tmp_path, capsys):
  """Types names, goes back, changes an answer, saves, reloads, opens a file, merges both."""
  from omr_jax import human

  driver, keys = open_page('human'), webdriver.Keys

  def begin():
    wait(lambda: find(driver, '#begin-symbols').is_displayed())
    find(driver, '#begin-symbols').send_keys(keys.ENTER)

  begin()
  typed = find(driver, '#typed')
  wait(lambda: driver.switch_to.active_element == typed)
  typed.send_keys('gcl', keys.ENTER)
  typed.send_keys('dot', keys.ENTER)
  wait(lambda: find(driver, '#count').text == '2 of 4')
  webdriver.ActionChains(driver).key_down(keys.ALT).send_keys(keys.LEFT).key_up(keys.ALT).perform()
  pressed = wait(lambda: driver.find_elements('css selector', '#options [aria-pressed=true]'))
  assert [each.text for each in pressed] == ['Dot']
  typed.send_keys('f', keys.ENTER)
  wait(lambda: find(driver, '#count').text == '2 of 4')
  find(driver, '#ending summary').click()
  find(driver, '#name').send_keys('Ada')
  find(driver, '#save').send_keys(keys.ENTER)
  saved = tmp_path / 'human-symbols.json'
  wait(saved.exists)
  first = saved.rename(tmp_path / 'first.json')
  # The answers and the name are kept, and a second file is one of the same session.
  driver.refresh()
  begin()
  wait(lambda: find(driver, '#count').text == '2 of 4')
  assert find(driver, '#name').get_property('value') == 'Ada'
  find(driver, '#typed').send_keys('dot', keys.ENTER)
  find(driver, '#ending summary').click()
  find(driver, '#save').click()
  wait(saved.exists)
  # As on another device, where the file is but this browser's memory is not.
  driver.execute_script('localStorage.clear()')
  driver.refresh()
  begin()
  wait(lambda: find(driver, '#count').text == '0 of 4')
  find(driver, '#ending summary').click()
  find(driver, '#load').send_keys(str(saved))
  wait(lambda: find(driver, '#count').text == '3 of 4')
  assert human.main(['merge', str(first), str(saved)]) == 0
  # True are G, F, G, F; Ada's answers are G, F, Dot; the model always answers G.
  said = capsys.readouterr().out
  assert '| Ada | 2 | 3 | 66.67 % |' in said
  assert '| the model, on all these | 2 | 3 | 66.67 % |' in said
  assert '| G-Clef | 2 | 100.0 | 50.0 | 66.7 | 100.0 |' in said
  assert '| Dot | 0 | 0.0 |  |  |  |' in said


def test_a_browser_that_keeps_nothing(open_page):
  """As where cookies are blocked: answers and place move together, and the page says so."""
  driver = open_page('human')
  driver.execute_script("""Storage.prototype.setItem = () => { throw new Error('blocked') }""")
  begin_session(driver, 'scores')
  session = find(driver, '#session')
  for number, key in enumerate('so', start=1):
    session.send_keys(key)
    wait(lambda number=number: find(driver, '#count').text == f'{number} of 4')
  assert 'keeps nothing' in find(driver, '#humanwords').text
  assert find(driver, '#question').get_attribute('alt') == 'Picture 3 of 4'


def test_scores_by_single_keys(page_at, tmp_path):
  driver = page_at('human')
  begin_session(driver, 'scores')
  session = find(driver, '#session')
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


def test_questions_that_do_not_come(page_at, site):
  """There are none; or there is no connection. No command is shown to visitors."""
  driver = page_at('human')
  end_session(driver)
  there = site / 'human' / 'symbols.json'
  away = there.rename(there.with_name('away'))
  state = find(driver, '#human-state')
  try:
    find(driver, '#begin-symbols').click()
    wait(lambda: 'This site has no such questions' in state.text)
    driver.execute_script("""window.fetched = fetch
      window.fetch = async () => { throw new TypeError('offline') }""")
    state.find_element('css selector', 'button').click()
    wait(lambda: 'is there a connection?' in state.text)
    assert 'python' not in find(driver, '#part-human').text
    driver.execute_script('window.fetch = fetched')
  finally:
    away.rename(there)
