"""The angle of a vector, against NumPy."""

import numpy as np
import pytest

from warpkit.ops import arctan2
from warpkit.testing import check_op


def test_arctan2():
    check_op(arctan2)
    rng = np.random.default_rng(1)
    y, x = rng.standard_normal((2, 10))
    np.testing.assert_array_equal(arctan2(y, x), np.arctan2(y, x))
    with pytest.raises(TypeError, match="y, x: expected a floating dtype"):
        arctan2(np.array([1]), np.array([2]))
