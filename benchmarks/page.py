"""Measures the web page in headless Chromium: camera frames/s, the pen's response time, its size.

  make web
  python benchmarks/page.py

The camera is a generated video of 640x480 pixels that shows a page of music. The pen is moved over
the paper by the arrow keys. Both times are measured by the page itself. Needs chromium and
chromium-driver.
"""

import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from measure import surroundings, table
from PIL import Image
from selenium import webdriver

from omr_jax.synthetic import probes
from omr_jax.web.__main__ import serve
from omr_jax.web.build import SITE

SECONDS, MOVEMENTS = 15, 40  # How long the camera is watched, how often the pen is moved.
FLAGS = (
  *('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'),
  *('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'),
)


def main() -> None:
  """Runs the command."""
  server = serve(SITE, 0)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / 'camera.y4m'
    write_video(path)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which('chromium')
    for flag in (*FLAGS, f'--use-file-for-fake-video-capture={path}'):
      options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
    try:
      address = f'http://localhost:{server.server_port}/'
      frames, version = watched(driver, address), driver.capabilities['browserVersion']
      waits = drawn(driver, address)
    finally:
      driver.quit()
  print(f'Chromium {version}; {surroundings()}\n')
  low, middle, high = np.percentile(waits, [25, 50, 75])
  rows = [
    [f'frames/s of the camera over {SECONDS} s', f'{min(frames)} to {max(frames)}'],
    [
      f'ms from a movement of the pen to the answer, {MOVEMENTS} movements',
      f'{middle:.1f} ({low:.1f}-{high:.1f})',
    ],
    ['MB transferred', f'{transferred(SITE) / 1e6:.1f}'],
  ]
  print(table(['the page', ''], rows))


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
    text = driver.find_element('css selector', '#result').text
    found += map(int, re.findall(r'(\d+) frames/s', text))
  driver.find_element('css selector', '#stop').click()
  return found[1:]  # The first second has fewer frames.


def drawn(driver: webdriver.Chrome, address: str) -> list[float]:
  """Milliseconds from each movement of the pen to the answer, after the network was loaded."""
  driver.get(f'{address}#draw')
  paper = driver.find_element('css selector', '#paper')
  classes = driver.find_element('css selector', '#classes')
  paper.send_keys(' ', *[webdriver.Keys.ARROW_DOWN] * 5)
  while not classes.get_attribute('data-milliseconds'):  # The network is being loaded.
    time.sleep(0.1)
  found = []
  while len(found) < MOVEMENTS:
    paper.send_keys(webdriver.Keys.ARROW_RIGHT if len(found) % 2 else webdriver.Keys.ARROW_DOWN)
    time.sleep(0.2)
    found.append(float(classes.get_attribute('data-milliseconds')))
  return found


def transferred(site: Path) -> int:
  """Bytes of all files as the server sends them, without the test for people (`human`)."""
  total = 0
  for path in site.rglob('*'):
    if path.is_file() and path.suffix != '.gz' and 'human' not in path.parts[len(site.parts) :]:
      smaller = path.with_name(f'{path.name}.gz')
      total += (smaller if smaller.exists() else path).stat().st_size
  return total


if __name__ == '__main__':
  main()
