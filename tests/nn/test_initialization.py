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


def test_errors():
    with pytest.raises(TypeError, match=r"rng: expected a numpy\.random\.Generator, given builtins\.int"):
        he_normal(0, (2, 3), 3, np.float32)
    with pytest.raises(ValueError, match=r"features, channels and kernel: expected lengths of at least 1"):
        he_normal(np.random.default_rng(0), (2, 0), 0, np.float32)
