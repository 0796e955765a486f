"""The nearest kernel: floor(x + 1/2), without that sum's rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit.sampling.kernels import nearest


def tap(x):
    floor = np.floor(np.asarray(x, np.float64))
    return nearest.taps(floor, np.asarray(x, np.float64) - floor)[0]


@given(st.integers(-(2**40), 2**40), st.sampled_from([0.0, 0.25, 0.49, 0.5, 0.51, 0.75]))
def test_half_goes_up(i, f):
    """On both sides of zero alike, so that a shift by whole pixels changes nothing."""
    assert tap(i + f) == i + (f >= 0.5)


@pytest.mark.parametrize("x", [np.float32(0.49999997), 0.49999999999999994])
def test_just_under_a_half(x):
    """x + 1/2 rounds to 1 in the precision of x; the nearest pixel is 0 all the same."""
    assert np.floor(x + type(x)(0.5)) == 1
    assert tap(x) == 0


def test_one_weight_and_no_slope():
    fraction = np.array([0.0, 0.5, 0.9])
    np.testing.assert_array_equal(nearest.weights(fraction, 0), np.ones((1, 3)))
    assert nearest.weights(fraction, 1) is None
