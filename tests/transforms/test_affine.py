"""Affine maps; their laws are in test_laws.py."""

import numpy as np
import pytest
from skimage.transform import AffineTransform

import warpkit as wk


def test_estimate_against_scikit_image():
    rng = np.random.default_rng(0)
    for _ in range(20):
        src = rng.uniform(0, 100, (7, 2))
        dst = wk.Affine.random(rng, 2)(src)[0] + rng.normal(0, 1, src.shape)
        for weights in (None, rng.uniform(0.1, 1, 7)):
            expected = np.linalg.lstsq(
                *(
                    np.sqrt(np.ones(7) if weights is None else weights)[:, None] * x
                    for x in (np.hstack([src, np.ones((7, 1))]), dst)
                ),
                rcond=None,
            )[0].T
            found = wk.Affine.from_points(src, dst, weights)
            np.testing.assert_allclose(found.theta[0], expected, rtol=1e-10, atol=1e-10)
        # scikit-image minimises an algebraic distance, which is the same where three pairs decide.
        exact = AffineTransform.from_estimate(src[:3], dst[:3])
        found = wk.Affine.from_points(src[:3], dst[:3])
        np.testing.assert_allclose(found.theta[0], exact.params[:2], rtol=1e-8, atol=1e-8)


def test_plane_in_3d():
    src = np.random.default_rng(1).uniform(-1, 1, (8, 3))
    src[:, 2] = 0.3
    assert wk.Affine.from_points(src, src).reason == "batch element 0: the source points lie on a plane"


@pytest.mark.parametrize("ndim", [2, 3])
def test_inverse_is_differentiable(ndim):
    rng = np.random.default_rng(2)
    theta = wk.Affine.random(rng, ndim).theta
    variable = wk.Variable(theta)
    weights = rng.standard_normal(theta.shape)
    (ct,) = wk.grad((wk.Affine(variable).inverse().theta * weights).sum(), [variable])
    v, step = rng.standard_normal(theta.shape), 1e-6
    difference = sum(
        sign * (wk.Affine(theta + sign * step * v).inverse().theta * weights).sum() for sign in (1, -1)
    ) / (2 * step)
    assert (ct * v).sum() == pytest.approx(difference, rel=1e-8)


def test_singular():
    theta = np.tile(np.eye(2, 3), (3, 1, 1))
    theta[1, 1] = 2 * theta[1, 0]
    with pytest.raises(
        ValueError, match=r"theta\[1\]: expected an invertible matrix.*\(condition number inf\)"
    ):
        wk.Affine(theta).inverse()


def test_nan_is_inverted_to_nan():
    theta = np.eye(2, 3)[None].copy()
    theta[0, 0, 0] = np.nan
    assert np.isnan(wk.Affine(theta).inverse().theta).any()


def test_pixel_identity_to_other_frames_is_exact():
    for frame in ("normalized", "corners"):
        moved = wk.Affine.identity(2, frame="pixel").to_frame(frame, (7, 300))
        np.testing.assert_array_equal(moved.theta[0], np.eye(2, 3))


def test_identity_of_a_dtype():
    transform = wk.Affine.identity(3, n=2, dtype=np.float32)
    assert transform.theta.dtype == np.float32
    assert transform.theta.shape == (2, 3, 4)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 2, 3\) in 2D, .* given shape \(2, 3\)"):
        wk.Affine(np.eye(2, 3))
    with pytest.raises(TypeError, match="theta: expected a NumPy or CuPy array, or a Variable"):
        wk.Affine([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    with pytest.raises(TypeError, match="theta: expected a floating dtype"):
        wk.Affine(np.eye(2, 3, dtype=object)[None])
    with pytest.raises(TypeError, match="positional"):
        wk.Affine(np.eye(2, 3)[None], "pixel")
