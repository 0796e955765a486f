import numpy as np
import pytest

from warpkit.datasets import CONTROL_POINTS, bend
from warpkit.warping import warp_affine


def test_sigma_0_is_the_identity_bit_for_bit():
    images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    out, theta = bend(images, np.random.default_rng(0), sigma=0, scale=(1, 1))
    assert out.tobytes() == images.tobytes()
    np.testing.assert_array_equal(theta, np.broadcast_to(CONTROL_POINTS, (3, 16, 2)))


def test_control_points():
    assert CONTROL_POINTS.shape == (16, 2)
    np.testing.assert_allclose(
        CONTROL_POINTS[:5], [[-1, -1], [-1 / 3, -1], [1 / 3, -1], [1, -1], [-1, -1 / 3]]
    )


def test_points_move_by_sigma_pixels():
    _, theta = bend(np.zeros((500, 1, 14, 28), np.float32), np.random.default_rng(0), scale=(1, 1))
    pixels = (theta - CONTROL_POINTS) * [14, 7]
    assert pixels.mean() == pytest.approx(0, abs=0.05)
    assert pixels[..., 0].std() == pytest.approx(1.5, abs=0.05)
    assert pixels[..., 1].std() == pytest.approx(1.5, abs=0.05)


def test_an_image_becomes_smaller():
    """By 0.75 to 1, about its middle: what was at its edge is at that share of the way there."""
    images = np.random.default_rng(0).random((400, 1, 28, 28), np.float32)
    out, theta = bend(images, np.random.default_rng(1), sigma=0)
    scales = 1 / theta[:, -1, 0]
    np.testing.assert_allclose(theta, CONTROL_POINTS / scales[:, None, None])
    np.testing.assert_allclose([scales.min(), scales.max(), scales.mean()], [0.75, 1, 0.875], atol=0.01)
    diagonal = np.eye(2, 3) / scales[:, None, None]
    np.testing.assert_allclose(out, warp_affine(images, diagonal), atol=1e-5)


def test_moves_are_of_the_scaled_image():
    options = {"sigma": 1.5, "scale": (0.8, 0.8)}
    image = np.zeros((1, 1, 28, 28), np.float32)
    _, theta = bend(image, np.random.default_rng(2), **options)
    _, unscaled = bend(image, np.random.default_rng(2), **(options | {"scale": (1.0, 1.0)}))
    np.testing.assert_allclose(theta, unscaled / 0.8)


@pytest.mark.parametrize("scale", [(0.0, 1.0), (1.0, 0.5)])
def test_wrong_scale(scale):
    with pytest.raises(ValueError, match="scale: expected"):
        bend(np.zeros((1, 1, 4, 4), np.float32), np.random.default_rng(0), scale=scale)
