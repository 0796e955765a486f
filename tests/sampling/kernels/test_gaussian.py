"""The truncated Gaussian: its formula, and its limits."""

import numpy as np
import pytest

from warpkit.sampling.kernels import gaussian

OFFSETS = np.arange(-3, 4)[:, None]


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.0, 3.0])
def test_formula(sigma):
    t = np.linspace(-0.5, 0.5, 21)
    distances = t - OFFSETS
    expected = np.exp(-(distances**2) / (2 * sigma**2))
    expected /= expected.sum(axis=0)
    np.testing.assert_allclose(gaussian.weights(t, np.array([sigma]), 0, 0), expected, rtol=1e-12)


def test_first_derivatives():
    """With the mean over taps < >: w (f' - <f'>), where f = -d^2 / 2 sigma^2 and d = t - k."""
    t, sigma = np.linspace(-0.5, 0.5, 21), 0.8
    d = t - OFFSETS
    w = np.array(gaussian.weights(t, np.array([sigma]), 0, 0))
    for orders, slope in (((1, 0), -d / sigma**2), ((0, 1), d**2 / sigma**3)):
        expected = w * (slope - (w * slope).sum(axis=0))
        found = gaussian.weights(t, np.array([sigma]), *orders)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_sigma_is_nearest(dtype):
    """No overflow and no 0 / 0; halfway between two pixels it is their mean."""
    sigma = np.array([0.01], dtype)
    weights = np.array(gaussian.weights(np.array([-0.5, -0.1, 0.0, 0.4], dtype), sigma, 0, 0))
    expected = np.zeros((7, 4))
    expected[3] = 0.5, 1, 1, 1
    expected[2, 0] = 0.5
    np.testing.assert_array_equal(weights, expected)


def test_large_sigma_is_the_mean():
    weights = gaussian.weights(np.array([0.3]), np.array([1e6]), 0, 0)
    np.testing.assert_allclose(weights, 1 / 7, rtol=1e-10)


def test_strange_sigma():
    """A square is all that enters; zero and NaN have no answer."""
    t = np.array([0.25])
    for order in range(3):
        there, back = (gaussian.weights(t, np.array([s]), order, 0) for s in (0.7, -0.7))
        np.testing.assert_array_equal(there, back)
        for sigma in (0.0, np.nan):
            assert np.isnan(gaussian.weights(t, np.array([sigma]), order, order)).all()


@pytest.mark.parametrize(("sigma", "jump"), [(0.5, 1.8e-11), (1.0, 0.00088)])
def test_jump_between_pixels(sigma, jump):
    """From 1/2 above one pixel to 1/2 below the next, a tap is exchanged for another of the same weight."""
    below, above = np.array(gaussian.weights(np.array([-0.5, 0.5]), np.array([sigma]), 0, 0)).T
    np.testing.assert_allclose(below[:-1], above[1:], rtol=0, atol=1e-15)
    assert below[-1] == pytest.approx(jump, rel=0.01)
    assert above[0] == pytest.approx(jump, rel=0.01)
    assert jump == pytest.approx(0.4 * np.exp(-6.1 / sigma**2) / sigma, rel=0.3)
