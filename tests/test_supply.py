"""What is installed: by extra, and with exact versions for the figures of the docs."""

import re
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from small_runs import ROOT

from omr_jax.utils.extras import LIBRARIES


def test_the_constraints_name_every_package_exactly_and_no_host():
  lines = (ROOT / 'docs/constraints.txt').read_text().splitlines()
  lines = [line for line in lines if not line.startswith('#')]
  assert all(re.fullmatch(r'[\w.-]+==[\w.]+', line) for line in lines)
  fixed = {canonicalize_name(name): version for name, version in (x.split('==') for x in lines)}
  assert len(fixed) == len(lines) > 80
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  extras = project['optional-dependencies']
  wanted = [
    *project['dependencies'],
    *extras['dev'],
    *extras['export'],
    *extras['sweep'],
    *extras['engrave'],
  ]
  assert 'omr_jax[train]' in wanted
  wanted = [each for each in wanted if each != 'omr_jax[train]'] + extras['train']
  for requirement in map(Requirement, wanted):
    assert requirement.specifier.contains(fixed[canonicalize_name(requirement.name)]), requirement


def test_every_library_is_known_by_the_extra_that_brings_it():
  """An import that fails names the extra, so the names of the imports belong to its packages."""
  extras = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['optional-dependencies']
  others = {'cuda', 'tpu', 'dev', 'benchmarks'}  # They bring devices, or what no command imports.
  assert set(LIBRARIES) == set(extras) - others
  distributions = packages_distributions()
  for extra, libraries in LIBRARIES.items():
    packages = {canonicalize_name(Requirement(each).name) for each in extras[extra]}
    for library in libraries:
      found = {canonicalize_name(name) for name in distributions.get(library, ())}
      if found and library != 'jaxlib':  # It comes with jax.
        assert found & packages, library
    assert len({*libraries} - {'jaxlib'}) == len(packages - {'omr-jax'}), extra


def test_extras_that_train_include_train():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  for extra in ('cuda', 'tpu', 'engrave', 'export', 'sweep', 'benchmarks'):
    assert 'omr_jax[train]' in project['optional-dependencies'][extra]
  base = {canonicalize_name(Requirement(each).name) for each in project['dependencies']}
  assert base == {'numpy', 'onnxruntime', 'pillow', 'scipy', 'tqdm'}
