"""The file with the arrays of an evaluation: damaged headers of arrays."""

import struct
import zipfile

import numpy as np
import pytest

from omr_jax.errors import UserError
from omr_jax.evaluation import evaluation_file

SHAPE = "{'descr': '<f4', 'fortran_order': False, 'shape': "


@pytest.mark.parametrize(
  'header',
  [
    f'{SHAPE}(2',  # Tokens that have no end.
    f'{SHAPE}({2**70},)}}',
    f'{SHAPE}(True,)}}',
    f'{SHAPE}(2,), 3: 4}}',
    f'{SHAPE}({2**40},)}}',
    f'{SHAPE}(-2,)}}',
    SHAPE.replace("'<f4'", '()') + '(2,)}',
    SHAPE.replace("'<f4'", "('<f4',)") + '(2,)}',
    '[',
    '{}',
    '\x00',
  ],
)
def test_a_damaged_header_is_one_message(tmp_path, header):
  path = tmp_path / 'evaluation.npz'
  content = header.encode() + b'\n'
  array = np.lib.format.magic(1, 0) + struct.pack('<H', len(content)) + content + bytes(8)
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('ids.npy', array)
  with pytest.raises(UserError, match=r'evaluation\.npz: cannot be read \(.*\); train it again\.'):
    evaluation_file.read(path, ['ids'], 'train it again')
