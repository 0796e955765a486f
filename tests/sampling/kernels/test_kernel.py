"""The table of sampling kernels, and what holds for every kernel in it."""

import itertools

import numpy as np
import pytest

import warpkit as wk
from warpkit.sampling import BOUNDARIES
from warpkit.sampling.kernels import SamplingKernel, _kernel, get_kernel, linear, nearest, register_kernel
from warpkit.testing import check_op

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
# Derivatives by the linear kernel, and zeros by "nearest", are tested with each op.
smooth_kernel = pytest.mark.parametrize("name", ["bspline2", "bspline3", "cubic", "cubic_sharp"])


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


# ---- ops with every kernel ---------------------------------------------------------------------------------


def smooth_points(rng, shape, m):
    """Points (2, m, ndim) around an image, in pixels, away from kinks at centres and halfway between."""
    lengths = np.array(shape[::-1])
    whole = rng.integers(-2, lengths + 2, (2, m, len(shape)))
    return whole + rng.choice([0.0, 0.5], whole.shape) + rng.uniform(0.1, 0.4, whole.shape)


@smooth_kernel
@pytest.mark.parametrize(
    ("boundary", "shape"), [*itertools.product(BOUNDARIES, [(5,), (4, 5)]), ("mirror", (3, 2, 3))]
)
def test_derivatives(name, boundary, shape):
    """Of pull and push: central differences, vjp against jvp, exact adjointness, second order."""
    rng = np.random.default_rng(0)
    image, grid = rng.standard_normal((2, 2, *shape)), smooth_points(rng, shape, 4)
    options = {"kernel": name, "boundary": boundary, "frame": "pixel"}
    check_op(wk.grid_sample, image, grid, fill_value=0.5, **options)
    check_op(wk.grid_push, rng.standard_normal((2, 2, 4)), grid, shape, **options)


@smooth_kernel
@pytest.mark.parametrize("derivative", [(1, 1), (0, 2), (2, 1)])
def test_derivatives_of_derivatives(name, derivative):
    """Closed under differentiation: each index's slope is the next one."""
    rng = np.random.default_rng(1)
    shape = (4, 5)
    image, grid = rng.standard_normal((1, 2, *shape)), smooth_points(rng, shape, 4)[:1]
    options = {"kernel": name, "boundary": "reflect", "frame": "normalized", "derivative": derivative}
    normalized = wk.convert_points(grid, shape, "pixel", "normalized")
    check_op(wk.grid_sample, image, normalized, **options)
    check_op(wk.grid_push, rng.standard_normal((1, 2, 4)), normalized, shape, **options)


@smooth_kernel
def test_count_and_gradient(name):
    rng = np.random.default_rng(2)
    image, grid = rng.standard_normal((2, 2, 4, 5)), smooth_points(rng, (4, 5), 4)
    check_op(wk.grid_count, grid, (4, 5), kernel=name, frame="pixel")
    check_op(wk.grid_gradient, image, grid, kernel=name, frame="pixel", boundary="mirror")


@pytest.mark.parametrize("name", ["bspline2", "cubic"])
def test_warps(name):
    """Affine, projective and thin-plate warps pass the kernel on, and its derivatives come back."""
    rng = np.random.default_rng(3)
    image, shape = rng.standard_normal((1, 2, 4, 5)), (2, 3)
    affine = np.eye(2, 3)[None] + rng.uniform(-0.2, 0.2, (1, 2, 3))
    check_op(wk.warp_affine, image, affine, shape, kernel=name, boundary="mirror")
    projective = np.eye(3)[None] + rng.uniform(-0.1, 0.1, (1, 3, 3))
    check_op(wk.warp_projective, image, projective, shape, kernel=name, boundary="wrap")
    points = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    theta = points[None] + rng.uniform(-0.1, 0.1, (1, 4, 2))
    check_op(wk.warp_tps, image, theta, points, shape, kernel=name, boundary="border")


