"""Projective Gram matrices: the part that they share with affine ones, and their gauge."""

import numpy as np

from warpkit.warping import warp_affine_gram, warp_projective_gram

rng = np.random.default_rng(0)
MOVING, FIXED = rng.standard_normal((1, 2, 9, 8)), rng.standard_normal((1, 2, 7, 10))
WEIGHTS = rng.random((1, 7, 10))


def test_an_affine_homography_has_the_affine_part():
    theta = np.eye(2, 3)[None] + rng.uniform(-0.1, 0.1, (1, 2, 3))
    homography = np.concatenate([theta, [[[0.0, 0.0, 1.0]]]], axis=1)
    found = warp_projective_gram(MOVING, FIXED, WEIGHTS, homography)
    part = [*range(6), 9]
    expected = warp_affine_gram(MOVING, FIXED, WEIGHTS, theta)
    np.testing.assert_allclose(found[:, part][:, :, part], expected, rtol=1e-12, atol=1e-11)


def test_a_multiple_divides_the_jacobian():
    theta = np.eye(3)[None] + rng.uniform(-0.1, 0.1, (1, 3, 3))
    one = warp_projective_gram(MOVING, FIXED, WEIGHTS, theta)
    for factor in (4.0, -0.5):
        scale = np.append(np.full(9, factor), 1.0)
        other = warp_projective_gram(MOVING, FIXED, WEIGHTS, factor * theta)
        np.testing.assert_allclose(other * scale * scale[:, None], one, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(one[0, :, :9] @ theta.reshape(9), 0, atol=1e-10)
