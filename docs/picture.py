"""Draws docs/picture.png: made-up pages and symbols, and what the shipped models answer.

  python docs/picture.py

Every page and symbol is drawn by code of this repository, nothing comes from a data set. The
answers and confidences are those of `omr_jax.load`; the choice below includes wrong ones, which the
picture shows in red.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import omr_jax
from omr_jax.inputs import strokes
from omr_jax.predict.classifier import Answer
from omr_jax.synthetic import probes
from tfds_builders.homus import made_up

OUT = Path(__file__).with_name('picture.png')
PAGES = (
  'music',
  'music in poor light',
  'newspaper',
  'form',
  'music on a desk, half as high and wide',
)
WRITER = 1
COLUMNS, ROWS = 10, 3
PAGE = (640, 900)  # Width and height of a page as the model gets it, in pixels.
CELL = 228  # Width of a symbol's cell; the drawing is twice as large as the file.
HIGH = 196  # Height of a symbol's cell.
RIGHT, WRONG = '#1b6e3c', '#d0140c'


def pages() -> list[tuple[Image.Image, str, Answer]]:
  """A picture, the right class and the answer of the model `scores` for each of PAGES."""
  model = omr_jax.load('scores')
  drawn = {
    probe.name.removesuffix(' 1'): probe
    for probe in probes.probes(PAGE[1], PAGE[0], seed=0, instances=1)
  }
  chosen = [drawn[name] for name in PAGES]
  answers = model([probe.picture for probe in chosen])
  return [
    (Image.fromarray(probe.picture), probe.expected, answer)
    for probe, answer in zip(chosen, answers, strict=True)
  ]


def symbols() -> list[tuple[list[np.ndarray], str, Answer]]:
  """Strokes, the right class and the answer of `homus_strokes` for the first symbols of WRITER."""
  model = omr_jax.load('homus_strokes')
  files = made_up.files(writers=WRITER)
  written = [strokes.parse(content, name) for name, content in files.items()]
  written = [symbol for symbol in written if symbol.writer == WRITER][: COLUMNS * ROWS]
  drawn = [
    [symbol.points[symbol.stroke == number] for number in range(symbol.stroke[-1] + 1)]
    for symbol in written
  ]
  answers = model([{'strokes': [stroke.tolist() for stroke in each]} for each in drawn])
  labels = [symbol.label for symbol in written]
  return list(zip(drawn, labels, answers, strict=True))


def picture() -> Image.Image:
  """The whole picture, RGB."""
  width, top = CELL * COLUMNS, 644
  canvas = Image.new('RGB', (width, top + 60 + ROWS * HIGH + 16), 'white')
  draw = ImageDraw.Draw(canvas)
  heading = ImageFont.load_default(size=32)
  draw.text((20, 16), 'Is this a score? Answers of the model "scores"', 'black', heading)
  wide = width // len(PAGES)
  for number, (page, label, answer) in enumerate(pages()):
    page = page.resize((340, 478), Image.LANCZOS)
    left = number * wide + (wide - page.width) // 2
    canvas.paste(page, (left, 72))
    frame = (left - 2, 70, left + page.width + 1, 73 + page.height)
    draw.rectangle(frame, outline='#999999', width=2)
    _answer(draw, number * wide + wide // 2, 580, answer, label, 30)
  draw.text(
    (20, top), 'Which of 32 symbols? Answers of the model "homus_strokes"', 'black', heading
  )
  for number, (drawn, label, answer) in enumerate(symbols()):
    row, column = divmod(number, COLUMNS)
    left, upper = column * CELL, top + 60 + row * HIGH
    _symbol(draw, drawn, (left, upper, CELL, HIGH - 48))
    _answer(draw, left + CELL // 2, upper + HIGH - 28, answer, label, 21)
  return canvas.reduce(2)


def _symbol(draw: ImageDraw.ImageDraw, drawn: list[np.ndarray], box: tuple) -> None:
  """Lines from point to point, in the middle of the box (left, top, width, height)."""
  left, top, width, height = box
  points = np.concatenate(drawn)
  low, high = points.min(0), points.max(0)
  size = np.maximum(high - low, 1)
  scale = min(2, (width - 32) / size[0], (height - 16) / size[1])
  middle = np.array((left + width / 2, top + height / 2))
  for stroke in drawn:
    at = [tuple(point) for point in ((stroke - (low + high) / 2) * scale + middle).tolist()]
    draw.line(at, 'black', 4, joint='curve')
    draw.circle(at[0], 2, 'black')


def _answer(
  draw: ImageDraw.ImageDraw, x: float, y: float, answer: Answer, label: str, size: int
) -> None:
  """The answer and its confidence, with the right class where the answer is wrong."""
  right = answer.label == label
  words = f'{answer.label}  {answer.confidence:.2f}'
  if not right:
    words = f'{answer.label},\nnot {label}'
  font = ImageFont.load_default(size=size)
  draw.text((x, y), words, RIGHT if right else WRONG, font, anchor='mm', align='center')


if __name__ == '__main__':
  picture().quantize(96, Image.Quantize.MAXCOVERAGE).save(OUT, optimize=True)
  print(OUT, OUT.stat().st_size // 1000, 'kB')
