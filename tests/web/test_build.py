"""The folder of the site, which is written whole or not at all."""

from pathlib import Path

import pytest

from omr_jax.web import build


@pytest.fixture
def runtime(tmp_path):
  """Where npm would have installed ONNX Runtime Web."""
  folder = tmp_path / 'dist'
  folder.mkdir()
  for name in build._RUNTIME:
    (folder / name).touch()
  return folder


@pytest.mark.parametrize(
  ('make', 'words'),
  [
    (lambda out: out.write_text('mine'), 'cannot be written'),
    (lambda out: (out / 'mine').mkdir(parents=True), 'holds something else'),
  ],
)
def test_what_is_no_site_stays(make, words, tmp_path, runtime, capsys):
  out = tmp_path / 'out'
  make(out)
  assert build.main(['--out', str(out), '--runtime', str(runtime)]) == 2
  said = capsys.readouterr().err
  assert words in said and str(out) in said and len(said.splitlines()) == 2
  assert out.is_file() or [path.name for path in out.iterdir()] == ['mine']


@pytest.mark.parametrize('is_there', [False, True])
def test_what_a_killed_process_has_left(is_there, tmp_path, runtime, monkeypatch):
  """The older site beside its place, which is empty or has the newer one. Questions stay."""
  out, older = tmp_path / 'site', tmp_path / '.site.older'
  for folder in (older, *([out] if is_there else [])):
    (folder / 'human').mkdir(parents=True)
    (folder / 'human' / 'q.json').write_text(folder.name)
    (folder / 'worker.js').touch()
  monkeypatch.setattr(build, '_fill', lambda new, runtime: new.mkdir())
  build.build(out, runtime)
  assert (out / 'human' / 'q.json').read_text() == ('site' if is_there else '.site.older')
  assert sorted(path.name for path in tmp_path.iterdir()) == ['dist', 'site']


def test_if_the_new_site_does_not_come_the_older_one_stays(tmp_path, runtime, monkeypatch):
  out = tmp_path / 'site'
  out.mkdir()
  (out / 'worker.js').write_text('older')
  monkeypatch.setattr(build, '_fill', lambda new, runtime: new.mkdir())
  rename = Path.rename

  def stopped(path, target):
    if path.name == 'new':
      raise KeyboardInterrupt
    return rename(path, target)

  monkeypatch.setattr(Path, 'rename', stopped)
  with pytest.raises(KeyboardInterrupt):
    build.build(out, runtime)
  assert (out / 'worker.js').read_text() == 'older'
  assert sorted(path.name for path in tmp_path.iterdir()) == ['dist', 'site']
