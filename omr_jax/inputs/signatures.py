"""Which kind of file this is, by its first bytes, whatever its name says."""

# The number of bytes that are looked at. Other bytes may precede the header of a PDF (ISO 32000-1,
# annex H, note 13, lets readers search the first 1024); mail programs and web servers write more.
LENGTH = 2**16
# So many are enough for all kinds but a PDF with much before its header.
SHORT = 1024

_FIRST_BYTES = {
  b'\xff\xd8\xff': 'JPEG',
  b'\x89PNG\r\n\x1a\n': 'PNG',
  b'GIF87a': 'GIF',
  b'GIF89a': 'GIF',
  b'II*\0': 'TIFF',
  b'MM\0*': 'TIFF',
  b'II+\0': 'TIFF',
  b'MM\0+': 'TIFF',
  # Pillow also reads TIFFs whose second number has the wrong byte order.
  b'II\0*': 'TIFF',
  b'MM*\0': 'TIFF',
}
_HEIC = (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1')
# AVIF, videos and others, which have the container of ISO 14496-12 in common with HEIC.
OTHER_CONTAINER = 'no HEIC'
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # Sizes of the header after that of the file.


def kind(start: bytes) -> str:
  """JPEG, PNG, GIF, TIFF, WEBP, HEIC, BMP, PDF or OTHER_CONTAINER; '' for everything else.

  Args:
    start: The first LENGTH bytes of the file, or all of a shorter one.
  """
  for first_bytes, name in _FIRST_BYTES.items():
    if start.startswith(first_bytes):
      return name
  if start[:4] == b'RIFF' and start[8:12] == b'WEBP':
    return 'WEBP'
  if start[4:8] == b'ftyp':
    return 'HEIC' if start[8:12] in _HEIC else OTHER_CONTAINER
  if start[:2] == b'BM' and int.from_bytes(start[14:18], 'little') in _BMP_HEADERS:
    return 'BMP'
  return 'PDF' if b'%PDF-' in start else ''
