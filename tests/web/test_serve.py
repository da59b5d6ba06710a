"""The local web server: what it answers, and what it does not."""

import gzip
import json
import re
import shutil
import socket
import ssl
import threading

import pytest
from small_runs import ROOT

from omr_jax.errors import UserError
from omr_jax.web.__main__ import Handler, serve


@pytest.fixture
def site(tmp_path):
  """A small site, and something beside it."""
  (tmp_path / 'secret.txt').write_text('secret')
  site = tmp_path / 'site'
  (site / 'models').mkdir(parents=True)
  (site / 'index.html').write_text('<p>index')
  (site / 'app.js').write_text('let plain')
  (site / 'app.js.gz').write_bytes(gzip.compress(b'let compressed'))
  return site


@pytest.fixture
def ask(site):
  """A function from the bytes of a request to the status, the headers and the body."""
  server = serve(site, 0)
  threading.Thread(target=server.serve_forever, daemon=True).start()

  def asked(path='/', *headers, host='localhost'):
    lines = [f'GET {path} HTTP/1.1', *([f'Host: {host}'] if host else []), *headers]
    with socket.create_connection(server.server_address) as connection:
      connection.sendall('\r\n'.join([*lines, 'Connection: close', '', '']).encode('latin-1'))
      answer = b''.join(iter(lambda: connection.recv(1 << 16), b''))
    head, _, body = answer.partition(b'\r\n\r\n')
    return int(head.split()[1]), head.decode('latin-1'), body

  asked.address = server.server_address
  yield asked
  server.shutdown()
  server.server_close()


def test_files_and_their_compressed_copies(ask):
  for path in ('/', '/index.html', '/?a=b'):
    assert ask(path)[::2] == (200, b'<p>index')
  assert ask('/app.js')[::2] == (200, b'let plain')
  code, head, body = ask('/app.js', 'Accept-Encoding: gzip')
  assert (code, gzip.decompress(body)) == (200, b'let compressed')
  assert 'Content-Encoding: gzip' in head and 'Content-Type: text/javascript' in head
  tag = re.search('ETag: (.*)', head)[1].strip()
  assert ask('/app.js', 'Accept-Encoding: gzip', f'If-None-Match: {tag}')[::2] == (304, b'')


def test_the_smallest_copy_that_the_browser_accepts(ask, site):
  (site / 'app.js.br').write_bytes(b'brotli')
  for accepted, encoding in (('gzip, deflate, br', 'br'), ('gzip', 'gzip'), ('br;q=1', 'br')):
    code, head, body = ask('/app.js', f'Accept-Encoding: {accepted}')
    assert code == 200 and f'Content-Encoding: {encoding}\r\n' in head
    assert (body == b'brotli') == (encoding == 'br')
    assert 'Vary: Accept-Encoding' in head
  assert ask('/app.js', 'Accept-Encoding: brotli')[::2] == (200, b'let plain')


@pytest.mark.parametrize('host', ['localhost', 'LOCALHOST:80', '127.0.0.1:8642', '[::1]:1'])
def test_names_of_this_machine_are_answered(ask, host):
  assert ask(host=host)[0] == 200


@pytest.mark.parametrize(
  'host', ['evil.example', 'localhost.evil.example', 'x:localhost', '', None]
)
def test_other_names_are_refused(ask, host):
  """As of a site whose name leads to this machine, so that its page may read the answer."""
  code, _, body = ask(host=host)
  assert code == 421 and b'index' not in body


@pytest.mark.parametrize(
  'path',
  [
    *('/none', '/models', '/models/', '/a%00b', '/%00', '/../secret.txt', '/%2e%2e/secret.txt'),
    *('/..%2fsecret.txt', '/' + 'a' * 300, '/' + 'a/' * 3000, '/%ed%a0%80', '/%ff', '/index.html/'),
  ],
)
def test_other_paths_are_not_found(ask, path, capfd):
  code, _, body = ask(path)
  assert code == 404 and b'secret' not in body and b'models/' not in body
  assert capfd.readouterr().err == ''


def test_a_line_that_is_too_long_is_refused(ask, capfd):
  assert ask('/' + 'a' * 70_000)[0] == 414
  assert capfd.readouterr().err == ''


