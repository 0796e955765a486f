"""The table of sampling kernels, and what holds for every kernel in it."""

import numpy as np
import pytest

from warpkit.sampling.kernels import SamplingKernel, _kernel, get_kernel, linear, nearest, register_kernel

NAMES = ("bspline2", "bspline3", "cubic", "cubic_sharp", "linear", "nearest")
INTERPOLATING = ("cubic", "cubic_sharp", "linear", "nearest")
CONTINUOUS_DERIVATIVES = {
    "nearest": -1,
    "linear": 0,
    "cubic": 1,
    "cubic_sharp": 1,
    "bspline2": 1,
    "bspline3": 2,
}
DEGREES = {"nearest": 0, "linear": 1, "cubic": 2, "cubic_sharp": 0, "bspline2": 2, "bspline3": 3}
"""Of the polynomials that a kernel reproduces; a B-spline with the coefficients of the polynomial."""

every_kernel = pytest.mark.parametrize("name", NAMES)


def fractions(kernel, dtype=np.float64):
    """Positions t between a kernel's taps, from one end to the other."""
    t = np.array([0.0, 2.0**-40, 0.25, 0.3, 0.5, 0.75, 1 - 2.0**-24, 1.0])
    return (t - 0.5 * (kernel.n_taps % 2)).astype(dtype)


def weights_or_zeros(kernel, t, order):
    weights = kernel.weights(t, order)
    return np.zeros((kernel.n_taps, *t.shape)) if weights is None else np.array(weights)


def test_known_kernels():
    assert tuple(_kernel._kernels)[: len(NAMES)] == NAMES
    assert get_kernel("linear") is linear
    assert get_kernel("nearest") is nearest
    with pytest.raises(ValueError, match=r"kernel: expected one of 'bspline2', .*'nearest'.*, given 'keys'"):
        get_kernel("keys")


def test_a_name_is_registered_once():
    """Another "linear" would be used by array code and not by compiled kernels."""
    with pytest.raises(ValueError, match="kernel 'linear': a name is registered once"):
        register_kernel(SamplingKernel("linear", 2, linear.weights))
    assert get_kernel("linear") is linear


@pytest.mark.parametrize(
    ("n_taps", "weights", "message"),
    [
        (3, linear.weights, "weights: expected 3 arrays like t, of shape .2,. and dtype float32, given"),
        (1, lambda t, order: None, "weights: expected 1 arrays like t, .* given None"),
        (2, lambda t, order: [1 - t, 1.0], "weights: expected 2 arrays like t"),
        (2, lambda t, order: [1 - t, t.astype(np.float64)], "weights: expected 2 arrays like t"),
        (2, lambda t, order: [1 - t, t] if order == 0 else [t], "weights: expected 2 arrays like t"),
        (1, lambda t, order: [t + 1], "weights: expected 1 for the one tap of a kernel, which is copied"),
    ],
)
def test_kernels_that_cannot_be_used(n_taps, weights, message):
    with pytest.raises(ValueError, match=message):
        register_kernel(SamplingKernel("of this test", n_taps, weights))
    assert "of this test" not in _kernel._kernels


def test_offsets():
    """Pixels side by side: halves on both sides of an even number, one more in the middle of an odd one."""
    offsets = [list(SamplingKernel("any", n, linear.weights).offsets) for n in range(1, 6)]
    assert offsets == [[0], [0, 1], [-1, 0, 1], [-1, 0, 1, 2], [-2, -1, 0, 1, 2]]


# ---- weights -----------------------------------------------------------------------------------------------


@every_kernel
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_partition_of_unity(name, dtype):
    """Weights add up to 1 and their derivatives to 0: a constant image stays constant."""
    kernel = get_kernel(name)
    t = fractions(kernel, dtype)
    weights = kernel.weights(t, 0)
    assert len(weights) == kernel.n_taps
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(np.sum(weights, axis=0), np.ones_like(t), rtol=0, atol=2 * eps)
    for order in range(1, 5):
        slopes = kernel.weights(t, order)
        assert slopes is None or {w.dtype for w in slopes} == {np.dtype(dtype)}
        total = np.sum(weights_or_zeros(kernel, t, order), axis=0)
        np.testing.assert_allclose(total, np.zeros_like(t), rtol=0, atol=16 * eps)


@every_kernel
def test_weights_and_derivatives_agree(name):
    """Order k + 1 is the derivative of order k. Polynomials take a complex step, which does not cancel."""
    kernel = get_kernel(name)
    t, step = fractions(kernel), 1e-20
    for order in range(5):
        slopes = weights_or_zeros(kernel, t + 1j * step, order).imag / step
        expected = weights_or_zeros(kernel, t, order + 1)
        np.testing.assert_allclose(expected, slopes, rtol=0, atol=1e-14)


@every_kernel
def test_continuity(name):
    """The end of one cell is the start of the next, for as many derivatives as the kernel has, and no more.

    A tap of the next cell is one pixel further on; those that leave and enter have weight zero.
    """
    kernel = get_kernel(name)
    ends = np.array([0.0, 1.0]) - 0.5 * (kernel.n_taps % 2)
    jumps = []
    for order in range(4):
        weights = weights_or_zeros(kernel, ends, order)
        here, there = np.append(weights[:, 1], 0), np.append(0, weights[:, 0])
        jumps.append(np.abs(here - there).max())
    continuous = CONTINUOUS_DERIVATIVES[name]
    np.testing.assert_allclose(jumps[: continuous + 1], 0, atol=1e-15)
    assert jumps[continuous + 1] > 0.1


@every_kernel
def test_interpolating(name):
    """At a pixel its own weight is 1 and all others are 0, exactly; or it needs coefficients."""
    kernel = get_kernel(name)
    at_pixel = np.ravel(kernel.weights(np.zeros(1), 0))
    delta = [float(offset == 0) for offset in kernel.offsets]
    assert np.array_equal(at_pixel, delta) == (name in INTERPOLATING)
    if kernel.n_taps % 2 == 0:  # t rounds up to 1 just below a pixel
        from_below = np.ravel(kernel.weights(np.ones(1), 0))
        np.testing.assert_array_equal(from_below[1:], at_pixel[:-1])
        assert from_below[0] == 0


@every_kernel
def test_symmetry(name):
    """The mirrored kernel is the same: derivatives of odd order change sign."""
    kernel = get_kernel(name)
    t = fractions(kernel)
    mirrored = (1 - t) if kernel.n_taps % 2 == 0 else -t
    for order in range(4):
        weights = weights_or_zeros(kernel, t, order)
        expected = (-1) ** order * weights_or_zeros(kernel, mirrored, order)[::-1]
        np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", INTERPOLATING)
def test_polynomials(name):
    """Reproduced up to the degree that is promised, and not beyond."""
    kernel, degree = get_kernel(name), DEGREES[name]
    t = fractions(kernel)
    offsets = np.array(kernel.offsets, np.float64)[:, None]
    weights = weights_or_zeros(kernel, t, 0)
    for power in range(degree + 1):
        np.testing.assert_allclose((weights * offsets**power).sum(axis=0), t**power, rtol=0, atol=1e-15)
    beyond = (weights * offsets ** (degree + 1)).sum(axis=0) - t ** (degree + 1)
    assert np.abs(beyond).max() > 0.02
