import numpy as np
import pytest

from warpkit.datasets import perturb_corners
from warpkit.datasets._corners import homographies
from warpkit.transforms import projective_points

CORNERS = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def output_corners(theta):
    """Where the input's corners lie in the output."""
    corners = np.broadcast_to(CORNERS, (len(theta), 4, 2))
    return projective_points(np.linalg.inv(theta), corners)


def test_homographies_map_the_points():
    rng = np.random.default_rng(0)
    src = CORNERS + rng.uniform(-0.3, 0.3, (50, 4, 2))
    dst = CORNERS + rng.uniform(-0.3, 0.3, (50, 4, 2))
    theta = homographies(src, dst)
    np.testing.assert_allclose(projective_points(theta, src), dst, atol=1e-12)
    assert (theta[:, 2, 2] == 1).all()


def test_nothing_moves():
    images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    out, theta = perturb_corners(images, np.random.default_rng(0), sigma=0, scale=(1, 1))
    np.testing.assert_allclose(theta, np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-14)
    np.testing.assert_allclose(out, images, atol=1e-5)


def test_scale_alone():
    _, theta = perturb_corners(np.zeros((500, 1, 28, 28), np.float32), np.random.default_rng(0), sigma=0)
    scales = output_corners(theta)[:, 2, 0]
    assert 0.75 <= scales.min() < 0.76
    assert 0.99 < scales.max() <= 1


def test_corners_move_by_sigma():
    images = np.zeros((4000, 1, 28, 28), np.float32)
    _, theta = perturb_corners(images, np.random.default_rng(0), sigma=1, scale=(0.8, 0.8), shape=(28, 56))
    pixels = (output_corners(theta) - 0.8 * CORNERS / [2, 1]) * [28, 14]
    np.testing.assert_allclose(pixels.std(axis=0), 1, atol=0.05)
    np.testing.assert_allclose(pixels.mean(axis=0), 0, atol=0.05)


def test_always_convex():
    _, theta = perturb_corners(np.zeros((2000, 1, 28, 28), np.float32), np.random.default_rng(0), sigma=8)
    corners = np.broadcast_to(CORNERS, (2000, 4, 2))
    homogeneous = np.concatenate([corners, np.ones((2000, 4, 1))], -1) @ np.linalg.inv(theta).swapaxes(1, 2)
    denominators = homogeneous[..., 2] / homogeneous[:, :1, 2]
    assert (denominators > 0).all()  # the image is in front of the viewer


def test_bad_arguments():
    images, rng = np.zeros((2, 1, 28, 28), np.float32), np.random.default_rng(0)
    with pytest.raises(ValueError, match="sigma: expected a finite number of pixels"):
        perturb_corners(images, rng, sigma=-1)
    with pytest.raises(ValueError, match="shape: expected two lengths of at least 1"):
        perturb_corners(images, rng, shape=(0, 28))
