"""The nearest kernel: floor(x + 1/2), without that sum's rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warpkit import grid_sample
from warpkit.sampling.kernels import nearest


def tap(x):
    """The pixel that is read at `x`, modulo 64: each holds its own number."""
    image = np.arange(64.0).reshape(1, 1, -1)
    return grid_sample(image, np.array([[[x]]]), kernel="nearest", boundary="wrap", frame="pixel").item()


@given(st.integers(-(2**40), 2**40), st.sampled_from([0.0, 0.25, 0.49, 0.5, 0.51, 0.75]))
def test_half_goes_up(i, f):
    """On both sides of zero alike, so that a shift by whole pixels changes nothing."""
    assert tap(i + f) == (i + (f >= 0.5)) % 64


@pytest.mark.parametrize("x", [np.float32(0.49999997), 0.49999999999999994])
def test_just_under_a_half(x):
    """x + 1/2 rounds to 1 in the precision of x; the nearest pixel is 0 all the same."""
    assert np.floor(x + type(x)(0.5)) == 1
    assert tap(x) == 0


def test_one_weight_and_no_slope():
    t = np.array([-0.5, 0.0, 0.25])
    np.testing.assert_array_equal(nearest.weights(t, 0), np.ones((1, 3)))
    assert nearest.weights(t, 1) is None
    assert nearest.offsets == range(1)
