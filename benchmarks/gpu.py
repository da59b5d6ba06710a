"""The parts of `gpu.sh`; each writes its rows of the table as a JSON file, unless that is there.

  python benchmarks/gpu.py PART --out FOLDER [--tiny]   # one of the parts below, or table

  peak        products of large matrices: what is called the card's peak here
  preact_resnet11, resnet25, vgg13
              training steps of this network, in float32 and bfloat16, beside PyTorch
  accuracy    five seeds of a recipe as a population, from process start and from the first step
  compile     homus_best with an empty cache: a step, and the seconds until the first one
  population  16 networks as one program, beside 16 times one network

On a card, float32 means that convolutions and matrix products round their factors to TF32: in JAX
by default, in PyTorch by its setting `high`. All contenders of a network compile at the same time,
which takes each of them longer than it would take alone.

--tiny makes everything so small that a CPU does it in minutes, to see that nothing is amiss.
"""

import json
import signal
import sys
import time
from pathlib import Path

from gpu_parts import FULL, PARTS, TINY, environment, has_card
from measure import parser_of, surroundings, table

from omr_jax.utils.files import write_file

COLUMNS = ('what', 'by', 'ms', 'images/s', 'share of peak', 'compiles in, s', 'note')


def main(arguments: list[str] | None = None) -> None:
  """Runs the command."""
  parser = parser_of(__doc__)
  parser.add_argument('part', choices=[*PARTS, 'table'])
  parser.add_argument('--out', required=True, type=Path, help='where the results are')
  parser.add_argument('--tiny', action='store_true')
  options = parser.parse_args(arguments)
  if options.part == 'table':
    print(written(options.out))
    return
  path = options.out / f'{options.part}.json'
  if path.exists():
    print(f'{path}: is there')
    return
  signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that temporary folders are removed.
  sizes = TINY if options.tiny else FULL
  # Without this, the first process that uses a card takes most of its memory.
  with environment(XLA_PYTHON_CLIENT_PREALLOCATE='false'):
    if not options.tiny and not has_card():
      sys.exit('gpu.py: JAX finds no GPU; install omr_jax[cuda], or try --tiny.')
    began, rows, cut = time.monotonic(), [], _cut(path)
    try:
      rows.extend(PARTS[options.part](sizes, options.out))
    except BaseException:
      path = cut  # The rows that were measured are kept, but the part is measured again.
      raise
    finally:
      if rows:
        seconds = time.monotonic() - began
        found = {'rows': rows, 'surroundings': surroundings(), 'seconds': seconds}
        write_file(path, json.dumps(found, indent=2).encode())
  cut.unlink(missing_ok=True)


def _cut(path: Path) -> Path:
  """Where the rows of a part are that was ended before its last one."""
  return path.with_suffix('.cut.json')


def written(out: Path) -> str:
  """The tables: one for all parts that were measured on the same machine with the same versions."""
  tables: dict[str, list[list[str]]] = {}
  missing = []
  for name in PARTS:
    path = out / f'{name}.json'
    if not path.exists():
      missing.append(name)
      path = _cut(path)
    if not path.exists():
      continue
    part = json.loads(path.read_text())
    rows = [[row.get(column, '') for column in COLUMNS] for row in part['rows']]
    tables.setdefault(part['surroundings'], []).extend(rows)
  parts = [f'{about}\n\n{table(COLUMNS, rows)}' for about, rows in tables.items()]
  if missing:
    parts.append(f'Not measured, or not to the end: {", ".join(missing)}.')
  return '\n\n'.join(parts)


if __name__ == '__main__':
  main()
