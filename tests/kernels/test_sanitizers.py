"""That the address sanitizer watches the kernels, wherever tests run under one (`.ci/run`).

Other tests then show by passing that no kernel leaves its arrays. They would pass as well if nobody watched.
"""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    "libasan" not in os.environ.get("LD_PRELOAD", ""), reason="this process runs without the sanitizer"
)

# One row of points on an image that is one pixel shorter than the kernel is told.
PROGRAM = """
import sys
import numpy as np
from warpkit._core import _native
from warpkit.sampling._native_grid_sample import grid_arguments

missing, ends = int(sys.argv[1]), np.array([[[0.0], [599.0]]])
image, values, out = np.ones(600 - missing), np.ones(2), np.empty(2)
options = {"kernel": "nearest", "boundary": "border", "frame": "pixel"}
arguments = grid_arguments((1, 1, 600), image.dtype, ends, **options)
pulling = sys.argv[2] == "wk_pull"
arguments.image, arguments.point_values = image.ctypes.data, values.ctypes.data
arguments.out = (out if pulling else image).ctypes.data
arguments.point_values_n = 1
_native.call(sys.argv[2], arguments)
"""


def stderr_of(function, missing):
    command = [sys.executable, "-c", PROGRAM, str(missing), function]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("function", ["wk_pull", "wk_push"])
def test_a_pixel_beyond_an_array_is_found(function):
    assert stderr_of(function, missing=0) == ""
    assert "heap-buffer-overflow" in stderr_of(function, missing=1)
