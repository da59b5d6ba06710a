"""A page of HTML, read strictly."""

import html.parser


class Page(html.parser.HTMLParser):
  """Collects text and addresses, and refuses elements that are not closed in order."""

  def __init__(self, text):
    super().__init__()
    self.open, self.addresses, self.alts, self.ids, self.words = [], [], [], [], []
    self.feed(text)
    self.close()
    assert not self.open

  def handle_starttag(self, tag, attrs):
    attrs = dict(attrs)
    self.addresses += [attrs[k] for k in ('src', 'href', 'xlink:href', 'data') if k in attrs]
    self.ids += [attrs['id']] if 'id' in attrs else []
    if tag == 'img':
      self.alts.append(attrs['alt'])
    if tag not in ('meta', 'img', 'link', 'br'):
      self.open.append(tag)

  def handle_endtag(self, tag):
    assert self.open.pop() == tag

  def handle_startendtag(self, tag, attrs):
    self.handle_starttag(tag, attrs)
    if self.open and tag not in ('meta', 'img', 'link', 'br'):
      self.open.pop()

  def handle_data(self, data):
    self.words.append(data)
