"""The fused projective warp against grid and sample and scikit-image; the horizon; bad input."""

import numpy as np
import pytest
from skimage import transform as skimage_transform

import warpkit as wk
from warpkit.grids import FRAMES
from warpkit.testing import check_op, check_vjp

each_ndim = pytest.mark.parametrize("ndim", [2, 3])
SHAPES = {2: ((9, 7), (6, 8)), 3: ((5, 6, 4), (4, 3, 7))}


def near_identity(rng, n, ndim, frame):
    noise = rng.uniform(-0.15, 0.15, (n, ndim + 1, ndim + 1))
    if frame == "pixel":
        noise[:, -1, :-1] /= 10  # or the horizon is in view
    return np.eye(ndim + 1) + noise


@each_ndim
@pytest.mark.parametrize("frame", FRAMES)
def test_is_grid_and_sample(ndim, frame):
    rng = np.random.default_rng(0)
    shape, out_shape = SHAPES[ndim]
    image, theta = rng.standard_normal((2, 3, *shape)), near_identity(rng, 2, ndim, frame)
    grid = wk.projective_grid(theta, out_shape, frame=frame)
    assert np.isfinite(grid).all()
    expected = wk.grid_sample(image, grid, frame=frame, boundary="mirror")
    out = wk.warp_projective(image, theta, out_shape, frame=frame, boundary="mirror")
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12 if frame == "pixel" else 1e-11)
    for factor in (2.0, -0.5):
        multiple = wk.warp_projective(image, factor * theta, out_shape, frame=frame, boundary="mirror")
        np.testing.assert_array_equal(multiple, out)  # powers of two


@pytest.mark.parametrize(
    ("boundary", "mode"), [("border", "edge"), ("reflect", "symmetric"), ("wrap", "wrap")]
)
def test_against_scikit_image(boundary, mode):
    rng = np.random.default_rng(1)
    image, theta = rng.standard_normal((9, 7)), near_identity(rng, 1, 2, "pixel")
    inverse_map = skimage_transform.ProjectiveTransform(matrix=theta[0])
    expected = skimage_transform.warp(image, inverse_map, output_shape=(6, 8), order=1, mode=mode)
    out = wk.warp_projective(image[None, None], theta, (6, 8), frame="pixel", boundary=boundary)
    np.testing.assert_allclose(out[0, 0], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("frame", ["normalized", "corners"])
def test_affine_rows_are_the_affine_warp(frame):
    rng = np.random.default_rng(2)
    image = rng.standard_normal((1, 1, 6, 7))
    theta = np.eye(3)[None] + np.pad(rng.uniform(-0.3, 0.3, (1, 2, 3)), ((0, 0), (0, 1), (0, 0)))
    out = wk.warp_projective(image, theta, frame=frame)
    np.testing.assert_allclose(out, wk.warp_affine(image, theta[:, :2], frame=frame), rtol=0, atol=1e-13)


def test_derivatives():
    check_op(wk.warp_projective)


@each_ndim
def test_gradient_of_theta(ndim):
    rng = np.random.default_rng(3)
    shape, out_shape = SHAPES[ndim]
    image, theta = rng.standard_normal((2, 2, *shape)), near_identity(rng, 2, ndim, "normalized")
    ct_out = rng.standard_normal((2, 2, *out_shape))
    options = {"shape": out_shape, "boundary": "border"}
    ct_theta = wk.warp_projective.vjp(ct_out, image, theta, needs=(False, True), **options)[1]
    step = 1e-7
    for index in np.ndindex(theta.shape):
        change = np.zeros_like(theta)
        change[index] = step
        plus, minus = (wk.warp_projective(image, theta + sign * change, **options) for sign in (1, -1))
        difference = ((plus - minus) * ct_out).sum() / (2 * step)
        assert ct_theta[index] == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("frame", FRAMES)
def test_beyond_the_horizon(frame):
    """Where w <= 0: outside, with zero gradient for image and theta."""
    image = np.ones((1, 1, 4, 8))
    theta = np.eye(3)[None].copy()
    # w = 1 - a x is zero or negative in the right quarter of the image.
    theta[0, 2, 0] = {"normalized": -2.0, "corners": -2.0, "pixel": -1 / 6}[frame]
    x = wk.identity_grid((4, 8), frame)[0, ..., 0]
    beyond = (1 + theta[0, 2, 0] * x) <= 0
    assert 0 < beyond.sum() < beyond.size
    out = wk.warp_projective(image, theta, frame=frame, fill_value=7.0)
    assert (out[0, 0][beyond] == 7).all()
    border = wk.warp_projective(image, theta, frame=frame, boundary="border")
    assert (border == 1).all()
    ct_out = beyond.astype(float)[None, None]
    ct_image, ct_theta = wk.warp_projective.vjp(ct_out, image, theta, frame=frame, fill_value=7.0)
    assert (ct_image == 0).all()
    assert (ct_theta == 0).all()


def test_batches_broadcast():
    rng = np.random.default_rng(4)
    image, theta = rng.standard_normal((3, 2, 5, 6)), near_identity(rng, 3, 2, "normalized")
    together = wk.warp_projective(image, theta)
    for i in range(3):
        np.testing.assert_array_equal(together[i], wk.warp_projective(image[i : i + 1], theta[i : i + 1])[0])
    check_vjp(wk.warp_projective, image[:1], theta)
    check_vjp(wk.warp_projective, image, theta[:1])
    assert wk.warp_projective(image[:0], theta[:1]).shape == (0, 2, 5, 6)


def test_nan_gives_nan():
    theta = np.eye(3)[None].copy()
    theta[0, 2, 2] = np.nan
    assert np.isnan(wk.warp_projective(np.ones((1, 1, 3, 3)), theta)).all()


def test_bad_arguments():
    image, theta = np.zeros((1, 1, 4, 5)), np.eye(3)[None]
    with pytest.raises(
        ValueError, match=r"theta: expected shape \(n, 3, 3\) in 2D, .* given shape \(1, 2, 3\)"
    ):
        wk.warp_projective(image, theta[:, :2])
    with pytest.raises(ValueError, match="image: expected shape"):
        wk.warp_projective(image, np.eye(4)[None])
    with pytest.raises(ValueError, match="shape: expected 2 lengths"):
        wk.warp_projective(image, theta, (3,))
    with pytest.raises(TypeError, match="theta: expected a floating dtype"):
        wk.warp_projective(image, theta.astype(np.int64))
