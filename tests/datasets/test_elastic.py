import numpy as np
import pytest

from warpkit.datasets import CONTROL_POINTS, bend


def test_sigma_0_is_the_identity_bit_for_bit():
    images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    out, theta = bend(images, np.random.default_rng(0), sigma=0)
    assert out.tobytes() == images.tobytes()
    np.testing.assert_array_equal(theta, np.broadcast_to(CONTROL_POINTS, (3, 16, 2)))


def test_control_points():
    assert CONTROL_POINTS.shape == (16, 2)
    np.testing.assert_allclose(
        CONTROL_POINTS[:5], [[-1, -1], [-1 / 3, -1], [1 / 3, -1], [1, -1], [-1, -1 / 3]]
    )


def test_points_move_by_sigma_pixels():
    _, theta = bend(np.zeros((500, 1, 14, 28), np.float32), np.random.default_rng(0))
    pixels = (theta - CONTROL_POINTS) * [14, 7]
    assert pixels.mean() == pytest.approx(0, abs=0.05)
    assert pixels[..., 0].std() == pytest.approx(1.5, abs=0.05)
    assert pixels[..., 1].std() == pytest.approx(1.5, abs=0.05)
