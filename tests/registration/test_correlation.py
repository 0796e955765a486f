"""Moments of two images, against NumPy's."""

import numpy as np
import pytest

from warpkit.registration._correlation import Moments, sum_of, sum_of_products


def test_moments_are_numpys():
    rng = np.random.default_rng(0)
    warped, fixed, weights = rng.random((3, 30, 40))
    fixed += warped
    found = Moments.of(warped, fixed, weights, float(weights.sum()))
    covariance = np.cov(warped.ravel(), fixed.ravel(), aweights=weights.ravel(), ddof=0)
    np.testing.assert_allclose([[found.vv, found.vf], [found.vf, found.ff]], covariance)
    np.testing.assert_allclose(
        found.correlation, covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    )


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_what_does_not_vary_correlates_with_nothing(value):
    image, weights = np.random.default_rng(1).random((2, 9, 9))
    flat = np.full_like(image, value)
    for pair in ((image, flat), (flat, image)):
        assert Moments.of(*pair, weights, float(weights.sum())).correlation == -np.inf


def test_sums_of_many_pixels():
    values = np.full((1000, 1000), 1 + 2**-20, np.float32)
    assert sum_of(values) == 1000**2 * (1 + 2**-20)
    np.testing.assert_allclose(sum_of_products(values, values), 1000**2 * (1 + 2**-20) ** 2, rtol=1e-5)
