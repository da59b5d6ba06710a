"""Tests of `doctor` in this environment; what it says where extras are missing is in test_base."""

from omr_jax import doctor


def test_prepared_data_of_other_raw_data_is_listed_too(tmp_path, monkeypatch, capsys):
  monkeypatch.setenv('TFDS_DATA_DIR', str(tmp_path))
  for name, n in (('homus', 1), ('made_up-12ab/homus', 2), ('songs-34cd/typeset', 3), ('mine', 4)):
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / 'data').write_bytes(b'.' * 1024 * n)
  assert doctor.main([]) == 0
  (line,) = [each for each in capsys.readouterr().out.splitlines() if 'prepared data' in each]
  assert line.endswith(
    f'{tmp_path}: homus 1.0 KiB, made_up-12ab/homus 2.0 KiB, songs-34cd/typeset 3.0 KiB'
  )
