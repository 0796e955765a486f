"""Thin-plate splines against SciPy's RBFInterpolator and scikit-image's; bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RBFInterpolator
from skimage.transform import ThinPlateSplineTransform

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid
from warpkit.transforms import tps_coefficients, tps_displacement, tps_points


def draw(rng, ndim, k=12, size=1.0, n=2):
    points = rng.uniform(-size, size, (k, ndim))
    return points + size * rng.uniform(-0.3, 0.3, (n, k, ndim)), points


def scipy_spline(theta, points, at, regularization):
    """SciPy's kernels: r^2 log r, and "linear", which is -r; a polynomial of degree 1 in both."""
    kernel = "thin_plate_spline" if points.shape[1] == 2 else "linear"
    return RBFInterpolator(points, theta, smoothing=regularization, kernel=kernel, degree=1)(at)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("regularization", [0.0, 1e-3, 0.5, 100.0])
@pytest.mark.parametrize("size", [0.01, 1.0, 500.0])
def test_against_scipy(ndim, regularization, size):
    """Regularisation in the same units, at any scale of the coordinates."""
    rng = np.random.default_rng(0)
    theta, points = draw(rng, ndim, size=size)
    at = size * rng.uniform(-1.5, 1.5, (30, ndim))
    out = tps_points(theta, points, at[None], regularization)
    for n in range(2):
        expected = scipy_spline(theta[n], points, at, regularization)
        np.testing.assert_allclose(out[n], expected, rtol=0, atol=1e-9 * size)


@given(seed=st.integers(0, 2**32 - 1), ndim=st.sampled_from([2, 3]), k=st.integers(5, 20))
def test_against_scipy_drawn(seed, ndim, k):
    rng = np.random.default_rng(seed)
    theta, points = draw(rng, ndim, k, n=1)
    at = rng.uniform(-1, 1, (5, ndim))
    condition_number = wk.tps_system(points).condition_number
    expected = scipy_spline(theta[0], points, at, 0.0)
    np.testing.assert_allclose(
        tps_points(theta, points, at[None])[0], expected, rtol=0, atol=1e-14 * max(condition_number, 1e4)
    )


@pytest.mark.filterwarnings("ignore:.*SciPy 1.18.0:DeprecationWarning")  # what scikit-image calls
def test_against_scikit_image():
    """Which solves in float32: the spline is the same up to that."""
    rng = np.random.default_rng(1)
    theta, points = draw(rng, 2, n=1)
    at = rng.uniform(-1, 1, (30, 2))
    expected = ThinPlateSplineTransform.from_estimate(points, theta[0])(at)
    np.testing.assert_allclose(tps_points(theta, points, at[None])[0], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("frame", FRAMES)
def test_grid_is_the_map_of_pixel_centres(ndim, frame):
    theta, points = draw(np.random.default_rng(2), ndim)
    shape = (3, 4, 2)[:ndim]
    grid = wk.tps_grid(theta, points, shape, 0.1, frame=frame)
    centres = identity_grid(shape, frame).reshape(1, -1, ndim)
    np.testing.assert_allclose(
        grid.reshape(2, -1, ndim), tps_points(theta, points, centres, 0.1), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("ndim", [2, 3])
def test_interpolates(ndim):
    theta, points = draw(np.random.default_rng(3), ndim)
    np.testing.assert_allclose(tps_points(theta, points, points[None]), theta, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_affine_values_give_an_affine_map(ndim):
    """Whatever the regularisation: an affine map does not bend."""
    rng = np.random.default_rng(4)
    _, points = draw(rng, ndim)
    matrix, offset = rng.standard_normal((ndim, ndim)), rng.standard_normal(ndim)
    at = rng.uniform(-3, 3, (1, 20, ndim))
    out = tps_points((points @ matrix.T + offset)[None], points, at, 0.7)
    np.testing.assert_allclose(out, at @ matrix.T + offset, rtol=0, atol=1e-11)
    coefficients = tps_coefficients((points @ matrix.T + offset)[None], points, 0.7)
    np.testing.assert_allclose(coefficients[:, : len(points)], 0, atol=1e-11)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("frame", FRAMES)
def test_identity_is_exact(ndim, frame):
    _, points = draw(np.random.default_rng(5), ndim)
    assert (tps_coefficients(points[None], points) == 0).all()
    shape = (5, 7, 3)[:ndim]
    np.testing.assert_array_equal(
        wk.tps_grid(points[None], points, shape, frame=frame), identity_grid(shape, frame)
    )


def test_derivative_at_a_control_point():
    """r^2 log r is smooth enough there: a zero slope, as its neighbourhood says."""
    theta, points = draw(np.random.default_rng(6), 2, n=1)
    ct = np.random.default_rng(7).standard_normal((1, 12, 2))
    ct_points = tps_points.vjp(ct, theta, points, points[None], needs=(False, False, True))[2]
    step = 1e-6
    for axis in range(2):
        shift = step * np.eye(2)[axis]
        plus, minus = (tps_points(theta, points, points[None] + sign * shift) for sign in (1, -1))
        difference = ((plus - minus) * ct).sum(axis=2) / (2 * step)
        np.testing.assert_allclose(ct_points[..., axis], difference, rtol=0, atol=1e-4)


def test_nan_and_empty():
    theta, points = draw(np.random.default_rng(8), 2)
    broken = theta.copy()
    broken[0, 3] = np.nan
    grid = wk.tps_grid(broken, points, (2, 3))
    assert np.isnan(grid[0]).all()
    assert np.isfinite(grid[1]).all()
    assert wk.tps_grid(theta[:0], points, (2, 3)).shape == (0, 2, 3, 2)
    assert wk.tps_grid(theta, points, (0, 3)).shape == (2, 0, 3, 2)


def test_bad_arguments():
    theta, points = draw(np.random.default_rng(9), 2)
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 12, 2\), as control_points"):
        wk.tps_grid(theta[:, :4], points, (2, 3))
    with pytest.raises(ValueError, match="shape: expected 2 lengths"):
        wk.tps_grid(theta, points, (2,))
    with pytest.raises(ValueError, match="shape: expected lengths of at least 0"):
        wk.tps_grid(theta, points, (2, -1))
    with pytest.raises(ValueError, match=r"regularization: .* at least 0, given -0\.5"):
        wk.tps_grid(theta, points, (2, 3), -0.5)
    with pytest.raises(ValueError, match="regularization: expected a number of at least 0, given nan"):
        wk.tps_grid(theta, points, (2, 3), np.nan)
    with pytest.raises(TypeError, match="regularization: expected a number"):
        wk.tps_grid(theta, points, (2, 3), "smooth")
    with pytest.raises(TypeError, match="theta: expected a floating dtype"):
        wk.tps_grid(theta.astype(int), points, (2, 3))
    with pytest.raises(ValueError, match=r"points: expected shape \(n, m, 2\)"):
        tps_points(theta, points, np.zeros((1, 4, 3)))
    with pytest.raises(ValueError, match=r"coefficients: expected shape \(n, 15, 2\)"):
        tps_displacement(np.zeros((1, 14, 2)), points, np.zeros((1, 4, 2)))
