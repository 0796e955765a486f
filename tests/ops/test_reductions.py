"""Sums, means and maxima: NumPy's and SciPy's values, ties, and what cannot be reduced."""

import numpy as np
import pytest
from scipy import special

from warpkit import ops

X = np.random.default_rng(0).standard_normal((2, 3, 4))
AXES = [None, 1, -1, (0, 2), (0, 1, 2)]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
def test_values(axis, keepdims):
    for op, expected in [
        (ops.sum, np.sum),
        (ops.mean, np.mean),
        (ops.amax, np.max),
        (ops.logsumexp, special.logsumexp),
    ]:
        np.testing.assert_allclose(
            op(X, axis, keepdims), expected(X, axis=axis, keepdims=keepdims), rtol=1e-14
        )
    np.testing.assert_allclose(ops.softmax(X, axis), special.softmax(X, axis=axis), rtol=1e-13)


def test_sum_in_another_dtype():
    """In float32, 2^24 + 1 is 2^24."""
    x = np.array([2.0**24, 1.0], np.float32)
    assert ops.sum(x, dtype="float64") == 2.0**24 + 1
    assert ops.sum.vjp(np.float64(1), x, dtype="float64")[0].dtype == np.float32


def test_equal_maxima_share_the_cotangent():
    np.testing.assert_array_equal(ops.amax.vjp(np.float64(1), np.array([3.0, 1.0, 3.0]))[0], [0.5, 0, 0.5])


def test_logsumexp_does_not_overflow():
    assert ops.logsumexp(np.array([1000.0, 1000.0])) == 1000 + np.log(2)
    assert ops.logsumexp(np.array([-np.inf, 0.0])) == 0


def test_errors():
    with pytest.raises(ValueError, match="axis: expected axes of an array of 3 dimensions, given 3"):
        ops.sum(X, 3)
    with pytest.raises(ValueError, match="x: expected at least one element to average"):
        ops.mean(np.ones((0, 2)))
    with pytest.raises(ValueError, match="x: expected at least one element to take the maximum of"):
        ops.amax(np.ones((2, 0)), 1)
