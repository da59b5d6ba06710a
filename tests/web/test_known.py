"""What JavaScript takes from Python; needs neither a browser nor a built site."""

import re

from small_runs import ROOT

from omr_jax.web import known

SOURCES = ROOT / 'omr_jax/web/site'


def test_the_constants_are_there():
  """All that JavaScript takes from the Python modules that it repeats."""
  repeated = {each.__name__.rpartition('.')[2]: known._constants(each) for each in known._REPEATED}
  users = [path for path in SOURCES.rglob('*.js') if "constants.js'" in path.read_text()]
  assert len(users) >= 10
  for path in users:
    text = path.read_text()
    (imported,) = re.findall(r"import \{([^}]*)\} from '[^']*constants\.js'", text)
    for each in imported.split(','):
      name, _, alias = each.strip().partition(' as ')
      alias = alias or name
      used = set(re.findall(rf'\b{alias}\.([A-Z_]+)\b', text))
      for names in re.findall(rf'const \{{([^}}]*)\}} = {alias};', text):
        used |= {one.strip() for one in names.split(',')}
      assert used and used <= repeated[name].keys(), (path.name, name)
