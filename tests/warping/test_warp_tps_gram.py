"""Gram matrices of splines: affine ones where the spline is affine, and linear in the values."""

import numpy as np
import pytest

from warpkit.warping import warp_affine_gram, warp_tps_gram

rng = np.random.default_rng(0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_directions_that_are_affine(ndim):
    """Where all values move by an affine map of the control points, the image moves by that map."""
    shape, out_shape = ((9, 8), (7, 10)) if ndim == 2 else ((6, 7, 8), (5, 6, 7))
    moving, fixed = rng.standard_normal((1, 2, *shape)), rng.standard_normal((1, 2, *out_shape))
    weights = rng.random((1, *out_shape))
    points = rng.uniform(-1, 1, (8, ndim))
    theta = np.eye(ndim, ndim + 1)[None] + rng.uniform(-0.1, 0.1, (1, ndim, ndim + 1))
    homogeneous = np.concatenate([points, np.ones((8, 1))], axis=1)
    values = homogeneous @ theta[0].T
    found = warp_tps_gram(moving, fixed, weights, values[None], points)
    # From affine parameters (i, a) and r to values (k, i) and r.
    by_affine = np.einsum("ka,ij->kija", homogeneous, np.eye(ndim)).reshape(8 * ndim, -1)
    change = np.zeros((8 * ndim + 1, by_affine.shape[1] + 1))
    change[:-1, :-1], change[-1, -1] = by_affine, 1
    expected = warp_affine_gram(moving, fixed, weights, theta)
    np.testing.assert_allclose(change.T @ found[0] @ change, expected[0], rtol=1e-9, atol=1e-8)


def test_degenerate_control_points():
    image, points = np.ones((1, 1, 4, 5)), np.zeros((4, 2))
    with pytest.raises(ValueError, match="control_points: expected points in general position"):
        warp_tps_gram(image, image, np.ones((1, 1, 1)), points[None], points)
