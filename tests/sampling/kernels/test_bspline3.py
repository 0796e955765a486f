"""The cubic B-spline against SciPy's, and its exact values."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from warpkit.sampling.kernels import bspline3

element = BSpline.basis_element(np.arange(5) - 2.0, extrapolate=False)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_scipys_b_spline(order):
    t = np.linspace(0, 1, 98)[1:-1]
    for offset, weight in zip(bspline3.offsets, bspline3.weights(t, order), strict=True):
        np.testing.assert_allclose(weight, element(t - offset, nu=order), rtol=0, atol=2e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_at_a_pixel(dtype):
    """To the bit, and symmetric: the prefilter's matrix is."""
    t = np.array([0, 1], dtype)
    sixth, third = dtype(1) / dtype(6), dtype(4) / dtype(6)
    expected = [[sixth, 0], [third, sixth], [sixth, third], [0, sixth]]
    np.testing.assert_array_equal(bspline3.weights(t, 0), expected)


def test_slopes_at_a_pixel():
    np.testing.assert_array_equal(np.ravel(bspline3.weights(np.zeros(1), 1)), [-0.5, 0, 0.5, 0])
    np.testing.assert_array_equal(np.ravel(bspline3.weights(np.zeros(1), 2)), [1, -2, 1, 0])
