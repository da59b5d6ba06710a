"""Rows of answers as a Parquet file, for lists too long for text."""

from collections.abc import Iterable
from typing import Any

from omr_jax.predict import rows
from omr_jax.utils import extras


def content(found: Iterable[rows.Row]) -> bytes:
  """Rows as the bytes of a Parquet file; a column that a row lacks is null there.

  The columns are `rows.COLUMNS` and `boxes`. Bytes of a name that are no UTF-8 are written as in
  the other formats, such as `\\udcff`.
  """
  with extras.needed('shards'):
    import pyarrow
    from pyarrow import parquet

  table = pyarrow.Table.from_pylist([_as_utf8(row) for row in found], _schema(pyarrow))
  sink = pyarrow.BufferOutputStream()
  parquet.write_table(table, sink)
  return bytes(sink.getvalue())


def _schema(pyarrow: Any) -> Any:
  sides = [(side, pyarrow.int32()) for side in ('left', 'top', 'right', 'bottom')]
  box = pyarrow.struct([*sides, ('confidence', pyarrow.float64())])
  types = dict.fromkeys(rows.COLUMNS, pyarrow.string()) | {
    'page': pyarrow.int32(),
    'confidence': pyarrow.float64(),
    'sure': pyarrow.bool_(),
    'unknown': pyarrow.bool_(),
    'boxes': pyarrow.list_(box),
  }
  return pyarrow.schema(list(types.items()))


def _as_utf8(row: rows.Row) -> rows.Row:
  return {k: rows.as_utf8(v).decode() if isinstance(v, str) else v for k, v in row.items()}
