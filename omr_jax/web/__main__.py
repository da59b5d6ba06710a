"""Serves the site that `make web` has built, to this machine only.

  python -m omr_jax.web

Any other server of static files will do. A phone opens its camera only for a site with https.
"""

import functools
import http.server
import sys
from pathlib import Path

from omr_jax.errors import UserError, answered
from omr_jax.utils import arguments as command_arguments
from omr_jax.web.build import SITE

_TYPES = {
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
}


class Handler(http.server.SimpleHTTPRequestHandler):
  """Serves the files of a folder, or `FILE.gz` instead of `FILE` to browsers that accept gzip."""

  extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | _TYPES
  protocol_version = 'HTTP/1.1'

  def send_head(self):
    """Sends the headers, and returns the open file, or None if the browser has it already."""
    path = Path(self.translate_path(self.path))
    compressed = path.with_name(f'{path.name}.gz')
    accepted = 'gzip' in self.headers.get('Accept-Encoding', '')
    if not accepted or not path.is_file() or not compressed.is_file():
      return super().send_head()
    state = compressed.stat()
    tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
    known = self.headers.get('If-None-Match') == tag
    self.send_response(304 if known else 200)
    self.send_header('ETag', tag)
    if not known:
      self.send_header('Content-Type', self.guess_type(str(path)))
      self.send_header('Content-Encoding', 'gzip')
      self.send_header('Content-Length', str(state.st_size))
    self.end_headers()
    return None if known else compressed.open('rb')

  def end_headers(self):
    """Makes browsers ask again each time; the page's service worker does the caching."""
    self.send_header('Cache-Control', 'no-cache')
    super().end_headers()

  def log_message(self, *_):
    """Logs nothing: one visit requests dozens of files."""


def serve(site: Path, port: int) -> http.server.ThreadingHTTPServer:
  """A server that is ready to run; with port 0 on any free port.

  Raises:
    UserError: There is no site, or the port is taken.
  """
  if not (site / 'index.html').exists():
    raise UserError(f'{site}: holds no site; `make web` builds it.')
  handler = functools.partial(Handler, directory=site)
  try:
    return http.server.ThreadingHTTPServer(('127.0.0.1', port), handler)
  except (OSError, OverflowError) as error:
    raise UserError(f'port {port}: {error}; choose another with --port.') from error


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('web', __doc__)
  parser.add_argument(
    '--site', type=Path, default=SITE, help='folder of the site that `make web` built'
  )
  parser.add_argument('--port', type=int, default=8642, help='%(default)s by default')
  options = parser.parse_args(arguments)

  def run() -> None:
    with serve(options.site, options.port) as server:
      print(f'http://localhost:{server.server_port}/ (Ctrl-C stops it)', flush=True)
      server.serve_forever()

  return answered(run)


if __name__ == '__main__':
  sys.exit(main())
