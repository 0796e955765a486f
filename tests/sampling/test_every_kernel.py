"""Pull, push and warps with every kernel: derivatives, boundaries, strange input, kernels of users."""

import itertools

import numpy as np
import pytest
from scipy.interpolate import BSpline

import warpkit as wk
from warpkit.sampling import BOUNDARIES
from warpkit.sampling.kernels import _kernel
from warpkit.testing import check_op

NAMES = ("bspline2", "bspline3", "cubic", "cubic_sharp", "linear", "nearest")
INTERPOLATING = ("cubic", "cubic_sharp", "linear", "nearest")

every_kernel = pytest.mark.parametrize("name", NAMES)
# Derivatives by the linear kernel, and zeros by "nearest", are tested with each op.
smooth_kernel = pytest.mark.parametrize("name", ["bspline2", "bspline3", "cubic", "cubic_sharp"])


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


def test_a_kernel_of_ones_own(monkeypatch):
    """The B-spline of order 4, on five taps, by SciPy: all ops take it by its name, and differentiate it."""
    monkeypatch.setattr(_kernel, "_kernels", dict(_kernel._kernels))
    element = BSpline.basis_element(np.arange(6) - 2.5, extrapolate=False)

    def weights(t, order):
        if order > 4:
            return None
        return [np.nan_to_num(element(t - k, nu=order)).astype(t.dtype) for k in range(-2, 3)]

    kernel = wk.register_kernel(wk.SamplingKernel("bspline4", 5, weights))
    assert kernel.offsets == range(-2, 3)
    rng = np.random.default_rng(7)
    shape = (4, 5)
    image, grid = rng.standard_normal((2, 2, *shape)), smooth_points(rng, shape, 4)
    for boundary in BOUNDARIES:
        options = {"kernel": "bspline4", "boundary": boundary, "frame": "pixel"}
        check_op(wk.grid_sample, image, grid, **options)
        check_op(wk.grid_push, rng.standard_normal((2, 2, 4)), grid, shape, **options)
    constant = wk.grid_sample(np.ones_like(image), grid, kernel="bspline4", boundary="mirror", frame="pixel")
    np.testing.assert_allclose(constant, 1, rtol=1e-14)
    warped = wk.warp(image, wk.Translation(np.array([[1.0, 0.0]]), frame="pixel"), kernel="bspline4")
    assert warped.shape == image.shape
