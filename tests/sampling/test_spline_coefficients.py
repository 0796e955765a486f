"""The prefilter of B-splines: sampled at the pixels, its coefficients are the image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates, spline_filter1d

import warpkit as wk
from warpkit.sampling import BOUNDARIES
from warpkit.sampling.kernels import SamplingKernel, _kernel
from warpkit.testing import check_op

SPLINES = {"bspline2": 2, "bspline3": 3}
SCIPY_MODES = {"mirror": "mirror", "reflect": "reflect", "wrap": "grid-wrap"}
"""Those of SciPy's boundaries that its prefilter solves for; it pads the image under others."""

every_spline = pytest.mark.parametrize("kernel", SPLINES)
every_boundary = pytest.mark.parametrize("boundary", BOUNDARIES)


def sampling_matrix(kernel, boundary, length):
    """Column j is what a single coefficient 1 at pixel j looks like at the pixel centres."""
    impulses = np.eye(length)[:, None]
    grid = wk.identity_grid((length,), "pixel")
    return wk.grid_sample(impulses, grid, kernel=kernel, boundary=boundary, frame="pixel")[:, 0].T


@every_spline
@every_boundary
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-6), (np.float64, 4e-15)])
@pytest.mark.parametrize("shape", [(1,), (2,), (3,), (17,), (4, 5), (1, 6), (2, 3, 4)])
def test_interpolation(kernel, boundary, dtype, tolerance, shape):
    """The image comes back at its pixels, for axes of every length: also where rules meet themselves."""
    image = np.random.default_rng(0).standard_normal((2, 3, *shape)).astype(dtype)
    options = {"kernel": kernel, "boundary": boundary}
    coefficients = wk.spline_coefficients(image, **options)
    assert coefficients.dtype == dtype
    found = wk.grid_sample(coefficients, wk.identity_grid(shape, "pixel"), frame="pixel", **options)
    np.testing.assert_allclose(found, image, rtol=0, atol=tolerance)


@every_spline
@every_boundary
@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_dense_solution(kernel, boundary, length):
    """The matrix of sampling at pixel centres, as sampling itself gives it, and NumPy's solution."""
    image = np.random.default_rng(1).standard_normal((1, 2, length))
    expected = np.linalg.solve(sampling_matrix(kernel, boundary, length), image[0].T).T
    found = wk.spline_coefficients(image, kernel=kernel, boundary=boundary)
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-14)


@every_spline
@pytest.mark.parametrize("boundary", SCIPY_MODES)
@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_scipy(kernel, boundary, seed, ndim):
    """The same values as map_coordinates of the same order, inside the image and two periods around it.

    On axes shorter than these SciPy's start of the recursion under "reflect" is an approximation.
    """
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(13, 18, ndim))
    image, lengths = rng.standard_normal(shape), np.array(shape[::-1])
    points = rng.uniform(-2 * lengths, 3 * lengths, (20, ndim))
    options = {"kernel": kernel, "boundary": boundary}
    coefficients = wk.spline_coefficients(image[None, None], **options)
    found = wk.grid_sample(coefficients, points[None], frame="pixel", **options)[0, 0]
    mode = SCIPY_MODES[boundary]
    expected = map_coordinates(image, points.T[::-1], order=SPLINES[kernel], mode=mode)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@every_spline
@pytest.mark.parametrize("boundary", SCIPY_MODES)
def test_scipys_filter(kernel, boundary):
    image = np.random.default_rng(2).standard_normal((1, 1, 40))
    found = wk.spline_coefficients(image, kernel=kernel, boundary=boundary)
    expected = spline_filter1d(image, SPLINES[kernel], mode=SCIPY_MODES[boundary])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@every_spline
@every_boundary
@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (3, 4), (2, 3, 2)])
def test_derivatives(kernel, boundary, shape):
    """Among them that the vjp is the exact adjoint, and that it is an op."""
    image = np.random.default_rng(3).standard_normal((2, 1, *shape))
    check_op(wk.spline_coefficients, image, kernel=kernel, boundary=boundary)


@every_spline
@every_boundary
def test_gradient_through_interpolation(kernel, boundary):
    """Coefficients, then values between pixels: what a registration differentiates."""
    rng = np.random.default_rng(4)
    image, grid = rng.standard_normal((1, 1, 4, 5)), rng.uniform(0, 3, (1, 6, 2))
    ct_out = rng.standard_normal((1, 1, 6))
    options = {"kernel": kernel, "boundary": boundary}

    def value(image):
        coefficients = wk.spline_coefficients(image, **options)
        return (wk.grid_sample(coefficients, grid, frame="pixel", **options) * ct_out).sum()

    _, gradient = wk.value_and_grad(value)(image)
    for index in np.ndindex(image.shape):  # linear: the difference of two values is the derivative
        impulse = np.zeros_like(image)
        impulse[index] = 1
        assert gradient[index] == pytest.approx(value(impulse), rel=1e-12, abs=1e-14)