def test_links_out_of_the_site_are_not_followed(ask, site):
  (site / 'file').symlink_to(site.parent / 'secret.txt')
  (site / 'folder').symlink_to(site.parent)
  (site / 'app.js.gz').unlink()
  (site / 'app.js.gz').symlink_to(site.parent / 'secret.txt')
  for path in ('/file', '/folder/secret.txt', '/folder/'):
    assert ask(path)[0] == 404
  assert ask('/app.js', 'Accept-Encoding: gzip')[::2] == (200, b'let plain')
  (site / 'inside').symlink_to('app.js')
  (site / 'itself').symlink_to('itself')
  assert ask('/itself')[0] == 404
  assert ask('/inside')[::2] == (200, b'let plain')


def test_every_answer_has_the_headers_that_protect(ask):
  for path in ('/', '/none'):
    head = ask(path)[1]
    assert "Content-Security-Policy: frame-ancestors 'none'" in head
    assert 'X-Content-Type-Options: nosniff' in head


def test_an_idle_connection_is_closed(ask, monkeypatch, capfd):
  assert Handler.timeout == 60
  monkeypatch.setattr(Handler, 'timeout', 0.1)
  for begun in (b'', b'GET / HTTP/1.1\r\nHost: local'):
    with socket.create_connection(ask.address) as connection:
      connection.sendall(begun)
      assert connection.recv(1) == b''
  assert capfd.readouterr().err == ''


def test_the_page_allows_its_own_files_only():
  page = (ROOT / 'omr_jax/web/site/index.html').read_text()
  policy = re.search(r'Content-Security-Policy"\s+content="([^"]*)"', page)[1]
  said = dict(part.strip().split(' ', 1) for part in policy.split(';'))
  assert said['default-src'] == "'self'" and said['object-src'] == "'none'"
  assert said['script-src'] == "'self' 'wasm-unsafe-eval'"
  # What would be forbidden: scripts and styles within the page.
  assert not re.search(r'<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=', page)


def test_the_lock_of_packages_has_hashes_and_no_host():
  folder = ROOT / 'omr_jax/web'
  lock = json.loads((folder / 'package-lock.json').read_text())
  wanted = json.loads((folder / 'package.json').read_text())['dependencies']
  own, *packages = lock['packages'].values()
  assert own['dependencies'] == wanted and len(packages) >= 10
  assert all(re.fullmatch(r'sha512-[\w+/]{86}==', each['integrity']) for each in packages)
  assert '//' not in re.sub(r'sha512-[\w+/]+', '', (folder / 'package-lock.json').read_text())


@pytest.mark.skipif(shutil.which('openssl') is None, reason='needs openssl')
def test_other_devices_are_served_by_https(site, capfd):
  """127.0.0.2 is an address of this machine that it does not have otherwise."""
  with serve(site, 0, '127.0.0.2') as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = ssl.get_server_certificate(server.server_address)
    context = ssl.create_default_context(cadata=own)

    def asked(host):
      connection = socket.create_connection(server.server_address)
      with context.wrap_socket(connection, server_hostname='127.0.0.2') as spoken:
        spoken.sendall(f'GET / HTTP/1.0\r\nHost: {host}\r\n\r\n'.encode())
        return b''.join(iter(lambda: spoken.recv(1 << 16), b''))

    assert asked('127.0.0.2:8642').endswith(b'<p>index')
    assert b'index' not in asked('evil.example')
    # One that says nothing stops no other, and one that speaks no TLS is closed without a word.
    with (
      socket.create_connection(server.server_address),
      socket.create_connection(server.server_address) as plain,
    ):
      plain.sendall(b'GET / HTTP/1.0\r\n\r\n')
      assert b'index' not in plain.recv(1 << 16)
      assert asked('127.0.0.2').endswith(b'<p>index')
    server.shutdown()
  assert capfd.readouterr().err == ''


@pytest.mark.parametrize('host', ['', '0.0.0.0', '192.0.2.1'])
def test_hosts_that_are_none(site, host):
  """No address, all addresses, and one that belongs to no machine."""
  with pytest.raises(UserError, match='--host'):
    serve(site, 0, host)


def test_without_openssl(site, monkeypatch):
  monkeypatch.setenv('PATH', '')
  with pytest.raises(UserError, match='openssl: not found'):
    serve(site, 0, '127.0.0.2')


def test_a_folder_without_a_site_and_a_port_that_is_taken(site, ask):
  with pytest.raises(UserError, match='holds no site'):
    serve(site.parent, 0)
  with pytest.raises(UserError, match='choose another with --port'):
    serve(site, ask.address[1])
