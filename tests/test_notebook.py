"""docs/quickstart.ipynb runs from its first cell to its last."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from small_runs import ROOT

NOTEBOOK = ROOT / 'docs' / 'quickstart.ipynb'


def said(cell: nbformat.NotebookNode) -> str:
  """What a cell has printed."""
  return ''.join(output.text for output in cell.outputs if output.output_type == 'stream')


def has_picture(cell: nbformat.NotebookNode) -> bool:
  return any('image/png' in output.get('data', {}) for output in cell.outputs)


def test_it_is_kept_without_outputs():
  notebook = nbformat.read(NOTEBOOK, as_version=4)
  cells = [cell for cell in notebook.cells if cell.cell_type == 'code']
  assert not any(cell.outputs or cell.execution_count for cell in cells)


@pytest.mark.slow
def test_the_quickstart(tmp_path, monkeypatch):
  import nbclient  # It takes long; the quick tests leave this one out.

  monkeypatch.setenv('TMPDIR', str(tmp_path))
  monkeypatch.setenv('PYTHONPATH', os.pathsep.join(path for path in sys.path if path))
  monkeypatch.setenv('IPYTHONDIR', str(tmp_path / 'ipython'))
  notebook = nbformat.read(NOTEBOOK, as_version=4)
  client = nbclient.NotebookClient(
    notebook, timeout=None, resources={'metadata': {'path': NOTEBOOK.parent}}
  )
  client.execute()
  cells = {cell.id: cell for cell in notebook.cells}
  labels = [line.split()[0] for line in said(cells['symbols']).splitlines()]
  assert labels == ['Sharp', 'Half-Note', 'Natural']
  assert said(cells['drawing']).startswith('Sharp ')
  assert [line.split()[0] for line in said(cells['gate']).splitlines()] == ['scores', 'other']
  assert 'no_such_page.jpg' in said(cells['error'])
  assert 'test accuracy' in said(cells['training'])
  # Two epochs are enough for far more than the 53 of 1 672 that are right by chance.
  right, of = said(cells['summary']).split()[0:3:2]
  assert of == '1672' and int(right) > 1000
  for name in ('drawing', 'gate', 'answers'):
    assert has_picture(cells[name]), name
  assert list(Path(tmp_path).glob('omr_jax-*/run/report/report.html'))
