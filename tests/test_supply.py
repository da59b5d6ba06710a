"""What is installed: exact versions for the figures of the docs."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from small_runs import ROOT


def test_the_constraints_name_every_package_exactly_and_no_host():
  lines = (ROOT / 'docs/constraints.txt').read_text().splitlines()
  lines = [line for line in lines if not line.startswith('#')]
  assert all(re.fullmatch(r'[\w.-]+==[\w.]+', line) for line in lines)
  fixed = {canonicalize_name(name): version for name, version in (x.split('==') for x in lines)}
  assert len(fixed) == len(lines) > 80
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  wanted = project['dependencies']
  for extra in ('dev', 'export', 'sweep'):
    wanted = wanted + project['optional-dependencies'][extra]
  for requirement in map(Requirement, wanted):
    assert requirement.specifier.contains(fixed[canonicalize_name(requirement.name)]), requirement
