"""A page of HTML, read strictly."""

import base64
import hashlib
import html.parser
import re


class Page(html.parser.HTMLParser):
  """Collects text and addresses, and refuses elements that are not closed in order."""

  def __init__(self, text):
    super().__init__()
    self.open, self.addresses, self.alts, self.ids, self.words = [], [], [], [], []
    self.attributes, self.scripts, self.policy = set(), [], ''
    self.feed(text)
    self.close()
    assert not self.open

  def handle_starttag(self, tag, attrs):
    attrs = dict(attrs)
    self.attributes |= set(attrs)
    self.addresses += [attrs[k] for k in ('src', 'href', 'xlink:href', 'data') if k in attrs]
    self.ids += [attrs['id']] if 'id' in attrs else []
    if tag == 'img':
      self.alts.append(attrs['alt'])
    if attrs.get('http-equiv') == 'Content-Security-Policy':
      self.policy = attrs['content']
    if tag not in ('meta', 'img', 'input', 'link', 'br'):
      self.open.append(tag)

  def handle_endtag(self, tag):
    assert self.open.pop() == tag

  def handle_startendtag(self, tag, attrs):
    self.handle_starttag(tag, attrs)
    if self.open and tag not in ('meta', 'img', 'input', 'link', 'br'):
      self.open.pop()

  def handle_data(self, data):
    kept = self.scripts if self.open[-1:] == ['script'] else self.words
    kept.append(data)

  def check_scripts(self):
    """The page may run its own script, which is known by its digest, and no other."""
    digest = base64.b64encode(hashlib.sha256(''.join(self.scripts).encode()).digest()).decode()
    assert re.findall(r'script-src ([^;]*)', self.policy) == [f"'sha256-{digest}'"]
    assert "default-src 'none'" in self.policy
    assert not [name for name in self.attributes if name.startswith('on')]