@pytest.mark.parametrize("name", INTERPOLATING)
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_identity_keeps_every_bit(name, boundary, dtype):
    """Taps of zero weight are not read: NaN and infinities stay where they are."""
    rng = np.random.default_rng(4)
    for shape in [(7,), (4, 5), (3, 2, 4), (1, 1)]:
        image = rng.choice([np.nan, np.inf, -0.0, 0.0, 0.1], (2, 2, *shape)).astype(dtype)
        grid = wk.identity_grid(shape, "pixel")
        out = wk.grid_sample(image, grid, kernel=name, boundary=boundary, frame="pixel")
        assert out.dtype == dtype
        np.testing.assert_array_equal(out, image)
        number = ~np.isnan(image)
        np.testing.assert_array_equal(np.signbit(out[number]), np.signbit(image[number]))


@every_kernel
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_constants_are_preserved(name, boundary):
    rng = np.random.default_rng(5)
    grid = rng.uniform(-9, 12, (1, 50, 2))
    options = {"kernel": name, "boundary": boundary, "fill_value": -3.7, "frame": "pixel"}
    out = wk.grid_sample(np.full((1, 1, 4, 5), -3.7), grid, **options)
    np.testing.assert_allclose(out, -3.7, rtol=4e-15)


@every_kernel
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_strange_coordinates(name, boundary):
    """NaN, infinite, huge: what the rules of sampling say, whatever the kernel."""
    image = np.array([[[3.0, 5.0, 4.0]]])
    x = np.array([np.nan, np.inf, -np.inf, 1e300, -(2.0**60)])
    grid = x[None, :, None]
    options = {"kernel": name, "boundary": boundary, "fill_value": 7.0, "frame": "pixel"}
    out = wk.grid_sample(image, grid, **options)[0, 0]
    _, ct_grid = wk.grid_sample.vjp(np.ones((1, 1, 5)), image, grid, **options)
    nan = np.nan
    expected = {"constant": [nan, 7, 7, 7, 7], "border": [nan, 4, 3, 4, 3]}.get(boundary, [nan] * 5)
    np.testing.assert_allclose(out, expected, rtol=1e-15)
    np.testing.assert_allclose(ct_grid[0, :, 0], np.where(np.isnan(expected), nan, 0), atol=1e-15)


@every_kernel
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_boundaries_are_those_of_padding(name, boundary):
    """An image padded by its own rule gives the same values: all that a tap outside can read."""
    modes = dict(zip(BOUNDARIES, ("constant", "edge", "symmetric", "reflect", "wrap"), strict=True))
    rng = np.random.default_rng(6)
    image, grid = rng.standard_normal((1, 1, 4, 5)), rng.uniform(-5, 8, (1, 60, 2))
    fill = {"constant_values": 0.5} if boundary == "constant" else {}
    padded = np.pad(image, ((0, 0), (0, 0), (9, 9), (9, 9)), mode=modes[boundary], **fill)
    out = wk.grid_sample(image, grid, kernel=name, boundary=boundary, fill_value=0.5, frame="pixel")
    expected = wk.grid_sample(padded, grid + 9, kernel=name, frame="pixel")
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-13)


def test_mixed_derivatives_of_a_separable_image():
    """On a product of polynomials of degree 2 the cubic kernel's slopes are the polynomials' own."""
    y, x = np.indices((6, 7)).astype(np.float64)
    image = ((x - 2) ** 2 * (y + 1))[None, None]
    px, py = 2.3, 3.6
    exact = {(1, 0): 2 * (px - 2) * (py + 1), (0, 1): (px - 2) ** 2, (1, 1): 2 * (px - 2)}
    for derivative, value in exact.items():
        found = wk.grid_sample(
            image, np.array([[[px, py]]]), kernel="cubic", frame="pixel", derivative=derivative
        )
        assert found.item() == pytest.approx(value, rel=1e-13)


def test_every_pair_of_kernel_and_integer_image():
    """Computed in float32, rounded half to even, saturated: an overshoot does not wrap around."""
    image = np.array([[[0, 0, 255, 255]]], np.uint8)
    for name, x in itertools.product(NAMES, (0.25, 0.75, 1.5, 2.25)):
        options = {"kernel": name, "boundary": "border", "frame": "pixel"}
        found = wk.grid_sample(image, np.array([[[x]]]), **options)
        exact = wk.grid_sample(image.astype(np.float32), np.array([[[x]]]), **options)
        assert found.dtype == np.uint8
        assert found.item() == np.clip(np.rint(exact.item()), 0, 255)
