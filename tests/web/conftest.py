"""The page in a real browser: headless Chromium, with a video made by tests as its camera."""

import json
import shutil
import threading

import pytest
from browsing import BROWSER, DRIVER, HANGS, SITE, find, turn_to, wait

from omr_jax.web.__main__ import serve

FLAGS = (
  *('--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'),
  *('--disable-background-networking', '--disable-component-update', '--disable-quic'),
  *('--disable-dev-shm-usage', '--use-fake-ui-for-media-stream'),
  '--use-fake-device-for-media-stream',
  # V8 compiles a second time only what runs very often: most of it runs a few times in a test.
  '--js-flags=--wasm-tiering-budget=200000000',
)


@pytest.fixture(scope='session')
def site(tmp_path_factory):
  """A copy of the site, with made-up questions for people in it."""
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
  return site


@pytest.fixture(scope='session')
def address(site):
  """The address at which the site is served."""
  server = serve(site, 0)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  yield f'http://localhost:{server.server_port}/'
  server.shutdown()
  server.server_close()


@pytest.fixture(scope='session')
def camera_file(tmp_path_factory):
  """The video that is the camera of the browser; it is read whenever the camera opens."""
  return tmp_path_factory.mktemp('camera') / 'camera.y4m'


@pytest.fixture(scope='session')
def shared_browser(tmp_path_factory, camera_file):
  """A browser for all tests."""
  from selenium import webdriver  # It may be missing; then these tests are skipped.

  options = webdriver.ChromeOptions()
  options.binary_location = BROWSER
  profile = f'--user-data-dir={tmp_path_factory.mktemp("profile")}'
  for flag in (*FLAGS, profile, f'--use-file-for-fake-video-capture={camera_file}'):
    options.add_argument(flag)
  options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
  driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
  driver.set_script_timeout(HANGS)
  yield driver
  driver.quit()


@pytest.fixture
def driver(shared_browser, tmp_path):
  """The shared browser, which saves files in the folder of this test."""
  behaviour = {'behavior': 'allow', 'downloadPath': str(tmp_path)}
  shared_browser.execute_cdp_cmd('Browser.setDownloadBehavior', behaviour)
  return shared_browser


@pytest.fixture
def open_page(driver, address):
  """A function that loads the page anew, with nothing kept, and shows a part."""

  def opened(part: str, origin: str = address):
    if origin != address:  # By another name the browser knows nothing of the site.
      driver.get('about:blank')
      everything = {'origin': origin.rstrip('/'), 'storageTypes': 'all'}
      driver.execute_cdp_cmd('Storage.clearDataForOrigin', everything)
    driver.get(f'{origin}icon.svg')
    driver.execute_script('localStorage.clear()')
    driver.get_log('browser')
    driver.get(f'{origin}#{part}')
    wait(lambda: find(driver, f'#part-{part}').is_displayed())
    return driver

  return opened


@pytest.fixture
def page_at(driver, open_page, request):
  """A function that shows a part of the page in which earlier tests have been.

  The page and its networks are loaded once for many tests: anew only where a test asks for that,
  and after one that has left the page or has failed. A part forgets what it showed when another
  one is shown, but for ink, a photo, the strips of what was tried, and answers of people.
  """

  def shown(part: str, anew: bool = False):
    failed = request.session.testsfailed
    if not anew and driver.execute_script('return window.failedBefore') == failed:
      turn_to(driver, 'about')
      turn_to(driver, part)
    else:
      open_page(part)
      driver.execute_script('window.failedBefore = arguments[0]', failed)
    return driver

  return shown


@pytest.fixture
def modules(page_at):
  """The shared browser, for `in_page`: modules of the page by themselves."""
  return page_at('about')


@pytest.fixture
def phone(driver, page_at):
  """As `page_at`, on a screen of 360 by 740 pixels that is touched."""

  def shown(part: str):
    size = {'width': 360, 'height': 740, 'deviceScaleFactor': 2, 'mobile': True}
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    driver.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', {'enabled': True})
    return page_at(part)

  yield shown
  driver.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})
  driver.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', {'enabled': False})
