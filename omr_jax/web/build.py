"""Builds the site from its own files, shipped models and ONNX Runtime Web.

  npm install onnxruntime-web
  python -m omr_jax.web.build

Any web server can serve the folder. In a clone of the repository `make web` does both.
Beside every file above 1 kB there are copies compressed by gzip and, where Node.js is installed,
by Brotli, for servers that send such copies.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.web import known, pictures

SITE = Path('build/web')
RUNTIME = Path('node_modules/onnxruntime-web/dist')  # Where npm installs it.
# The end of a message where a site is missing.
HOW = '`npm install onnxruntime-web` and `python -m omr_jax.web.build` build one'
_OWN = Path(__file__).parent / 'site'
_MODELS = Path(__file__).parent.parent / 'pretrained'
# The models that the page uses.
_SHIPPED = ('homus_scans', 'homus_strokes', 'pages', 'pages_handwriting', 'scores')
_IN_TURN = ('pages', 'pages_handwriting')  # Those that a browser keeps only once they are used.
_RUNTIME = ('ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm')
_KEPT = 'human'  # Folder into which `python -m omr_jax.human prepare` writes questions.
_SMALL = 1024  # Smaller files, in bytes, are not worth compressing.
_COMPRESSED = ('.png', '.webp')  # Already.
# Brotli at level 9 takes seconds; levels 10 and 11 take a minute for a tenth of the size.
_BROTLI = """
const { constants, brotliCompressSync } = require('zlib'), fs = require('fs');
for (const file of process.argv.slice(1)) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
  fs.writeFileSync(`${file}.br`, brotliCompressSync(fs.readFileSync(file), { params }));
}
"""


def build(out: Path, runtime: Path) -> None:
  """Writes the site, whole or not at all.

  Args:
    out: The site's folder: new, or that of an older site, of which only the questions that
      `omr_jax.human` wrote into it are kept.
    runtime: The folder `dist` of the npm package onnxruntime-web.

  Raises:
    UserError: The package is not there, or `out` cannot be written or holds something else.
  """
  out = Path(os.path.realpath(out))  # A link stays one.
  missing = [name for name in _RUNTIME if not (runtime / name).exists()]
  if missing:
    raise UserError(f'{runtime}: has no {", ".join(missing)}; run `npm install onnxruntime-web`.')
  try:
    if out.exists() and any(out.iterdir()) and not (out / 'worker.js').exists():
      raise UserError(f'{out}: holds something else; choose another folder with --out.')
    out.parent.mkdir(parents=True, exist_ok=True)
    old = out.with_name(f'.{out.name}.older')
    if old.exists() and not out.exists():  # Left by a process that was killed.
      old.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f'.{out.name}.') as temporary:
      new = Path(temporary) / 'new'
      _fill(new, runtime)
      if (out / _KEPT).exists():
        shutil.copytree(out / _KEPT, new / _KEPT)
      try:
        if out.exists():
          out.rename(old)
        new.rename(out)
      finally:
        if not out.exists() and old.exists():  # The older site stays if the new one does not come.
          old.rename(out)
      if old.exists():
        shutil.rmtree(old)
  except OSError as error:
    raise UserError(f'{out}: cannot be written ({error}); make room, or choose --out.') from error


def _fill(new: Path, runtime: Path) -> None:
  """Makes the folder `new` with all files of a site, but no questions."""
  shutil.copytree(_OWN, new)
  (new / 'ort').mkdir()
  for name in _RUNTIME:
    shutil.copy(runtime / name, new / 'ort')
  for model in _SHIPPED:
    (new / 'models' / model).mkdir(parents=True)
    for name in ('model.json', 'model_int8.onnx', 'README.md'):
      shutil.copy(_MODELS / model / name, new / 'models' / model)
  known.write(new / 'structure', new / 'pages', _classes(new))
  pictures.write_examples(new / 'examples', new / 'common' / 'glyphs.json')
  for side in (192, 512):
    pictures.icon(side).save(new / f'icon-{side}.png')
  pictures.icon(512, inner=0.7).save(new / 'icon-maskable-512.png')
  pictures.icon(180, inner=0.9).save(new / 'apple-touch-icon.png')
  _write_sizes(new)
  _preload(new)
  _name_files(new)
  _compress(
    [
      path
      for path in sorted(new.rglob('*'))
      if path.is_file() and path.stat().st_size > _SMALL and path.suffix not in _COMPRESSED
    ]
  )


def _classes(new: Path) -> list[str]:
  """The classes of all models that find the symbols of pages."""
  described = [json.loads(path.read_text()) for path in sorted(new.glob('models/*/model.json'))]
  return sorted({name for each in described if each['task'] == 'pages' for name in each['classes']})


def _write_sizes(new: Path) -> None:
  """Tells the page the sizes of its large files, so that it can say how much has come."""
  large = [path for suffix in ('wasm', 'onnx') for path in sorted(new.rglob(f'*.{suffix}'))]
  sizes = {path.relative_to(new).as_posix(): path.stat().st_size for path in large}
  (new / 'sizes.json').write_text(json.dumps(sizes))


def _preload(new: Path) -> None:
  """Names all modules of the page in its head, so that the browser need not find one by one."""
  page = new / 'index.html'
  modules: list[Path] = []
  more = [new / 'app.js']
  while more:
    module = more.pop().resolve()
    if module not in modules:
      modules.append(module)
      imported = re.findall(r"^import .* from '(\..*)';", module.read_text(), re.MULTILINE)
      more += [module.parent / name for name in imported]
  names = sorted(module.relative_to(new.resolve()).as_posix() for module in modules)
  links = ''.join(f'    <link rel="modulepreload" href="{name}" />\n' for name in names)
  page.write_text(page.read_text().replace('  </head>\n', f'{links}  </head>\n'))


def _compress(files: Sequence[Path]) -> None:
  """Writes `FILE.gz` beside each file, and `FILE.br` where Node.js, which knows Brotli, is."""
  for path in files:
    # Without the time of compression in it, so that building again gives the same bytes.
    path.with_name(f'{path.name}.gz').write_bytes(gzip.compress(path.read_bytes(), mtime=0))
  if node := shutil.which('node'):
    command = [node, '-e', _BROTLI, '--', *map(str, files)]
    if subprocess.run(command, capture_output=True).returncode:
      for path in files:  # Also those that are not whole.
        path.with_name(f'{path.name}.br').unlink(missing_ok=True)


def _name_files(new: Path) -> None:
  """Tells the service worker the files to keep, and a revision that changes with any of them."""
  worker = new / 'worker.js'
  paths = [path for path in sorted(new.rglob('*')) if path.is_file() and path != worker]
  in_turn = {new / 'models' / name / 'model_int8.onnx' for name in _IN_TURN}
  files = ['./', *(path.relative_to(new).as_posix() for path in paths if path not in in_turn)]
  whole = hashlib.sha256()
  for path in (worker, *paths):
    whole.update(path.read_bytes())
  content = worker.read_text().replace('%REVISION%', whole.hexdigest()[:12])
  worker.write_text(content.replace('%FILES%', json.dumps(files)))


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('web.build', __doc__)
  parser.add_argument(
    '--runtime',
    type=paths.path,
    default=RUNTIME,
    help='folder dist of the npm package onnxruntime-web; %(default)s by default',
  )
  parser.add_argument(
    '--out', type=paths.path, default=SITE, help='folder to write; %(default)s by default'
  )
  options = command_arguments.parse(parser, arguments)
  return answered(lambda: build(options.out, options.runtime))


if __name__ == '__main__':
  sys.exit(main())
