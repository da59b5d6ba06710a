"""Pictures damaged in many ways, and whether each is read or refused with its name.

As a program it reads thousands and tells how many could be read, and its peak of memory in KiB.
"""

import io
import random
import re
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import decoding
import numpy as np
from PIL import Image

from omr_jax.errors import UserError
from omr_jax.inputs import pictures, pillow_setup

STATUS = Path('/proc/self/status')
SIDES = (0, 1, 39, 41, 1000, 9000, 11_000, 30_000, 65_535, 2**31 - 1, 2**32 - 1)


def originals():
  """Small pictures in all formats and most modes."""
  noise = np.random.default_rng(0).integers(0, 256, (30, 40, 4), np.uint8)
  colours, grey = Image.fromarray(noise[..., :3]), Image.fromarray(noise[..., 0])
  exif = Image.Exif()
  exif[0x112] = 6
  deep = Image.fromarray(noise[..., :2].copy().view(np.uint16)[..., 0])
  palette = colours.quantize(16)
  tiffs = ('raw', 'tiff_lzw', 'tiff_adobe_deflate', 'jpeg', 'packbits', 'zstd', 'lzma')
  recipes = [
    *((colours, 'TIFF', {'compression': compression}) for compression in tiffs),
    (grey.convert('1'), 'TIFF', {'compression': 'group4'}),
    (grey.convert('F'), 'TIFF', {'exif': exif}),
    (deep, 'TIFF', {}),
    (deep, 'PNG', {}),
    (Image.fromarray(noise), 'PNG', {'exif': exif}),
    (palette, 'PNG', {'transparency': 3}),
    (grey.convert('LA'), 'PNG', {}),
    (palette, 'GIF', {'transparency': 3, 'save_all': True, 'append_images': [palette] * 2}),
    (grey, 'GIF', {}),
    (colours, 'BMP', {}),
    (palette, 'BMP', {}),
    (Image.fromarray(noise), 'WEBP', {'lossless': True, 'exif': exif}),
    (colours, 'WEBP', {}),
    (colours, 'WEBP', {'save_all': True, 'append_images': [grey]}),
    (colours, 'JPEG', {'exif': exif}),
    (colours, 'JPEG', {'progressive': True, 'subsampling': 0}),
    (colours.convert('CMYK'), 'JPEG', {}),
    (grey, 'JPEG', {}),
  ]
  if pictures.pillow_heif:
    pillow_setup.set_up()  # Otherwise Pillow cannot write HEIF.
    recipes += [(colours, 'HEIF', {'exif': exif.tobytes()})]
  for picture, file_format, options in recipes:
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    yield file_format, file.getvalue()


def flipped(rng, _, content):
  content = bytearray(content)
  for _ in range(rng.choice((1, 2, 5, 30))):
    # Most of what can go wrong is in the first bytes.
    place = rng.randrange(min(len(content), rng.choice((32, 256, 10**9))))
    content[place] ^= 1 << rng.randrange(8)
  return bytes(content)


def cut(rng, _, content):
  return content[: rng.randrange(len(content))]


def torn(rng, _, content):
  """A piece is missing, or there twice."""
  start, end = sorted(rng.randrange(len(content)) for _ in range(2))
  return content[:start] + content[rng.choice((start, end)) : end] + content[start:end] * 2


def relabelled(rng, _, content):
  heads = (
    b'\x89PNG\r\n\x1a\n',
    b'\xff\xd8\xff\xe0',
    b'GIF89a',
    b'BM',
    b'II*\0',
    b'MM\0*',
    b'II+\0',
  )
  head = rng.choice((*heads, b'RIFF\x10\0\0\0WEBPVP8 ', b'\0\0\0\x18ftypheic', bytes(16)))
  return head + content[len(head) :]


