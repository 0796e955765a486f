"""Affine grids and points against the obvious loops; bad input."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid
from warpkit.testing import check_op
from warpkit.transforms import affine_points, homogeneous_grid


def coordinate(i, length, frame):
    """The table of frames, once more."""
    if frame == "pixel":
        return float(i)
    if frame == "normalized":
        return (2 * i + 1) / length - 1
    return 2 * i / (length - 1) - 1 if length > 1 else 0.0


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("shape", [(4,), (3, 5), (1, 4), (2, 3, 4)])
def test_affine_grid(frame, shape):
    rng = np.random.default_rng(0)
    ndim = len(shape)
    theta = rng.standard_normal((2, ndim, ndim + 1))
    grid = wk.affine_grid(theta, shape, frame=frame)
    assert grid.shape == (2, *shape, ndim)
    for n in range(2):
        for index in np.ndindex(*shape):
            p = [coordinate(i, length, frame) for i, length in zip(index[::-1], shape[::-1], strict=True)]
            expected = [
                sum(theta[n, i, j] * p[j] for j in range(ndim)) + theta[n, i, -1] for i in range(ndim)
            ]
            np.testing.assert_allclose(grid[(n, *index)], expected, rtol=1e-13, atol=1e-13)


def test_affine_points():
    rng = np.random.default_rng(1)
    theta, points = rng.standard_normal((3, 3, 4)), rng.standard_normal((3, 5, 3))
    out = affine_points(theta, points)
    for n in range(3):
        for m in range(5):
            expected = theta[n, :, :3] @ points[n, m] + theta[n, :, 3]
            np.testing.assert_allclose(out[n, m], expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_array_equal(
        affine_points(theta[:1], points)[2], affine_points(theta[:1], points[2:])[0]
    )
    np.testing.assert_array_equal(
        affine_points(theta, points[:1])[2], affine_points(theta[2:], points[:1])[0]
    )


def test_homogeneous_grid_is_the_rows():
    theta = np.random.default_rng(2).standard_normal((2, 3, 3))
    grid = homogeneous_grid(theta, (3, 4))
    np.testing.assert_array_equal(grid[..., :2], wk.affine_grid(theta[:, :2], (3, 4)))
    np.testing.assert_array_equal(grid[..., 2:], wk.affine_grid(theta[:, 1:], (3, 4))[..., 1:])


@pytest.mark.parametrize("op", [wk.affine_grid, affine_points, homogeneous_grid], ids=lambda op: op.name)
def test_derivatives(op):
    check_op(op)


@pytest.mark.parametrize("frame", FRAMES)
def test_identity_is_the_identity_grid(frame):
    theta = np.eye(2, 3)[None]
    np.testing.assert_array_equal(wk.affine_grid(theta, (5, 7), frame=frame), identity_grid((5, 7), frame))


def test_rounded_once():
    """A float32 theta is computed in float64."""
    theta = np.random.default_rng(3).standard_normal((1, 2, 3)).astype(np.float32)
    grid = wk.affine_grid(theta, (50, 60))
    assert grid.dtype == np.float32
    np.testing.assert_array_equal(grid, wk.affine_grid(theta.astype(np.float64), (50, 60)).astype(np.float32))


def test_nan_and_empty():
    theta = np.eye(2, 3)[None].copy()
    theta[0, 0, 0] = np.nan
    grid = wk.affine_grid(theta, (2, 3))
    assert np.isnan(grid[..., 0]).all()
    assert np.isfinite(grid[..., 1]).all()
    assert wk.affine_grid(theta[:0], (2, 3)).shape == (0, 2, 3, 2)
    assert wk.affine_grid(theta, (0, 3)).shape == (1, 0, 3, 2)
    assert wk.affine_grid.vjp(np.zeros((1, 0, 3, 2)), theta, (0, 3))[0].shape == theta.shape


def test_bad_arguments():
    theta = np.eye(2, 3)[None]
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 2, 3\)"):
        wk.affine_grid(theta[0], (2, 3))
    with pytest.raises(ValueError, match=r"theta: .* given shape \(1, 2, 4\)"):
        wk.affine_grid(np.zeros((1, 2, 4)), (2, 3))
    with pytest.raises(ValueError, match="shape: expected 2 lengths"):
        wk.affine_grid(theta, (2, 3, 4))
    with pytest.raises(ValueError, match=r"shape: expected lengths of at least 0, given \(2, -3\)"):
        wk.affine_grid(theta, (2, -3))
    with pytest.raises(TypeError, match="shape: expected integers"):
        wk.affine_grid(theta, (2, 3.0))
    with pytest.raises(TypeError, match="theta: expected a floating dtype"):
        wk.affine_grid(theta.astype(int), (2, 3))
    with pytest.raises(TypeError, match=r"theta: expected real numbers .*given dtype object"):
        wk.affine_grid(theta.astype(object), (2, 3))
    with pytest.raises(ValueError, match="frame: expected one of"):
        wk.affine_grid(theta, (2, 3), frame="ndc")
    with pytest.raises(ValueError, match=r"points: expected shape \(n, m, 2\)"):
        affine_points(theta, np.zeros((1, 4, 3)))
    with pytest.raises(ValueError, match="points: expected a batch of 2"):
        affine_points(np.tile(theta, (2, 1, 1)), np.zeros((3, 4, 2)))
