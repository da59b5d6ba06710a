"""What README.md and docs/ say to type: run as it stands there, or its flags are parsed."""

import itertools
import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jax
import numpy as np
import pytest
import yaml
from PIL import ExifTags, Image
from small_runs import ROOT

import omr_jax
from omr_jax import cli, models
from omr_jax.detect import __main__ as detect
from omr_jax.errors import UserError
from omr_jax.inputs import views
from omr_jax.predict import __main__ as predict
from omr_jax.predict import classifier, model_json
from omr_jax.synthetic import recorded_pages
from omr_jax.tasks import task as tasks

PRETRAINED = Path(omr_jax.__file__).parent / 'pretrained'
NODE_MODULES = ROOT / 'build' / 'npm' / 'node_modules'  # of `make web`
PAGES = sorted(
  page
  for place in ('*.md', 'docs/**/*.md', 'launch/*.md', 'benchmarks/*.md', 'tfds_builders/*/*.md')
  for page in ROOT.glob(place)
)
# Commands of the pages that another one of these tests runs, or that can't run here.
OTHERS = {
  '.',
  'export',
  'find',
  'npm',
  'npx',
  'split',
  'ray',
  'sbatch',
  'kubectl',
  'cat',
  'pytest',
  'ruff',
}


def name(page: Path) -> str:
  return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
  """The fenced pieces of a page in this language; '' for those that name none."""
  found = re.findall(r'^```(\w*)\n(.*?)^```', page.read_text(), re.DOTALL | re.MULTILINE)
  return [code for its, code in found if its == language]


def block(page: str, language: str, words: str = '') -> str:
  """The one piece of a page with these words in it."""
  (code,) = [code for code in blocks(ROOT / page, language) if words in code]
  return code


def commands(page: Path) -> list[list[str]]:
  """The commands of a page, those in the middle of its text too, as words; without `...`."""
  lines = [line for code in blocks(page, '') for line in re.sub(r'\\\n', ' ', code).splitlines()]
  text = re.sub(r'^```.*?^```', '', page.read_text(), flags=re.DOTALL | re.MULTILINE)
  lines += [code.replace('\n', ' ') for code in re.findall(r'`(python [^`]+)`', text)]
  found = []
  for line in lines:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found.append([])
    for word in lexer:
      if set(word) <= set('|&;'):
        found.append([])
      elif found[-1][-1:] in (['<'], ['>']):  # The word is a file that is read or written.
        found[-1].pop()
      else:
        found[-1].append(word)
  return [command for command in found if command and not any('...' in word for word in command)]


COMMANDS = [(page, command) for page in PAGES for command in commands(page)]


def programs() -> dict[str, list[str]]:
  """Those that are `python -m omr_jax.NAME` or `python FILE`: what to type, its words."""
  kinds = ['-m', 'launch/sweep.py']
  python = [c for _, c in COMMANDS if c[0] == 'python' and c[1] in kinds and c[2] != 'venv']
  return {shlex.join(c): c for c in python if c[2] != 'omr_jax.NAME'}


# Starts each program once, in a copy of this process, up to the point where it reads its flags;
# there a copy of the copy reads those of each command. What all programs import is imported once.
PARSE = """
import argparse, collections, json, os, runpy, sys
import absl.app, ml_collections.config_flags, numpy, PIL.Image, tqdm
import jax, flax.linen, optax, scipy.stats

RESULTS = sys.argv[-1]

def exit_code(call):
  process = os.fork()
  if process:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
  os.dup2(2, 1)
  try:
    call()
  except SystemExit as error:
    os._exit(error.code if isinstance(error.code, int) else 1)
  except BaseException as error:
    print(repr(error), file=sys.stderr)
  os._exit(1)

def start(program, commands):
  def read(parse):
    for command in commands:
      def one(command=command):
        sys.argv = [program, *command]
        parse()
        os._exit(42)
      code = exit_code(one)
      with open(RESULTS, 'a') as file:
        print(json.dumps([[*target, *command], code]), file=file)
    os._exit(0)
  original = argparse.ArgumentParser.parse_args
  argparse.ArgumentParser.parse_args = lambda self, _=None: read(lambda: original(self))
  absl.app.run = lambda main, flags_parser=absl.app.parse_flags_with_usage: read(
    lambda: len(flags_parser(sys.argv)) == 1 or sys.exit('an argument that is no flag')
  )
  if target[1] == '-m':
    runpy.run_module(program, run_name='__main__')
  else:
    runpy.run_path(program, run_name='__main__')

by_program = collections.defaultdict(list)
for command in json.load(sys.stdin):
  size = 3 if command[1] == '-m' else 2
  by_program[tuple(command[:size])].append(command[size:])
for target, commands in by_program.items():
  exit_code(lambda: start(target[-1], commands))
"""


