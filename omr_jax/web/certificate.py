"""A certificate for the page's server, made for the occasion: cameras work only over https.

No authority has signed it, so browsers warn of it once. Its key is deleted as soon as it is read.
"""

import ipaddress
import ssl
import subprocess
import tempfile
from pathlib import Path

from omr_jax.errors import UserError

_DAYS = 30  # So long it is valid.


def context(host: str) -> ssl.SSLContext:
  """How a server that is reached by this name or address speaks TLS.

  Raises:
    UserError: There is no `openssl` to make a certificate with, or it fails.
  """
  with tempfile.TemporaryDirectory() as folder:
    key, certificate = Path(folder) / 'key.pem', Path(folder) / 'certificate.pem'
    command = [
      *('openssl', 'req', '-x509', '-nodes', '-days', str(_DAYS), '-subj', '/CN=omr_jax'),
      *('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'),
      *('-addext', f'subjectAltName={_kind(host)}:{host}'),
      *('-keyout', str(key), '-out', str(certificate)),
    ]
    try:
      subprocess.run(command, capture_output=True, check=True, text=True)
    except FileNotFoundError as error:
      raise UserError(
        'openssl: not found; --host needs this program to make a certificate. Install it, or put '
        'the site on a server that has https.'
      ) from error
    except subprocess.CalledProcessError as error:
      raise UserError(
        f'--host {host}: openssl makes no certificate for it ({error.stderr.strip()[-200:]}).'
      ) from error
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate, key)
    return found


def _kind(host: str) -> str:
  try:
    ipaddress.ip_address(host)
  except ValueError:
    return 'DNS'
  return 'IP'
