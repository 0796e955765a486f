"""Affine Gram matrices in closed form: of images that are linear in x and y."""

import numpy as np

from warpkit.grids import identity_grid
from warpkit.warping import warp_affine_gram


def test_of_a_plane():
    """V(x, y) = 2 x - 3 y everywhere, so that each row of J is (2 p, -3 p) with p = (x, y, 1)."""
    shape = (12, 15)
    y, x = np.mgrid[:12, :15].astype(float)
    moving = (2 * x - 3 * y)[None, None]
    theta = np.array([[[0.5, 0.1, 3.2], [-0.1, 0.4, 4.3]]])
    out_shape = (10, 9)
    p = identity_grid(out_shape, "pixel").reshape(-1, 2)
    mapped = p @ theta[0, :, :2].T + theta[0, :, 2]
    assert (mapped > 0).all()
    assert (mapped < np.array(shape[::-1]) - 1).all()
    values = mapped @ [2, -3]
    homogeneous = np.concatenate([p, np.ones((90, 1))], axis=1)
    z = np.concatenate([2 * homogeneous, -3 * homogeneous, (values - 7)[:, None]], axis=1)
    fixed = np.full((1, 1, *out_shape), 7.0)
    found = warp_affine_gram(moving, fixed, np.ones((1, 1, 1)), theta, frame="pixel")
    np.testing.assert_allclose(found[0], z.T @ z, rtol=1e-11, atol=1e-9)


def test_of_the_identity_there_is_no_residual():
    image = np.random.default_rng(0).standard_normal((1, 2, 9, 8))
    found = warp_affine_gram(image, image, np.ones((1, 9, 8)), np.eye(2, 3)[None])
    assert not found[:, :, -1].any()
    assert (np.diagonal(found[0])[:-1] > 0).all()