@pytest.fixture(scope='module')
def parsed(tmp_path_factory) -> tuple[dict[str, int], str]:
  """By what to type: 42 where the program took its flags. And what all programs said."""
  results = tmp_path_factory.mktemp('parsed') / 'codes.jsonl'
  done = subprocess.run(
    [sys.executable, '-W', 'ignore', '-c', PARSE, results],
    input=json.dumps(list(programs().values())),
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  codes = [json.loads(line) for line in results.read_text().splitlines()]
  return {shlex.join(command): code for command, code in codes}, done.stderr


@pytest.mark.parametrize('typed', programs())
def test_a_program_takes_its_flags(typed, parsed):
  codes, said = parsed
  assert codes.get(typed) == 42, said


@pytest.mark.parametrize('page', PAGES, ids=name)
def test_other_commands_are_there(page):
  """Targets of make, extras of pip, files that Python runs."""
  targets = re.findall(r'^([\w -]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE)
  targets = {target for line in targets for target in line.split()}
  extras = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['optional-dependencies']
  for command in commands(page):
    if command[0] == 'make':
      assert {word for word in command[1:] if '=' not in word} <= targets, command
    elif command[0] == 'pip':
      named = re.findall(r'\[(.*?)\]', ' '.join(command))
      assert {extra for group in named for extra in group.split(',')} <= set(extras), command
    elif command[0] == 'python':
      assert command[1] == '-m' or (ROOT / command[1]).is_file(), command
    elif command[0] == 'omr':
      assert command[1] in cli.COMMANDS, command
    else:
      assert command[0].removeprefix('.venv/bin/') in OTHERS, command


@pytest.mark.parametrize('page', PAGES, ids=name)
def test_links(page):
  """To files of this repository and to headings in them."""
  text = re.sub(r'^```.*?^```', '', page.read_text(), flags=re.DOTALL | re.MULTILINE)
  for link in re.findall(r'\]\(([^)\s]+)\)', text):
    if re.match(r'\w+://', link):
      continue
    path, _, heading = link.partition('#')
    target = (page.parent / path if path else page).resolve()
    assert target.exists(), link
    if heading:
      headings = re.findall(r'^#+ (.*)', target.read_text(), re.MULTILINE)
      anchors = [re.sub(r'[^\w -]', '', each.lower()).replace(' ', '-') for each in headings]
      assert heading in anchors, link


def test_the_readme_is_short():
  assert len((ROOT / 'README.md').read_text().splitlines()) <= 150


def staves() -> Image.Image:
  """A page with lines, grey."""
  rng = np.random.default_rng(0)
  page = np.full((700, 531), 255, np.uint8)
  for top in range(50, 600, 80):
    page[top : top + 40 : 10] = rng.integers(0, 60)
  return Image.fromarray(page)


def kinds_of_pictures() -> dict[str, tuple[Image.Image, str, dict]]:
  """By name a picture, a format, and options of `save`: every orientation, mode and depth."""
  page = staves().crop((0, 0, 531, 500))
  page.paste(90, (0, 0, 150, 260))  # Nothing is the same when it is turned.
  colours = Image.merge('RGB', (page, page.point(lambda v: 255 - v // 2), page.rotate(180)))
  alpha = page.rotate(90, expand=True).resize(page.size)
  clear = Image.merge('LA', (page, alpha))
  ink = page.point(lambda value: 255 - value)
  notes = Image.merge('LA', (Image.new('L', page.size, 'white'), ink))  # White on nothing.
  found = {
    'large': (colours.resize((2100, 1700)), 'JPEG', {}),
    'CMYK': (colours.convert('CMYK'), 'JPEG', {}),
    'palette': (colours.quantize(16), 'PNG', {}),
    'palette, transparent': (colours.quantize(16), 'PNG', {'transparency': 3}),
    'LA': (clear, 'PNG', {}),
    'white notes': (notes, 'PNG', {}),
    'RGBA': (Image.merge('RGBA', (*colours.split(), alpha)), 'WEBP', {'lossless': True}),
    '16 bits': (Image.fromarray(np.asarray(page).astype(np.uint16) * 257 // 2 + 99), 'PNG', {}),
    '1 bit': (page.convert('1'), 'BMP', {}),
    'GIF': (colours.quantize(16), 'GIF', {}),
    'strip': (page.crop((0, 0, 531, 180)), 'PNG', {}),
    'staff': (page.crop((0, 0, 531, 90)), 'PNG', {}),
    'scroll': (page.crop((0, 0, 20, 500)), 'PNG', {}),
  }
  for kind, orientation in itertools.product(('JPEG', 'PNG'), range(1, 9)):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    found[f'{kind}, {orientation}'] = colours, kind, {'exif': exif}
  return found


def test_a_model_without_this_package(tmp_path):
  """ONNX Runtime, NumPy and Pillow give what `omr_jax.load` gives, to the last digit."""
  shutil.copytree(PRETRAINED / 'scores', tmp_path, dirs_exist_ok=True)
  staves().save(tmp_path / 'page.jpg')
  code = block('docs/export.md', 'python', 'onnxruntime')
  command = [sys.executable, '-I', '-c', code]
  done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
  answer = omr_jax.load()(tmp_path / 'page.jpg')
  label, share = done.stdout.split()
  assert label == answer.label
  assert abs(float(share) - answer.confidence) < 1e-6


@pytest.mark.filterwarnings('ignore::ResourceWarning')  # A script need not close its files.
def test_pictures_of_every_kind_without_this_package(tmp_path, monkeypatch):
  """The same script up to the network, whose views are those of `predict`."""
  monkeypatch.chdir(tmp_path)
  about = json.loads((PRETRAINED / 'scores' / 'model.json').read_text())
  about['picture']['bound'] = about['preparation']['bound'] = views.BOUND
  (tmp_path / 'model.json').write_text(json.dumps(about))
  before, network = block('docs/export.md', 'python', 'onnxruntime').split('(answer,) = ')
  assert 'session' in network
  code = before.replace("onnxruntime.InferenceSession('model.onnx')", 'None')
  gate, seen = classifier.Classifier(model_json.read(tmp_path), lambda _: {}), {}
  for kind, (picture, form, options) in kinds_of_pictures().items():
    picture.save('page.jpg', form, **options)
    names = {}
    exec(code, names)
    seen[kind] = names['views'][..., None]
    np.testing.assert_array_equal(seen[kind], gate.inputs('page.jpg')['views'], kind)
  # The eight ways to turn it are eight pictures.
  assert len({seen[f'PNG, {orientation}'].tobytes() for orientation in range(1, 9)}) == 8


def test_a_model_in_javascript(tmp_path):
  """A white page, of which the piece shows both probabilities."""
  if shutil.which('node') is None:
    pytest.skip('node is not installed.')
  if not (NODE_MODULES / 'onnxruntime-web').is_dir():
    pytest.skip('onnxruntime-web is not there; make web brings it.')
  shutil.copy(PRETRAINED / 'scores' / 'model.onnx', tmp_path)
  (tmp_path / 'node_modules').symlink_to(NODE_MODULES)
  (tmp_path / 'page.mjs').write_text(block('docs/export.md', 'js'))
  done = subprocess.run(
    ['node', 'page.mjs'], cwd=tmp_path, capture_output=True, text=True, check=True
  )
  found = [float(share) for share in re.findall(r'\d+\.\d+(?:e-\d+)?', done.stdout)]
  expected = omr_jax.load()(np.full((128, 128), 255, np.uint8)).probabilities
  np.testing.assert_allclose(found, [expected['other'], expected['scores']], atol=1e-4)


def test_the_api(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  staves().save('page.jpg')
  names = {'picture': Image.new('RGB', (9, 9)), 'array': np.zeros((9, 9), np.uint8)}
  exec(block('README.md', 'python', 'import omr_jax'), names)
  assert names['model'](names['picture']).label == 'other'


def test_answers_for_files(tmp_path, monkeypatch, capsys):
  """The commands of the README, on made-up files."""
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'more').mkdir()
  for name in ('picture.jpg', 'more/second.png', 'book.pdf'):
    staves().save(tmp_path / name)
  symbol = Image.new('L', (40, 60), 'white')
  symbol.paste(0, (18, 5, 22, 55))
  symbol.save(tmp_path / 'symbol.png')
  mains = {
    'omr_jax.predict': predict.main,
    'omr_jax.synthetic.recorded_pages': recorded_pages.main,
    'omr_jax.detect': detect.main,
  }
  rows = []
  for line in block('README.md', '', 'predict picture.jpg').splitlines():
    program, option, module, *words = shlex.split(line, comments=True)
    assert (program, option) == ('python', '-m')
    code = mains[module](words)
    said = capsys.readouterr()
    assert code == 0, said.err
    if module == 'omr_jax.predict':
      rows += map(json.loads, said.out.splitlines())
  assert [row['path'] for row in rows] == ['picture.jpg', 'more/second.png', 'symbol.png']
  assert [row['class'] for row in rows][2] == 'Barline'
  found = (tmp_path / 'found' / 'pages.jsonl').read_text().splitlines()
  page, book = map(json.loads, found)
  assert (page['path'], book['path']) == ('page.png', 'book.pdf')
  drawn = recorded_pages.page(np.random.default_rng(0))
  assert page['staves'] == len(drawn.structure.staves) and page['systems'] >= 1
  assert page['symbols'] > 0.5 * len(drawn.symbols)


@pytest.mark.parametrize(
  ('builder', 'data', 'count'),
  [
    ('homus', 'folders', 8 * 38),  # Of 10 writers, one validates and one is tested.
    ('music_scores', 'picture_folders', None),
  ],
)
def test_a_builder(builder, data, count, request, tmp_path, monkeypatch):
  """The pieces of the builders' pages, on made-up data."""
  monkeypatch.chdir(tmp_path)
  code = block(f'tfds_builders/{builder}/README.md', 'python')
  raw_dir = request.getfixturevalue(data)[1]
  changes = {
    "raw_dir='raw'": f'raw_dir={str(raw_dir)!r}',
    "raw_dir='my_pictures'": f'raw_dir={str(raw_dir)!r}',
    "'original'": "'writers_0'",
    'allow_changed=False': 'allow_changed=True',
    '  ...': '  seen.append(example)',
  }
  for given, instead in changes.items():
    code = code.replace(given, instead)
  names = {'seen': []}
  exec(code, names)
  assert names['seen']
  assert count is None or len(names['seen']) == count


def test_the_data_in_your_own_program(few, tmp_path, monkeypatch):
  """On made-up symbols; both ways give the same and need no TensorFlow."""
  import tensorflow_datasets as tfds

  monkeypatch.chdir(tmp_path)
  (tmp_path / 'raw').mkdir()
  names = {}
  code = block('docs/training.md', 'python', 'as_data_source')
  exec(code.replace("'original'", "'made_up'"), names)
  assert set(names['symbol']) == {'points', 'stroke', 'label', 'writer', 'id'}
  assert names['symbol']['id'] == b'3-1'
  [call] = re.findall(r'`(tfds\.data_source\(.*?\))`', (ROOT / 'docs/training.md').read_text())
  splits = eval(call.replace('homus/original', 'homus/made_up'), {'tfds': tfds})
  # Of 7 writers the first two of each five are tested and validate; each has 38 symbols.
  sizes = {split: len(source) for split, source in splits.items()}
  assert sizes == {'train': 3 * 38, 'validation': 2 * 38, 'test': 2 * 38}
  assert len(names['train']) == sizes['train']


def test_tfds_knows_pictures_by_their_name(picture_folders, tmp_path):
  import tensorflow_datasets as tfds

  import tfds_builders.music_scores  # noqa: F401

  arguments = {'raw_dir': picture_folders[1]}
  splits = tfds.data_source('music_scores/folders', data_dir=tmp_path, builder_kwargs=arguments)
  assert sorted(splits) == [f'fold_{number}' for number in range(5)]


def test_a_network_of_your_own(monkeypatch):
  """The piece of CONTRIBUTING.md: the network is made like those of the package."""
  monkeypatch.setattr(models, 'NETWORKS', dict(models.NETWORKS))
  names = {'__name__': 'example'}
  exec(block('CONTRIBUTING.md', 'python'), names)
  assert names['logits'].shape == (4, 32)
  # 3x3 kernels of 1 to 8 and 8 to 16 channels, a scale and a bias for each; the dense layer sees
  # their means and maxima.
  sizes = [9 * 8 + 2 * 8, 9 * 8 * 16 + 2 * 16, 2 * 16 * 32 + 32]
  assert sum(leaf.size for leaf in jax.tree.leaves(names['variables']['params'])) == sum(sizes)
  with pytest.raises(UserError, match="no argument 'depth'"):
    models.create('plain', 32, depth=3)


def test_places_that_contributing_names():
  text = (ROOT / 'CONTRIBUTING.md').read_text()
  places = [place for place in re.findall(r'`([^`\n]+)`', text) if re.fullmatch(r'[\w./]+', place)]
  places = [place for place in places if '/' in place and 'NAME' not in place]
  assert len(places) > 15
  for place in places:
    assert (ROOT / place).exists(), place
  for module in ('inputs', 'limits', 'data', 'recipe', 'evaluation', 'other_data'):
    for task in tasks.TASKS:
      assert (ROOT / 'omr_jax' / 'tasks' / task.name / f'{module}.py').is_file(), module
  project = (ROOT / 'pyproject.toml').read_text()
  for task in tasks.TASKS:
    assert f'tasks.{task.name}' in project and f'"omr_jax.tasks.{task.name}.inputs"' in project


def test_the_workflow():
  """It tries the versions of Python that the package names, and its commands are there."""
  flow = yaml.safe_load((ROOT / '.github' / 'workflows' / 'ci.yml').read_text())
  versions = flow['jobs']['wheel']['strategy']['matrix']['python']
  assert versions == ['3.11', '3.12', '3.13']
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  least, most = project['requires-python'].removeprefix('>=').split(',<')
  assert least == versions[0] and float(most.partition('.')[2]) > float(
    versions[-1].partition('.')[2]
  )
  steps = [step.get('run', '') for job in flow['jobs'].values() for step in job['steps']]
  typed = '\n'.join(steps)
  named = {extra for group in re.findall(r'\[([\w,]+)\]', typed) for extra in group.split(',')}
  assert named and named <= set(project['optional-dependencies'])
  targets = set(re.findall(r'^([\w-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
  assert set(re.findall(r'make ([\w-]+)', typed)) <= targets
  for place in re.findall(r'[\w./]+/[\w./]+\.(?:py|png|txt)', typed):
    assert (ROOT / place).exists(), place


def test_the_pictures_symbols():
  """What the script of the README's picture imports is there, and it draws made-up symbols."""
  script = runpy.run_path(str(ROOT / 'docs' / 'picture.py'))
  drawn = script['symbols']()
  assert len(drawn) == script['COLUMNS'] * script['ROWS']
  wrong = [label for _, label, answer in drawn if answer.label != label]
  assert wrong == ['Quarter-Note']


def test_the_picture_of_a_page():
  """What the script of the README's second picture imports is there, and it shows what is found."""
  script = runpy.run_path(str(ROOT / 'docs' / 'page_picture.py'))
  with Image.open(script['OUT']) as shown:
    assert shown.size == (script['WIDTH'], script['HEIGHT'] + script['LEGEND'])
