"""Projective grids and points against the obvious formula; the horizon; bad input."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid
from warpkit.testing import check_op
from warpkit.transforms import projective_points


def near_identity(rng, n, ndim):
    return np.eye(ndim + 1) + rng.uniform(-0.2, 0.2, (n, ndim + 1, ndim + 1))


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_points(ndim):
    rng = np.random.default_rng(0)
    theta, points = near_identity(rng, 2, ndim), rng.uniform(-1, 1, (2, 5, ndim))
    out = projective_points(theta, points)
    for n in range(2):
        for m in range(5):
            h = theta[n] @ [*points[n, m], 1]
            np.testing.assert_allclose(out[n, m], h[:-1] / h[-1], rtol=1e-13)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 4)])
def test_grid_is_the_map_of_pixel_centres(frame, shape):
    ndim = len(shape)
    theta = near_identity(np.random.default_rng(1), 2, ndim)
    if frame == "pixel":
        theta[:, -1, :-1] /= 10
    grid = wk.projective_grid(theta, shape, frame=frame)
    points = identity_grid(shape, frame).reshape(1, -1, ndim)
    np.testing.assert_allclose(grid.reshape(2, -1, ndim), projective_points(theta, points), rtol=1e-12)


@pytest.mark.parametrize("op", [wk.projective_grid, projective_points], ids=lambda op: op.name)
def test_derivatives(op):
    check_op(op)


@pytest.mark.parametrize("factor", [4.0, -1.0, -0.25])
def test_any_multiple_is_the_same_map(factor):
    theta = near_identity(np.random.default_rng(2), 2, 2)
    np.testing.assert_array_equal(
        wk.projective_grid(factor * theta, (3, 4)), wk.projective_grid(theta, (3, 4))
    )


def test_at_and_beyond_the_horizon():
    """A denominator of zero or less is infinitely far, and has no gradient."""
    theta = np.array([[[1.0, 0.2, 0.1], [0.0, 1.0, 0.3], [1.0, 0.0, 1.0]]])
    points = np.array([[[-0.5, 0.0], [-1.0, 0.5], [-2.0, 0.5]]])  # w = 0.5, 0, -1
    out = projective_points(theta, points)
    assert np.isfinite(out[0, 0]).all()
    assert (out[0, 1:] == np.inf).all()
    ct_theta, ct_points = projective_points.vjp(np.ones((1, 3, 2)), theta, points)
    alone = projective_points.vjp(np.ones((1, 1, 2)), theta, points[:, :1])
    np.testing.assert_array_equal(ct_theta, alone[0])
    np.testing.assert_array_equal(ct_points[:, :1], alone[1])
    assert (ct_points[:, 1:] == 0).all()


def test_nan_and_empty():
    theta = near_identity(np.random.default_rng(3), 1, 2)
    theta[0, 2, 1] = np.nan
    assert np.isnan(wk.projective_grid(theta, (2, 3))).all()
    assert wk.projective_grid(theta[:0], (2, 3)).shape == (0, 2, 3, 2)
    assert wk.projective_grid(theta, (2, 0)).shape == (1, 2, 0, 2)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 3, 3\) in 2D"):
        wk.projective_grid(np.eye(2, 3)[None], (2, 3))
    with pytest.raises(ValueError, match="shape: expected 2 lengths"):
        wk.projective_grid(np.eye(3)[None], (2, 3, 4))
    with pytest.raises(TypeError, match="theta: expected a floating dtype"):
        wk.projective_grid(np.eye(3, dtype=int)[None], (2, 3))
    with pytest.raises(ValueError, match=r"points: expected shape \(n, m, 2\)"):
        projective_points(np.eye(3)[None], np.zeros((1, 4, 3)))


@pytest.mark.parametrize("factor", [-1.0, 2.0, -0.5])
def test_the_sign_where_the_origin_is_on_the_horizon(factor):
    """Also where the denominator is zero at the origin, or along a whole axis."""
    theta = np.stack([np.eye(3)] * 3)
    theta[1, -1] = [0.5, 1.0, 0.0]
    theta[2, -1] = [-1.0, 0.0, 0.0]
    expected = wk.projective_grid(theta, (4, 5))
    assert np.isinf(expected[1:]).any()
    np.testing.assert_array_equal(wk.projective_grid(factor * theta, (4, 5)), expected)