def absurd(rng, file_format, content):
  """Another width and height, and where there are more such numbers, these too."""
  width, height = rng.choice(SIDES), rng.choice(SIDES)
  patched = bytearray(content)
  if file_format == 'PNG':
    struct.pack_into('>II', patched, 16, width, height)
    struct.pack_into('>I', patched, 29, zlib.crc32(patched[12:29]))
  elif file_format == 'BMP':
    struct.pack_into('<II', patched, 18, width, height)
  elif file_format == 'GIF':
    place = rng.choice((6, content.index(b',') + 5))
    struct.pack_into('<HH', patched, place, width & 0xFFFF, height & 0xFFFF)
  elif file_format == 'WEBP':
    place = {b'VP8 ': 26, b'VP8L': 21, b'VP8X': 24}[content[12:16]]
    struct.pack_into('<HH', patched, place, width & 0xFFFF, height & 0xFFFF)
  elif file_format == 'JPEG':
    place = re.search(rb'\xff[\xc0\xc2]\0[\x0b\x11\x14]\x08', content).end()
    struct.pack_into('>HH', patched, place, height & 0xFFFF, width & 0xFFFF)
  elif file_format == 'HEIF':
    struct.pack_into('>II', patched, content.index(b'ispe') + 8, width, height)
  else:
    absurd_tags(rng, patched, {256: width, 257: height})
  return bytes(patched)


def absurd_tags(rng, content, values):
  """Puts values into the tags of a TIFF, and one more into any tag's type, count or value."""
  (first,) = struct.unpack_from('<I', content, 4)
  (count,) = struct.unpack_from('<H', content, first)
  entries = range(first + 2, first + 2 + 12 * count, 12)
  for place in entries:
    (tag,) = struct.unpack_from('<H', content, place)
    if tag in values and rng.random() < 0.7:
      struct.pack_into('<HII', content, place + 2, 4, 1, values[tag])
  if rng.random() < 0.5:
    place = rng.choice(entries)
    struct.pack_into('<I', content, place + rng.choice((4, 8)), rng.choice(SIDES))
    struct.pack_into('<H', content, place + 2, rng.randrange(14))


def bombs():
  """Pictures whose few bytes are many pixels: within the bound and beyond."""
  for width, height in ((10_000, 10_000), (20_000, 20_000), (1, 60_000)):
    yield (
      'GIF',
      struct.pack('<6sHHBBB', b'GIF89a', width, height, 0, 0, 0)
      + (b',\0\0\0\0\1\0\1\0\x80\0\0\0\xff\xff\xff\2\2D\1\0;'),
    )
    rows = zlib.compressobj(1)
    data = b''.join(rows.compress(bytes(1 + width)) for _ in range(height)) + rows.flush()
    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    yield (
      'PNG',
      b'\x89PNG\r\n\x1a\n'
      + b''.join(
        struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
        for kind, body in ((b'IHDR', header), (b'IDAT', data), (b'IEND', b''))
      ),
    )


MUTATIONS = (flipped, flipped, cut, torn, relabelled, absurd, absurd)


def check(name, content):
  """Whether a picture can be read."""
  try:
    if len(content) % 2:
      picture = decoding.read(content, name)
      assert picture.ndim == 3 and min(picture.shape[:2]) > 0
    else:
      picture = decoding.load(content, name, 24, 16)
      assert picture.shape == (24, 16, 3)
  except UserError as error:
    assert str(error).startswith(f'{name}: ')
    return False
  assert picture.dtype == np.uint8 and picture.shape[2] == 3
  return True


def fuzz(trials, seed=0):
  """How many of so many mutations could be read."""
  rng, whole = random.Random(seed), list(originals())
  return sum(
    check(f'{trial}.{file_format}', rng.choice(MUTATIONS)(rng, file_format, content))
    for trial in range(trials)
    for file_format, content in [rng.choice(whole)]
  )


if __name__ == '__main__':
  opened = [check(f'bomb.{file_format}', content) for file_format, content in bombs()]
  assert opened == [True, True, False, False, True, True]
  with ThreadPoolExecutor(2) as pool:
    count = sum(pool.map(fuzz, (2500, 2500), (1, 2)))
  print(count, re.search(r'VmHWM:\s*(\d+)', STATUS.read_text())[1])
