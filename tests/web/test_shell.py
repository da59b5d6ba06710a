"""What the parts of the page share: its files, use without a network, safety."""

import functools
import http.server
import json
import re
import shutil
import threading
import time

import pytest
from browsing import (
  NEEDS,
  SITE,
  find,
  in_page,
  missing,
  model_json,
  turn_to,
  wait,
)

webdriver = pytest.importorskip('selenium.webdriver', reason='needs selenium')
pytestmark = NEEDS

ONLINE = {'offline': False, 'latency': 0, 'downloadThroughput': -1, 'uploadThroughput': -1}


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


def imported_later(module: str) -> set[str]:
  """What a module of the site imports when it is needed."""
  path = SITE / module
  found = re.findall(r'\bimport\(`(\..*?)\$\{query\}`\)', path.read_text())
  return {(path.parent / each).resolve().relative_to(SITE.resolve()).as_posix() for each in found}


@pytest.fixture
def first_visit(driver, address):
  """The shared browser as it was before it had seen the site; at the end it has a network again."""
  driver.execute_cdp_cmd('Network.enable', {})
  if driver.current_url != 'data:,':  # It shows this before its first use.
    driver.get('about:blank')
    everything = {'origin': address.rstrip('/'), 'storageTypes': 'all'}
    driver.execute_cdp_cmd('Storage.clearDataForOrigin', everything)
    driver.execute_cdp_cmd('Network.clearBrowserCache', {})
    driver.get_log('browser')
  yield driver
  driver.execute_cdp_cmd('Network.emulateNetworkConditions', ONLINE)
  driver.execute_cdp_cmd('Network.disable', {})


def test_no_other_host_and_without_a_network(first_visit, address):
  """Everything comes from the site, and after the first visit the page needs no network."""
  driver = first_visit
  driver.get(f'{address}#draw')
  wait(lambda: find(driver, '#paper').is_displayed())
  find(driver, '#paper').send_keys(' ', webdriver.Keys.ARROW_DOWN, ' ')
  wait(lambda: find(driver, '#classes').text)
  loaded = driver.execute_script(
    "return performance.getEntriesByType('resource').map(each => [each.name, each.transferSize])"
  )
  assert all(name.startswith(address) for name, _ in loaded)
  assert 1e6 < sum(size for _, size in loaded) < 15e6  # Nothing was there before.
  ready = 'return navigator.serviceWorker.getRegistration().then(each => Boolean(each?.active))'
  wait(lambda: driver.execute_script(ready))
  driver.execute_cdp_cmd('Network.emulateNetworkConditions', ONLINE | {'offline': True})
  driver.refresh()
  wait(lambda: find(driver, '#paper').is_displayed())
  find(driver, '#paper').send_keys(' ', webdriver.Keys.ARROW_DOWN, ' ')
  wait(lambda: find(driver, '#classes').text)
  errors = [each for each in driver.get_log('browser') if each['level'] == 'SEVERE']
  assert errors == []


