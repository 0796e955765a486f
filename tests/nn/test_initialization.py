"""He's initialisation: variance, dtype, and nothing from a global state."""

import numpy as np
import pytest

from warpkit.nn._initialization import he_normal


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_he_normal(dtype):
    weight = he_normal(np.random.default_rng(0), (400, 50), 50, dtype)
    assert weight.dtype == dtype
    assert weight.requires_grad
    assert weight.data.std() == pytest.approx(np.sqrt(2 / 50), rel=0.02)
    again = he_normal(np.random.default_rng(0), (400, 50), 50, dtype)
    np.testing.assert_array_equal(again.data, weight.data)
