"""Each part of the page, and what it shows once it is used, as axe-core judges it."""

import pytest
from browsing import NEEDS, wait
from small_runs import ROOT

pytest.importorskip('selenium.webdriver', reason='needs selenium')
AXE = ROOT / 'build/npm/node_modules/axe-core/axe.min.js'
pytestmark = [
  *NEEDS,
  pytest.mark.skipif(not AXE.exists(), reason='needs axe-core, which `make web` installs'),
]
JUDGE = """const done = arguments[0]
  axe.run({ resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(
    ({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html + failureSummary)])))"""
# In one step, as what is shown may be made anew at any moment.
IS_SEEN = 'return document.querySelector(arguments[0])?.checkVisibility()'


# What to tap in a part, one after the other, and what is seen then.
USES = {
  'camera': [('[data-example=table]', '#gate-tried li')],
  'page': [('#part-page [data-example=staff-paper]', '#page-words')],
  'draw': [('#gallery button', '#classes li'), ('#clear', '#draw-tried li')],
  'photo': [('#photo-example', '#photo')],
  'human': [('#begin-scores', '#options button')],
  'about': [],
}


@pytest.mark.parametrize('part', USES)
def test_no_violations(open_page, part):
  """Before and after each use, in light and dark colours."""
  driver = open_page(part)
  driver.execute_script(AXE.read_text())
  for tap, shown in [('main', 'main'), *USES[part]]:
    wait(lambda tap=tap: driver.execute_script(IS_SEEN, tap))
    driver.execute_script('document.querySelector(arguments[0]).click()', tap)
    wait(lambda shown=shown: driver.execute_script(IS_SEEN, shown))
    for scheme in ('dark', 'light'):
      features = [{'name': 'prefers-color-scheme', 'value': scheme}]
      driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': features})
      assert driver.execute_async_script(JUDGE) == []
