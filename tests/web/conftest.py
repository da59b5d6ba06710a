"""The page in a real browser: headless Chromium, with a video made by tests as its camera."""

import json
import shutil
import threading

import pytest
from browsing import BROWSER, DRIVER, HANGS, SITE, find, wait

from omr_jax.web.__main__ import serve

FLAGS = (
  *('--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'),
  *('--disable-background-networking', '--disable-component-update', '--disable-quic'),
  *('--disable-dev-shm-usage', '--use-fake-ui-for-media-stream'),
  '--use-fake-device-for-media-stream',
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
  (site / 'empty.html').write_text('<!doctype html><title>A page that loads nothing</title>')
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
def open_page(shared_browser, address, tmp_path):
  """A function that opens a part of the page anew in the shared browser, with nothing kept."""
  driver = shared_browser

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

  behaviour = {'behavior': 'allow', 'downloadPath': str(tmp_path)}
  driver.execute_cdp_cmd('Browser.setDownloadBehavior', behaviour)
  yield opened
  driver.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})
  driver.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', {'enabled': False})


@pytest.fixture
def modules(shared_browser, address):
  """The shared browser on an empty page of the site, for `in_page`: modules by themselves."""
  if shared_browser.current_url != f'{address}empty.html':
    shared_browser.get(f'{address}empty.html')
  return shared_browser


@pytest.fixture
def phone(open_page, shared_browser):
  """As `open_page`, on a screen of 360 by 740 pixels that is touched."""
  driver = shared_browser

  def opened(part: str):
    size = {'width': 360, 'height': 740, 'deviceScaleFactor': 2, 'mobile': True}
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
    driver.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', {'enabled': True})
    return open_page(part)

  return opened
