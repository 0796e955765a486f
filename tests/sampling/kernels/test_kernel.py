"""The table of sampling kernels, and what holds for every kernel in it."""

import numpy as np
import pytest

from warpkit.sampling.kernels import SamplingKernel, _kernel, get_kernel, linear, nearest, register_kernel

FRACTIONS = np.array([0.0, 1e-300, 0.25, 0.5, 0.75, 1 - 2.0**-53])


def test_known_kernels():
    assert get_kernel("linear") is linear
    assert get_kernel("nearest") is nearest
    with pytest.raises(ValueError, match="kernel: expected one of 'linear', 'nearest', given 'cubic'"):
        get_kernel("cubic")


def test_a_name_is_registered_once():
    """Another "linear" would be used by array code and not by compiled kernels."""
    with pytest.raises(ValueError, match="kernel 'linear': a name is registered once"):
        register_kernel(SamplingKernel("linear", linear.taps, linear.weights))
    assert get_kernel("linear") is linear


@pytest.mark.parametrize("name", sorted(_kernel._kernels))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_partition_of_unity(name, dtype):
    """Weights add up to 1 and their derivatives to 0: a constant image stays constant."""
    fraction = FRACTIONS.astype(dtype)
    taps = get_kernel(name).taps(np.zeros_like(FRACTIONS), FRACTIONS)
    weights = get_kernel(name).weights(fraction, 0)
    assert len(taps) == len(weights)
    assert all(weight.dtype == dtype for weight in weights)
    np.testing.assert_array_equal(sum(weights), np.ones_like(fraction))
    slopes = get_kernel(name).weights(fraction, 1)
    np.testing.assert_array_equal(0 if slopes is None else sum(slopes), np.zeros_like(fraction))


@pytest.mark.parametrize("name", sorted(_kernel._kernels))
def test_weights_and_derivatives_agree(name):
    """Order k + 1 is the slope of order k, from the right."""
    step = 2.0**-20
    for order in (0, 1, 2):
        lower = get_kernel(name).weights(np.array([0.0, 0.25]), order)
        higher = get_kernel(name).weights(np.array([0.0, 0.25]), order + 1)
        ahead = get_kernel(name).weights(np.array([0.0, 0.25]) + step, order)
        if lower is None:
            assert higher is None
            continue
        slopes = [(b - a) / step for a, b in zip(lower, ahead, strict=True)]
        np.testing.assert_allclose(slopes, np.zeros_like(slopes) if higher is None else higher, atol=1e-9)