@every_spline
def test_polynomials(kernel):
    """Reproduced up to the degree of the spline, where the boundary is far, with all derivatives."""
    degree, length = SPLINES[kernel], 80
    x = np.arange(float(length)) - length / 2
    image = np.stack([x**power for power in range(degree + 1)])[None]
    options = {"kernel": kernel, "boundary": "mirror"}
    coefficients = wk.spline_coefficients(image, **options)
    at = np.array([-1.7, -0.5, 0.0, 0.3, 1.0, 2.5])
    for order in range(degree + 1):
        found = wk.grid_sample(
            coefficients, (at + length / 2)[None, :, None], frame="pixel", derivative=(order,), **options
        )
        for power in range(degree + 1):
            expected = np.polynomial.Polynomial.basis(power).deriv(order)(at)
            np.testing.assert_allclose(found[0, power], expected, rtol=0, atol=2e-8)


@every_boundary
def test_fill_values(boundary):
    """Splines add up to 1: a fill value is subtracted before, and added after."""
    image = np.random.default_rng(5).standard_normal((1, 1, 6))
    options = {"kernel": "bspline3", "boundary": boundary}
    coefficients = 2.5 + wk.spline_coefficients(image - 2.5, **options)
    grid = wk.identity_grid((6,), "pixel")
    found = wk.grid_sample(coefficients, grid, frame="pixel", fill_value=2.5, **options)
    np.testing.assert_allclose(found, image, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "cubic_sharp"])
@every_boundary
def test_interpolating_kernels_need_none(kernel, boundary):
    image = np.random.default_rng(6).standard_normal((1, 2, 3, 4))
    np.testing.assert_array_equal(wk.spline_coefficients(image, kernel=kernel, boundary=boundary), image)


def test_float16_is_computed_in_float32():
    image = np.random.default_rng(7).standard_normal((1, 1, 9)).astype(np.float16)
    options = {"kernel": "bspline3", "boundary": "wrap"}
    expected = wk.spline_coefficients(image.astype(np.float32), **options).astype(np.float16)
    np.testing.assert_array_equal(wk.spline_coefficients(image, **options), expected)


@every_boundary
def test_empty(boundary):
    for shape in [(0, 2, 4), (2, 0, 4), (1, 1, 0), (1, 1, 3, 0)]:
        found = wk.spline_coefficients(np.ones(shape), kernel="bspline3", boundary=boundary)
        assert found.shape == shape


def test_another_symmetric_kernel(monkeypatch):
    """The system is made of the kernel's own weights: any that reads a pixel and its neighbours will do."""

    def weights(t, order):
        return [(1 - t) / 8, (7 - 6 * t) / 8, (1 + 6 * t) / 8, t / 8] if order == 0 else None

    monkeypatch.setitem(_kernel._kernels, "smooth", SamplingKernel("smooth", 4, weights))
    image = np.random.default_rng(8).standard_normal((1, 1, 7))
    options = {"kernel": "smooth", "boundary": "border"}
    coefficients = wk.spline_coefficients(image, **options)
    found = wk.grid_sample(coefficients, wk.identity_grid((7,), "pixel"), frame="pixel", **options)
    np.testing.assert_allclose(found, image, atol=1e-14)


@pytest.mark.parametrize("at_pixel", [(1, 1, 1), (0.1, 0.8, 0.2), (0.1, 0.1, 0.6, 0.1, 0.1)])
def test_kernels_that_cannot_be_solved_for(monkeypatch, at_pixel):
    """Singular, not symmetric, too wide."""
    kernel = SamplingKernel("other", len(at_pixel), lambda t, order: [t + w for w in at_pixel])
    monkeypatch.setitem(_kernel._kernels, "other", kernel)
    with pytest.raises(ValueError, match=r"kernel: expected a symmetric one .* given 'other'"):
        wk.spline_coefficients(np.ones((1, 1, 5)), kernel="other", boundary="border")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": np.ones((4, 5))}, ValueError, r"image: expected shape \(n, c, \*spatial\) .* \(4, 5\)"),
        ({"image": np.ones((1, 1, 4), np.uint8)}, TypeError, "image: expected a floating dtype, .* uint8"),
        ({"kernel": "spline"}, ValueError, "kernel: expected one of 'bspline2', .* given 'spline'"),
        ({"boundary": "zeros"}, ValueError, "boundary: expected one of 'constant', .* given 'zeros'"),
    ],
)
def test_errors(change, error, message):
    arguments = {"image": np.ones((1, 1, 4, 5)), "kernel": "bspline3", "boundary": "wrap"}
    with pytest.raises(error, match=message):
        wk.spline_coefficients(**arguments | change)
