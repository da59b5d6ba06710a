"""Builds the site from its own files, two of the shipped models and ONNX Runtime Web.

  npm install onnxruntime-web
  python -m omr_jax.web.build

Any web server can serve the folder. In a clone of the repository `make web` does both.
Beside every file above 1 kB there is a compressed copy, for servers that send such copies.
"""

import gzip
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from omr_jax.errors import UserError
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered

SITE = Path('build/web')
RUNTIME = Path('node_modules/onnxruntime-web/dist')  # Where npm installs it.
# The end of a message where a site is missing.
HOW = '`npm install onnxruntime-web` and `python -m omr_jax.web.build` build one'
_OWN = Path(__file__).parent / 'site'
_MODELS = Path(__file__).parent.parent / 'pretrained'
_SHIPPED = ('homus_strokes', 'scores')  # The models that the page uses.
_RUNTIME = ('ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm')
_KEPT = 'human'  # Folder into which `python -m omr_jax.human prepare` writes questions.
_SMALL = 1024  # Smaller files, in bytes, are not worth compressing.


def build(out: Path, runtime: Path) -> None:
  """Writes the site, whole or not at all.

  Args:
    out: The site's folder: new, or that of an older site, of which only the questions that
      `omr_jax.human` wrote into it are kept.
    runtime: The folder `dist` of the npm package onnxruntime-web.

  Raises:
    UserError: The package is not there, or `out` cannot be written or holds something else.
  """
  missing = [name for name in _RUNTIME if not (runtime / name).exists()]
  if missing:
    raise UserError(f'{runtime}: has no {", ".join(missing)}; run `npm install onnxruntime-web`.')
  if out.exists() and any(out.iterdir()) and not (out / 'worker.js').exists():
    raise UserError(f'{out}: holds something else; choose another folder with --out.')
  try:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f'.{out.name}.') as temporary:
      new, old = Path(temporary) / 'new', Path(temporary) / 'old'
      _fill(new, runtime)
      if (out / _KEPT).exists():
        shutil.copytree(out / _KEPT, new / _KEPT)
      if out.exists():
        out.rename(old)
      new.rename(out)
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
  for side in (192, 512):
    _icon(side).save(new / f'icon-{side}.png')
  _name_files(new)
  for path in sorted(new.rglob('*')):
    if path.is_file() and path.stat().st_size > _SMALL and path.suffix != '.png':
      # Without the time of compression in it, so that building again gives the same bytes.
      compressed = gzip.compress(path.read_bytes(), mtime=0)
      path.with_name(f'{path.name}.gz').write_bytes(compressed)


def _name_files(new: Path) -> None:
  """Tells the service worker the files to keep, and a revision that changes with any of them."""
  worker = new / 'worker.js'
  paths = [path for path in sorted(new.rglob('*')) if path.is_file() and path != worker]
  files = ['./', *(path.relative_to(new).as_posix() for path in paths)]
  whole = hashlib.sha256()
  for path in (worker, *paths):
    whole.update(path.read_bytes())
  content = worker.read_text().replace('%REVISION%', whole.hexdigest()[:12])
  worker.write_text(content.replace('%FILES%', json.dumps(files)))


def _icon(side: int) -> Image.Image:
  """The icon of icon.svg, a note on a staff, with `side` pixels along each side."""
  large = Image.new('RGB', (1024, 1024), '#fdfcf9')
  pen = ImageDraw.Draw(large)
  for y in range(312, 713, 100):
    pen.line([(80, y), (944, y)], '#8d8a80', 16)
  head = Image.new('L', (1024, 1024))
  ImageDraw.Draw(head).ellipse([328, 574, 576, 750], 255)
  large.paste('#0b5394', mask=head.rotate(20, center=(452, 662)))
  pen.line([(564, 636), (564, 192)], '#0b5394', 40)
  return large.resize((side, side), Image.Resampling.LANCZOS)


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
