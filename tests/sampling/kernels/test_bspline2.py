"""The quadratic B-spline against SciPy's, its definition by convolution, and its exact values."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from warpkit import grid_sample
from warpkit.sampling.kernels import bspline2

element = BSpline.basis_element(np.arange(4) - 1.5, extrapolate=False)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_scipys_b_spline(order):
    t = np.linspace(-0.5, 0.5, 98)[1:-1]
    for offset, weight in zip(bspline2.offsets, bspline2.weights(t, order), strict=True):
        np.testing.assert_allclose(weight, element(t - offset, nu=order), rtol=0, atol=1e-15)


def test_values_at_a_pixel():
    np.testing.assert_array_equal(np.ravel(bspline2.weights(np.zeros(1), 0)), [1 / 8, 6 / 8, 1 / 8])
    np.testing.assert_array_equal(np.ravel(bspline2.weights(np.zeros(1), 1)), [-1 / 2, 0, 1 / 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_just_under_a_half(dtype):
    """The pixel is chosen before the distance from it is rounded, and both go together."""
    image = np.arange(6.0, dtype=dtype).reshape(1, 1, -1)
    for x in (2.5 - 2.0**-40, 2.5, 2.5 + 2.0**-40):
        found = grid_sample(image, np.array([[[x]]]), kernel="bspline2", frame="pixel")
        assert found.item() == pytest.approx(x, rel=4 * float(np.finfo(dtype).eps))
