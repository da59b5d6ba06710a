"""Measures the web page in headless Chromium: the first answer, camera, pen, and what is sent.

  make web
  python benchmarks/page.py

First visits are by a network as 4G, simulated by the server, on this processor and on one that is
4 times slower for the page. The camera is a generated video of 640x480 pixels, 60 times a second,
of a page of music. The pen is moved over the paper by the arrow keys. All times are measured by the
page itself. The camera needs two cores: while something else runs, there are fewer frames. Needs
chromium and chromium-driver.
"""

import contextlib
import functools
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from measure import parser_of, surroundings, table
from PIL import Image
from selenium import webdriver

from omr_jax.synthetic import probes
from omr_jax.web.__main__ import Handler, serve
from omr_jax.web.build import SITE

VISITS = 3  # First visits to each processor.
SECONDS, MOVEMENTS = 15, 40  # How long the camera is watched, how often the pen is moved.
RATE, LATENCY = 9e6 / 8, 0.17  # Bytes a second of the simulated network, seconds to each answer.
SLOWER = (1, 4)  # So many times slower the page computes in first visits.
FLAGS = (
  *('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'),
  *('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'),
)
# Milliseconds from the start of the visit to the first answer, and how long the page was blocked:
# the sum of what its tasks take above 50 ms.
FIRST = """const done = arguments[0]
  let blocked = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) blocked += duration - 50
  }).observe({ type: 'longtask', buffered: true })
  document.querySelector('[data-example=music]').click()
  const timer = setInterval(() => {
    if (!document.querySelector('#result').textContent) return
    clearInterval(timer)
    done([performance.now(), blocked])
  }, 10)"""


class Slow(Handler):
  """Sends as slowly as the simulated network; all connections share its rate."""

  lock = threading.Lock()
  free = 0.0  # Time at which the network is free again.

  def send_head(self):
    """Answers after the latency."""
    time.sleep(LATENCY)
    return super().send_head()

  def copyfile(self, source, outputfile):
    """Sends a file piece by piece."""
    while piece := source.read(1 << 14):
      with Slow.lock:
        Slow.free = max(Slow.free, time.monotonic()) + len(piece) / RATE
        wanted = Slow.free
      time.sleep(max(0, wanted - time.monotonic()))
      outputfile.write(piece)


def main() -> None:
  """Runs the command."""
  parser_of(__doc__).parse_args()
  with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / 'camera.y4m'
    write_video(path)
    server = serve(SITE, 0)
    address = f'http://localhost:{server.server_port}/'
    threading.Thread(target=server.serve_forever, daemon=True).start()
    usual = server.RequestHandlerClass
    server.RequestHandlerClass = functools.partial(Slow, directory=SITE)
    visits = {times: [first_visit(address, times) for _ in range(VISITS)] for times in SLOWER}
    server.RequestHandlerClass = usual
    with browser(f'--use-file-for-fake-video-capture={path}') as driver:
      frames, version = watched(driver, address), driver.capabilities['browserVersion']
      waits = drawn(driver, address)
  print(f'Chromium {version}; {surroundings()}\n')
  rows = [
    [f'frames/s of the camera over {SECONDS} s', spread(frames, 0)],
    [f'ms from a movement of the pen to the answer, {MOVEMENTS} movements', spread(waits, 1)],
  ]
  for times, each in visits.items():
    where = f'{VISITS} first visits, 9 Mbit/s and 170 ms, {times} times slower'
    rows += [
      [f's to the first answer, {where}', ', '.join(f'{first / 1000:.1f}' for first, _ in each)],
      ['ms that the page is blocked meanwhile', ', '.join(f'{blocked:.0f}' for _, blocked in each)],
    ]
  sent = transferred(SITE)
  rows += ([f'MB sent for {name}', f'{size / 1e6:.1f}'] for name, size in sent.items())
  print(table(['the page', ''], rows))


def spread(values: list[float], digits: int) -> str:
  """The median and, in brackets, the middle half."""
  low, middle, high = np.percentile(values, [25, 50, 75])
  return f'{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})'