@pytest.fixture
def slow_address(site, tmp_path):
  """The address of a copy of the site, and its folder; a browser may keep its files for an hour."""
  copy = shutil.copytree(site, tmp_path / 'site')

  class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
      self.send_header('Cache-Control', 'max-age=3600')
      super().end_headers()

    def log_message(self, *arguments):
      pass

  handler = functools.partial(Handler, directory=copy)
  with http.server.ThreadingHTTPServer(('localhost', 0), handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://localhost:{server.server_port}/', copy
    server.shutdown()


def test_a_newer_site_is_shown_from_the_next_visit_on(driver, slow_address):
  """The browser's own cache has the older files for an hour."""
  address, copy = slow_address
  active = 'return navigator.serviceWorker.getRegistration().then(each => Boolean(each?.active))'
  driver.get(f'{address}#about')
  wait(lambda: driver.execute_script(active))
  words = "return fetch('about/part.js').then((found) => found.text())"
  newer = f'{driver.execute_script(words)}// newer\n'
  (copy / 'about/part.js').write_text(newer)
  worker = (copy / 'worker.js').read_text()
  (copy / 'worker.js').write_text(worker.replace('${PREFIX}', '${PREFIX}newer '))
  driver.refresh()
  wait(lambda: driver.execute_script(words) == newer)
  driver.refresh()
  assert driver.execute_script(words) == newer
  wait(lambda: find(driver, '#part-about').is_displayed())


@pytest.mark.parametrize('is_whole', [True, False])
def test_a_large_model_is_kept_from_its_first_use_on(driver, slow_address, is_whole):
  """Unless it is not as large as the site says: the server may have a newer site by now."""
  address, copy = slow_address
  name, sizes = 'models/pages/model_int8.onnx', json.loads((copy / 'sizes.json').read_text())
  sizes[name] += not is_whole
  (copy / 'sizes.json').write_text(json.dumps(sizes))
  driver.get(f'{address}#about')
  wait(lambda: driver.execute_script('return Boolean(navigator.serviceWorker.controller)'))
  turn_to(driver, 'page')
  kept = f"""const [done] = arguments
    caches.match('{address}{name}').then((found) => found?.blob()).then((blob) => done(blob?.size))
  """
  if is_whole:
    wait(lambda: driver.execute_async_script(kept) == sizes[name])
  else:
    wait(lambda: 'did not come whole' in find(driver, '#page-state').text)
    time.sleep(0.5)  # It would be kept at about the same time.
    assert driver.execute_async_script(kept) is None


def test_the_built_site():
  """What it says of its own files is so."""
  sizes = json.loads((SITE / 'sizes.json').read_text())
  assert len(sizes) == 6  # Of the runtime and of five models.
  assert all((SITE / name).stat().st_size == size for name, size in sizes.items())
  named = re.findall('modulepreload" href="(.*?)"', (SITE / 'index.html').read_text())
  modules = {path.relative_to(SITE).as_posix() for path in SITE.rglob('*.js')}
  # The first part of the page; the others, and what only they need of the worker, come later.
  assert set(named) == imported('app.js')
  assert {name.partition('/')[0] for name in named} == {'app.js', 'common', 'gate', 'network'}
  later = imported_later('app.js') | imported_later('network/inference.js')
  of_worker = imported('network/inference.js')
  assert modules == set(named) | of_worker | set.union(*map(imported, later)) | {'worker.js'}
  kept = json.loads(re.search(r'FILES = (\[.*\]);', (SITE / 'worker.js').read_text())[1])
  # Models of 2.5 MB each are kept once they are used.
  in_turn = {f'models/{name}/model_int8.onnx' for name in ('pages', 'pages_handwriting')}
  assert {'index.html', 'examples/music.webp', *sizes} - in_turn <= set(kept)
  assert in_turn <= sizes.keys() and in_turn.isdisjoint(kept)
  assert all((SITE / name).exists() for name in kept)
  assert not any(name.endswith(('.gz', '.br')) for name in kept)


def test_no_webassembly(modules):
  modules.execute_script("""window.kept = WebAssembly
    delete globalThis.WebAssembly""")
  load = "module.load('scores').then(() => 'loaded', (error) => error.message)"
  assert 'runs no WebAssembly' in in_page(modules, 'network/sessions.js', load)
  modules.execute_script('globalThis.WebAssembly = kept')


def test_what_is_put_into_the_page_can_neither_run_nor_send(page_at, address):
  """As a text that reaches the page as HTML by mistake would try."""
  driver = page_at('draw')
  driver.get_log('browser')
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
  driver.execute_script("document.querySelectorAll('main ~ *').forEach((each) => each.remove())")


def test_the_terms_of_a_model_are_beside_it(page_at):
  driver = page_at('about')
  models = {'camera': 'scores', 'page': 'pages', 'draw': 'homus_strokes', 'photo': 'homus_scans'}
  for part, name in models.items():
    turn_to(driver, part)
    terms = find(driver, f'#part-{part} [data-terms]')
    licence = model_json(name)['licence']
    wait(
      lambda terms=terms, name=name, licence=licence: (
        terms.text == f'Licence of the model {name}: {licence}'
      )
    )
    link = terms.find_element('css selector', 'a')
    card = f'fetch({json.dumps(link.get_property("href"))}).then((answer) => answer.text())'
    assert f'# {name}\n' in driver.execute_async_script(f'{card}.then(arguments[0])')
  # By key: pictures of the first screen that come meanwhile move what a pointer would hit.
  link.send_keys(webdriver.Keys.ENTER)
  wait(lambda: f'# {name}\n' in driver.find_element('css selector', 'body').text + '\n')


def test_opened_as_a_file(shared_browser):
  """There no module is loaded; the words appear after a while."""
  shared_browser.get((SITE / 'index.html').as_uri())
  shared_browser.execute_script('document.getAnimations().forEach((each) => each.finish())')
  words = wait(lambda: find(shared_browser, '#starting').text)
  assert 'As a file on this device it does not work' in words and 'Try again' in words


def test_parts_networks_and_examples_that_do_not_come(open_page, address, site):
  """When they are tried again, the files are there. There is no service worker that keeps them.

  By another name of this machine the browser has kept nothing.
  """
  with missing(site / 'worker.js'):
    driver = open_page('about', address.replace('localhost', '127.0.0.1'))
    with missing(site / 'people/part.js'):
      find(driver, 'nav a[href="#human"]').click()
      state = find(driver, '#part-state')
      wait(lambda: 'This part of the page does not come' in state.text)
      assert not find(driver, '#part-about').is_displayed()
    state.find_element('css selector', 'button').click()
    wait(lambda: find(driver, '#part-human').is_displayed())
    assert not state.text
    model = 'models/{}/model_int8.onnx'
    for part, files in (
      ('draw', ('sizes.json', model.format('homus_strokes'))),
      ('page', (model.format('pages'),)),
    ):
      state = find(driver, f'#{part}-state')
      for number, file in enumerate(files):
        with missing(site / file):
          if number:
            state.find_element('css selector', 'button').click()
          else:
            turn_to(driver, part)
          wait(lambda state=state, file=file: f'{file} is missing' in state.text)
      state.find_element('css selector', 'button').click()
      wait(lambda state=state: not state.text)
      if part == 'draw':
        find(driver, '#paper').send_keys(' ', *[webdriver.Keys.ARROW_DOWN] * 25, ' ')
        wait(lambda: find(driver, '#classes').get_attribute('data-label') == 'Barline')
    with missing(site / 'models/homus_scans/model.json'):
      turn_to(driver, 'photo')
      state, photo = find(driver, '#photo-state'), find(driver, '#photo')
      wait(lambda: 'model.json is missing' in state.text)
      with missing(site / 'examples/symbols.webp'):
        find(driver, '#photo-example').click()
        wait(lambda: 'The example does not come' in state.text)
      state.find_element('css selector', 'button').click()
      wait(photo.is_displayed)
      photo.send_keys(webdriver.Keys.ARROW_UP, webdriver.Keys.ENTER)
      wait(lambda: 'model.json is missing' in state.text)
    state.find_element('css selector', 'button').click()
    wait(lambda: find(driver, '#photo-classes').text or 'There is no ink here' in state.text)
    assert not state.find_element('css selector', 'button').is_displayed()
