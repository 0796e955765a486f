"""Keys' family: its members are the cubic kernels, and it is linear in its parameter."""

import numpy as np
import pytest

from warpkit.sampling.kernels import cubic, cubic_sharp, keys


@pytest.mark.parametrize(("member", "a"), [(cubic, -0.5), (cubic_sharp, -0.75)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", range(4))
def test_members(member, a, dtype, order):
    """To the bit."""
    t = np.linspace(0, 1, 33, dtype=dtype)
    found = keys.weights(t, np.full((1,), a, dtype), order, 0)
    np.testing.assert_array_equal(found, member.weights(t, order))


@pytest.mark.parametrize("order", range(4))
def test_linear_in_the_parameter(order):
    """The difference of two members is the difference of their parameters, times the derivative."""
    t = np.linspace(0, 1, 17)
    low, high = (np.array(keys.weights(t, np.array([a]), order, 0)) for a in (-1.0, 0.5))
    np.testing.assert_allclose((high - low) / 1.5, keys.weights(t, np.array([0.0]), order, 1), atol=2e-15)
    assert keys.weights(t, np.array([0.0]), order, 2) is None


def test_beyond_the_third_derivative():
    assert keys.weights(np.zeros(1), np.zeros(1), 4, 0) is None
    assert keys.weights(np.zeros(1), np.zeros(1), 4, 1) is None


def test_at_a_pixel_the_parameter_does_not_matter():
    np.testing.assert_array_equal(np.ravel(keys.weights(np.zeros(1), np.zeros(1), 0, 1)), np.zeros(4))
