"""Sets Pillow up for this process: formats, memory, and no messages of its own."""

import contextlib
import ctypes
import logging
import re
import threading
import warnings

from PIL import Image

from omr_jax.utils import thread_locks

try:
  import pillow_heif as pillow_heif
except ImportError:
  pillow_heif = None  # type: ignore[assignment]

# Only these: some of Pillow's plug-ins for other formats start programs.
FORMATS = ['JPEG', 'PNG', 'TIFF', 'WEBP', 'BMP', 'GIF', *(['HEIF'] if pillow_heif else [])]

_IGNORED = ('ignore', None, Warning, re.compile(r'PIL\.'), 0)  # As `warnings.filters` has it.
_LOCK = thread_locks.free_in_forks(threading.Lock())
_is_set_up = False


def set_up() -> None:
  """Sets Pillow up when it is first called; to be called before every picture, by any thread.

  What cannot be decoded is refused in this package's own words; Pillow's messages about odd tags
  would only confuse. The filter of warnings is added once for the whole process, and again where
  somebody removed or covered it. `warnings.catch_warnings` would change the filters of all threads
  at every picture, and leave wrong ones where two threads overlap.
  """
  global _is_set_up
  with _LOCK:
    if warnings.filters[:1] != [_IGNORED]:
      warnings.filterwarnings('ignore', module=r'PIL\.')
    if _is_set_up:
      return
    Image.init()  # Loads the plug-ins, which must not happen in several threads at once.
    # Pillow's default of 16 MiB is below the 32 MiB up to which glibc keeps freed blocks, for each
    # thread.
    Image.core.set_block_size(2**26)
    if pillow_heif:
      pillow_heif.register_heif_opener(decode_threads=1)
    logging.getLogger('PIL').setLevel(logging.CRITICAL)
    # libtiff writes its errors to stderr by itself; Pillow stops only its warnings. Where libtiff
    # is linked into Pillow itself, this function cannot be reached.
    with contextlib.suppress(AttributeError, OSError):
      ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(None)
    _is_set_up = True
