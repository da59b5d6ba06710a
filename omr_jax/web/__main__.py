"""Serves the page for the browser, which `omr_jax.web.build` has built.

  python -m omr_jax.web                      # to this machine only
  python -m omr_jax.web --host 192.168.1.5   # to a phone too, at this machine's address there

Any other server of static files will do. A phone opens its camera only for a site with https, so
with --host the server speaks https, with a certificate made for the occasion, of which browsers
warn. The server answers to the names it was given only, and serves nothing outside the site.
"""

import functools
import http.server
import os
import re
import ssl
import sys
from pathlib import Path

from omr_jax.errors import UserError
from omr_jax.utils import arguments as command_arguments
from omr_jax.utils import paths
from omr_jax.utils.ending import answered
from omr_jax.web import certificate
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


# Endings of compressed copies and what browsers call them, the smallest copy first.
_ENCODINGS = {'.br': 'br', '.gz': 'gzip'}


class Handler(http.server.SimpleHTTPRequestHandler):
  """Serves the files of a folder, or the compressed copies that a browser accepts."""

  server: 'Server'
  extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | _TYPES
  protocol_version = 'HTTP/1.1'
  timeout = 60  # Seconds after which a connection on which nothing happens is closed.

  def send_head(self):
    """Sends the headers, and returns the open file, or None if no content follows."""
    if re.sub(r':\d*$', '', self.headers.get('Host', '')).lower() not in self.server.hosts:
      return self.send_error(421, explain=f'Ask for {" or ".join(self.server.hosts)}.')
    path = self._inside(Path(self.translate_path(self.path)))
    if path is None:
      return self.send_error(404)
    encoding, compressed = self._compressed(path)
    if compressed is None:
      return super().send_head()
    state = compressed.stat()
    tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}-{encoding}"'
    known = self.headers.get('If-None-Match') == tag
    self.send_response(304 if known else 200)
    self.send_header('ETag', tag)
    self.send_header('Vary', 'Accept-Encoding')
    if not known:
      self.send_header('Content-Type', self.guess_type(str(path)))
      self.send_header('Content-Encoding', encoding)
      self.send_header('Content-Length', str(state.st_size))
    self.end_headers()
    return None if known else compressed.open('rb')

  def _compressed(self, path: Path) -> tuple[str, Path | None]:
    """The best encoding that the browser accepts and there is a copy in; else no file."""
    accepted = {
      each.partition(';')[0].strip() for each in self.headers.get('Accept-Encoding', '').split(',')
    }
    for ending, encoding in _ENCODINGS.items():
      copy = self._inside(path.with_name(f'{path.name}{ending}'))
      if copy is not None and encoding in accepted:
        return encoding, copy
    return '', None

  def _inside(self, path: Path) -> Path | None:
    """The file of a path, or None where there is none in the site; links out of it are none."""
    try:
      found = (path / 'index.html' if path.is_dir() else path).resolve(strict=True)
    # Also a name that is too long, or has a NUL byte, and a link that leads to itself.
    except (OSError, ValueError, RuntimeError):
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
  """Says nothing of a browser that goes away while it is being answered.

  Attributes:
    hosts: The names that it answers to.
  """

  hosts: tuple[str, ...] = _HOSTS

  def handle_error(self, request, client_address):
    """Prints other errors, which are faults of ours."""
    if not isinstance(sys.exception(), ConnectionError | TimeoutError | ssl.SSLError):
      super().handle_error(request, client_address)


def serve(site: Path, port: int, host: str | None = None) -> Server:
  """A server that is ready to run.

  Args:
    site: The folder of the site.
    port: Where it listens; 0 for any free port.
    host: The name or address by which other devices reach this machine, which are then served by
      https; None to serve this machine only.

  Raises:
    UserError: There is no site, the port is taken, or this machine can't be reached so.
  """
  if not (site / 'index.html').exists():
    raise UserError(f'{site}: holds no site; {HOW}.')
  if host in ('', '0.0.0.0'):
    raise UserError(
      f"--host '{host}': give the one address of this machine that other devices use, such as "
      '192.168.1.5.'
    )
  handler = functools.partial(Handler, directory=site)
  context = certificate.context(host) if host else None
  try:
    server = Server((host or '127.0.0.1', port), handler)
  except (OSError, OverflowError, UnicodeError) as error:
    where = f'--host {host}, port {port}' if host else f'port {port}'
    raise UserError(f'{where}: {error}; choose another with --port.') from error
  if host and context:
    server.hosts = (*_HOSTS, host.lower())
    # Each connection says hello in its own thread, so that a silent one stops no other.
    server.socket = context.wrap_socket(
      server.socket, server_side=True, do_handshake_on_connect=False
    )
  return server


def main(arguments: list[str] | None = None) -> int:
  """The command; returns its exit code."""
  parser = command_arguments.parser('web', __doc__)
  parser.add_argument(
    '--site', type=paths.path, default=SITE, help='folder of the site; %(default)s by default'
  )
  parser.add_argument('--port', type=int, default=8642, help='%(default)s by default')
  parser.add_argument(
    '--host', help='name or address by which other devices reach this machine, as by https'
  )
  options = command_arguments.parse(parser, arguments)

  def run() -> None:
    with serve(options.site, options.port, options.host) as server:
      begin = f'https://{options.host}' if options.host else 'http://localhost'
      print(f'{begin}:{server.server_port}/ (Ctrl-C stops it)', flush=True)
      if options.host:
        print('The browser warns of the certificate, which nobody has signed: accept it.')
      server.serve_forever()

  return answered(run)


if __name__ == '__main__':
  sys.exit(main())
