"""The fused spline warp, and the warp by a displacement, against grid and sample; bad input."""

import numpy as np
import pytest
from skimage import transform as skimage_transform

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid
from warpkit.warping._warp_tps import warp_field

each_ndim = pytest.mark.parametrize("ndim", [2, 3])
each_frame = pytest.mark.parametrize("frame", FRAMES)
SHAPES = {2: ((9, 7), (6, 8)), 3: ((5, 6, 4), (4, 3, 7))}


def spline(rng, n, ndim, frame):
    """Control points all over the output, and where they lie in the input."""
    points = identity_grid((3,) * ndim, "corners").reshape(-1, ndim)
    if frame == "pixel":
        points = (points + 1) * 3
    return points + rng.uniform(-0.2, 0.2, (n, *points.shape)), points


@each_ndim
@each_frame
@pytest.mark.parametrize("regularization", [0.0, 0.1])
def test_is_grid_and_sample(ndim, frame, regularization):
    rng = np.random.default_rng(0)
    shape, out_shape = SHAPES[ndim]
    image = rng.standard_normal((2, 3, *shape))
    theta, points = spline(rng, 2, ndim, frame)
    grid = wk.tps_grid(theta, points, out_shape, regularization, frame=frame)
    expected = wk.grid_sample(image, grid, frame=frame, boundary="mirror")
    out = wk.warp_tps(image, theta, points, out_shape, regularization, frame=frame, boundary="mirror")
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12 if frame == "pixel" else 1e-11)


@pytest.mark.filterwarnings("ignore:.*SciPy 1.18.0:DeprecationWarning")  # what scikit-image calls
def test_against_scikit_image():
    """Its spline has no regularisation and is estimated from the output's points to the input's."""
    rng = np.random.default_rng(1)
    image = rng.standard_normal((9, 7))
    theta, points = spline(rng, 1, 2, "pixel")
    inverse_map = skimage_transform.ThinPlateSplineTransform.from_estimate(points, theta[0])
    expected = skimage_transform.warp(image, inverse_map, output_shape=(7, 7), order=1, mode="edge")
    out = wk.warp_tps(image[None, None], theta, points, (7, 7), frame="pixel", boundary="border")
    np.testing.assert_allclose(out[0, 0], expected, rtol=0, atol=1e-5)  # its system is in float32


@each_ndim
def test_gradient_of_theta(ndim):
    rng = np.random.default_rng(2)
    shape, out_shape = SHAPES[ndim]
    image = rng.standard_normal((2, 2, *shape))
    theta, points = spline(rng, 2, ndim, "normalized")
    ct_out = rng.standard_normal((2, 2, *out_shape))
    options = {"shape": out_shape, "boundary": "border"}
    ct_theta = wk.warp_tps.vjp(ct_out, image, theta, points, needs=(False, True, False), **options)[1]
    step = 1e-7
    for index in list(np.ndindex(theta.shape))[::5]:
        change = np.zeros_like(theta)
        change[index] = step
        plus, minus = (wk.warp_tps(image, theta + sign * change, points, **options) for sign in (1, -1))
        difference = ((plus - minus) * ct_out).sum() / (2 * step)
        assert ct_theta[index] == pytest.approx(difference, rel=1e-6, abs=1e-6)


def test_batches_broadcast():
    rng = np.random.default_rng(3)
    image = rng.standard_normal((3, 2, 5, 6))
    theta, points = spline(rng, 3, 2, "normalized")
    together = wk.warp_tps(image, theta, points)
    for i in range(3):
        alone = wk.warp_tps(image[i : i + 1], theta[i : i + 1], points)
        np.testing.assert_allclose(together[i], alone[0], rtol=1e-12, atol=1e-13)
    assert wk.warp_tps(image[:1], theta, points).shape == (3, 2, 5, 6)
    assert wk.warp_tps(image, theta[:1], points).shape == (3, 2, 5, 6)
    assert wk.warp_tps(image[:1], theta[:0], points).shape == (0, 2, 5, 6)


def test_nan_gives_nan():
    theta, points = spline(np.random.default_rng(4), 1, 2, "normalized")
    theta[0, 0] = np.nan
    assert np.isnan(wk.warp_tps(np.ones((1, 1, 3, 3)), theta, points)).all()


@each_ndim
@each_frame
def test_warp_field_is_grid_and_sample(ndim, frame):
    rng = np.random.default_rng(5)
    shape, out_shape = SHAPES[ndim]
    image = rng.standard_normal((2, 3, *shape))
    field = rng.uniform(-0.3, 0.3, (2, *out_shape, ndim))
    options = {"kernel": "linear", "boundary": "wrap", "fill_value": 0.0}
    expected = wk.grid_sample(image, wk.displacement_grid(field, frame=frame), frame=frame, **options)
    out = warp_field(image, field, frame, options)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12 if frame == "pixel" else 1e-11)


def test_bad_arguments():
    image = np.zeros((1, 1, 4, 5))
    theta, points = spline(np.random.default_rng(6), 1, 2, "normalized")
    with pytest.raises(ValueError, match="regularization: expected a number of at least 0, given -1"):
        wk.warp_tps(image, theta, points, None, -1.0)
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 9, 2\), as control_points"):
        wk.warp_tps(image, theta[:, :5], points)
    with pytest.raises(ValueError, match=r"control_points: expected shape \(k, 2\) or \(k, 3\)"):
        wk.warp_tps(image, theta, points[None])
    with pytest.raises(ValueError, match="image: expected shape"):
        wk.warp_tps(image[0], theta, points)
    line = np.stack([np.arange(9.0), 2 * np.arange(9.0)], axis=1)
    with pytest.raises(ValueError, match=r"the points nearly lie on a line \(condition number .*e\+1"):
        wk.warp_tps(image, theta, line)
    with pytest.raises(ValueError, match=r"points 0 and 3 coincide \(condition number"):
        wk.warp_tps(image, theta, points[[0, 1, 2, 0, 4, 5, 6, 7, 8]])