@contextlib.contextmanager
def browser(*more: str):
  """A new browser, which has kept nothing."""
  options = webdriver.ChromeOptions()
  options.binary_location = shutil.which('chromium')
  options.page_load_strategy = 'eager'  # People don't wait until everything is loaded, either.
  for flag in (*FLAGS, *more):
    options.add_argument(flag)
  driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
  try:
    driver.set_script_timeout(300)
    yield driver
  finally:
    driver.quit()


def first_visit(address: str, times: int) -> tuple[float, float]:
  """Milliseconds to the first answer, of an example, and for which the page is blocked."""
  with browser() as driver:
    driver.execute_cdp_cmd('Emulation.setCPUThrottlingRate', {'rate': times})
    driver.get(f'{address}#camera')
    while not driver.find_element('css selector', '#invitation').is_displayed():
      time.sleep(0.05)
    return driver.execute_async_script(FIRST)


def write_video(path: Path) -> None:
  """Writes a second of video of a page of music in YUV4MPEG2, which Chromium takes for a camera."""
  page = next(probe.picture for probe in probes.probes(instances=1) if probe.name == 'music 1')
  upper = Image.fromarray(page[: 3 * page.shape[1] // 4]).convert('L').resize((640, 480))
  light = (16 + np.asarray(upper) * (219 / 255)).astype(np.uint8)  # Limited range: 16 to 235.
  frame = light.tobytes() + bytes([128]) * (640 * 480 // 2)
  path.write_bytes(b'YUV4MPEG2 W640 H480 F60:1 Ip A1:1 C420jpeg\n' + 60 * (b'FRAME\n' + frame))


def watched(driver: webdriver.Chrome, address: str) -> list[int]:
  """The frames/s that the page shows, read once a second."""
  driver.get(f'{address}#camera')
  driver.find_element('css selector', '#start').click()
  found, ends = [], time.monotonic() + SECONDS + 2
  while time.monotonic() < ends:
    time.sleep(1)
    text = driver.find_element('css selector', '#rate').text
    found += map(int, re.findall(r'(\d+) frames a second', text))
  driver.find_element('css selector', '#close').click()
  return found[1:]  # The first second has fewer frames.


def drawn(driver: webdriver.Chrome, address: str) -> list[float]:
  """Milliseconds from each movement of the pen to the answer, after the network was loaded."""
  driver.get(f'{address}#draw')
  paper = driver.find_element('css selector', '#paper')
  while not paper.is_displayed():
    time.sleep(0.05)
  paper.send_keys(' ', *[webdriver.Keys.ARROW_DOWN] * 5)
  while not paper.get_attribute('data-milliseconds'):  # The network is being loaded.
    time.sleep(0.1)
  found = []
  while len(found) < MOVEMENTS:
    paper.send_keys(webdriver.Keys.ARROW_RIGHT if len(found) % 2 else webdriver.Keys.ARROW_DOWN)
    time.sleep(0.2)
    found.append(float(paper.get_attribute('data-milliseconds')))
  return found


def transferred(site: Path) -> dict[str, int]:
  """Bytes that the server sends, for the first answer, and for all parts and offline use."""
  sizes = {}
  for path in site.rglob('*'):
    name = path.relative_to(site).as_posix()
    if path.is_file() and path.suffix not in ('.gz', '.br') and not name.startswith('human/'):
      copies = [path.with_name(f'{path.name}{ending}') for ending in ('.br', '.gz', '')]
      sizes[name] = next(copy.stat().st_size for copy in copies if copy.exists())
  other = (
    *('models/homus', 'models/pages', 'icon-', 'worker.js', 'about/', 'draw/', 'pages/', 'people/'),
    *('photo/', 'structure/', 'examples/page', 'examples/symbols', 'network/ink'),
  )
  first = sum(size for name, size in sizes.items() if not name.startswith(other))
  return {'the first answer': first, 'all parts, and offline use': sum(sizes.values())}


if __name__ == '__main__':
  main()
