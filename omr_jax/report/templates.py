"""Fills the templates of pages. They are files beside the modules that use them.

Templates are written in Jinja2, which escapes everything that it puts into them. A page is one file
that opens from the disk: style and script are in it, and it loads nothing else. Its content
security policy allows this script alone, so that no foreign text can run.
"""

import base64
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
  import jinja2
  from markupsafe import Markup

_PACKAGE = Path(__file__).parent.parent


class Section(NamedTuple):
  """A section of a page.

  Attributes:
    template: Path of its template in the package, such as 'report/tables.html'.
    values: What the template shows, as `values`.
  """

  template: str
  values: Mapping[str, Any]


def page(
  title: str, name: str, context: str, tiles: Mapping[str, str], sections: Mapping[str, Section]
) -> str:
  """A whole page as HTML.

  Args:
    title: The result in one line.
    name: The name of the run or sweep.
    context: What the result may be compared with.
    tiles: The most important numbers by name.
    sections: The sections by title.
  """
  style, script = _beside('page.css'), _beside('page.js')
  digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
  return (
    _environment()
    .get_template('report/page.html')
    .render(
      title=title,
      name=name,
      context=context,
      tiles=tiles,
      sections={title: html(section) for title, section in sections.items()},
      style=style,
      script=script,
      digest=digest,
    )
  )


def html(section: Section) -> 'Markup':
  """A section as HTML, without its title."""
  from markupsafe import Markup

  return Markup(_environment().get_template(section.template).render(values=section.values))


@functools.cache
def _environment() -> 'jinja2.Environment':
  import jinja2

  return jinja2.Environment(
    loader=jinja2.FileSystemLoader(_PACKAGE),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )


@functools.cache
def _beside(name: str) -> 'Markup':
  """The text of a file of this folder, which is not escaped."""
  from markupsafe import Markup

  return Markup((Path(__file__).parent / name).read_text('utf-8'))
