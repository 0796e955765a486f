"""Which matrices have an inverse."""

import numpy as np
import pytest

from warpkit.transforms._inversion import check_invertible, check_scale


def test_matrices():
    good = np.eye(2)
    check_invertible("theta", np.stack([good, 1e-200 * good, 1e200 * good]))
    check_invertible("theta", np.full((1, 2, 2), np.nan))
    check_invertible("theta", np.zeros((0, 2, 2)))
    with pytest.raises(
        ValueError, match=r"theta\[1\]: expected an invertible matrix.*\(condition number inf\)"
    ):
        check_invertible("theta", np.stack([good, np.zeros((2, 2))]))
    with pytest.raises(ValueError, match=r"theta\[0\]: .*\(condition number [0-9.]+e\+1[5-9]\)|inf"):
        check_invertible("theta", np.array([[[0.1, 0.3], [0.2, 0.6]]]))


def test_scales():
    check_scale(np.array([1.0, -2.0, np.nan]))
    with pytest.raises(ValueError, match=r"scale\[1\]: expected a scale other than 0"):
        check_scale(np.array([1.0, 0.0]))
