"""The linear kernel against eq. (5) of the spatial transformer paper."""

import numpy as np

from warpkit.sampling.kernels import linear


def test_hat_function():
    """k(d) = max(0, 1 - |d|) at the distance of each tap."""
    t = np.linspace(0, 1, 97)
    for offset, weight in zip(linear.offsets, linear.weights(t, 0), strict=True):
        np.testing.assert_allclose(weight, np.maximum(0, 1 - np.abs(t - offset)), rtol=0, atol=1e-16)


def test_right_derivative_at_integers():
    """At fraction 0 the slope is U[x + 1] - U[x]: not an intensity, as by the paper's eq. (7)."""
    image = np.array([3.0, 5.0, 4.0, 9.0])
    slopes = linear.weights(np.array([0.0]), 1)
    assert sum(s * image[1 + k] for k, s in zip(linear.offsets, slopes, strict=True)).item() == -1


def test_it_is_piecewise_linear():
    assert linear.weights(np.array([0.5]), 2) is None
