"""Serves the page for the browser, which `omr_jax.web.build` has built, to this machine only.

  python -m omr_jax.web

Any other server of static files will do. A phone opens its camera only for a site with https. This
one answers to the names of this machine only, and serves nothing outside the site's folder.
"""

import functools
import http.server
import os
import re
import sys
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.web.build import HOW, SITE

_TYPES = {
  '.mjs': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
}


# Names of this machine. A page of another site can make its own name lead here; it is refused.
_HOSTS = ('localhost', '127.0.0.1', '[::1]')


class Handler(http.server.SimpleHTTPRequestHandler):
  """Serves the files of a folder, or `FILE.gz` instead of `FILE` to browsers that accept gzip."""

  extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | _TYPES
  protocol_version = 'HTTP/1.1'
  timeout = 60  # Seconds after which a connection on which nothing happens is closed.

  def send_head(self):
    """Sends the headers, and returns the open file, or None if no content follows."""
    if re.sub(r':\d*$', '', self.headers.get('Host', '')).lower() not in _HOSTS:
      return self.send_error(421, explain=f'Ask for {" or ".join(_HOSTS)}.')
    path = self._inside(Path(self.translate_path(self.path)))
    if path is None:
      return self.send_error(404)
    compressed = self._inside(path.with_name(f'{path.name}.gz'))
    if compressed is None or 'gzip' not in self.headers.get('Accept-Encoding', ''):
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

  def _inside(self, path: Path) -> Path | None:
    """The file of a path, or None where there is none in the site; links out of it are none."""
    try:
      found = (path / 'index.html' if path.is_dir() else path).resolve(strict=True)
    except (OSError, ValueError):  # Also a name that is too long, or has a NUL byte.
      return None
    is_inside = found.is_relative_to(Path(self.directory).resolve())
    return found if is_inside and found.is_file() and os.access(found, os.R_OK) else None

  def end_headers(self):
    """Adds what all answers have.

    Browsers ask again each time, as the page's service worker does the caching. No other page may
    show this one in a frame.
    """
    self.send_header('Cache-Control', 'no-cache')
    # The rest of the policy is in index.html, for other servers too.
    self.send_header('Content-Security-Policy', "frame-ancestors 'none'")
    self.send_header('X-Content-Type-Options', 'nosniff')
    super().end_headers()

  def log_message(self, *_):
    """Logs nothing: one visit requests dozens of files."""


class Server(http.server.ThreadingHTTPServer):
  """Says nothing of a browser that goes away while it is being answered."""

  def handle_error(self, request, client_address):
    """Prints other errors, which are faults of ours."""
    if not isinstance(sys.exception(), ConnectionError | TimeoutError):
      super().handle_error(request, client_address)


def serve(site: Path, port: int) -> Server:
  """A server that is ready to run; with port 0 on any free port.

  Raises:
    UserError: There is no site, or the port is taken.
  """
  if not (site / 'index.html').exists():
    raise UserError(f'{site}: holds no site; {HOW}.')
  handler = functools.partial(Handler, directory=site)
  try:
    return Server(('127.0.0.1', port), handler)
  except (OSError, OverflowError) as error:
    raise UserError(f'port {port}: {error}; choose another with --port.') from error


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('web', __doc__)
  parser.add_argument(
    '--site', type=paths.path, default=SITE, help='folder of the site; %(default)s by default'
  )
  parser.add_argument('--port', type=int, default=8642, help='%(default)s by default')
  options = command_arguments.parse(parser, arguments)

  def run() -> None:
    with serve(options.site, options.port) as server:
      print(f'http://localhost:{server.server_port}/ (Ctrl-C stops it)', flush=True)
      server.serve_forever()

  return answered(run)


if __name__ == '__main__':
  sys.exit(main())
