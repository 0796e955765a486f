import numpy as np
import pytest

from warpkit.datasets import rotate, rotate_by, rotate_scale_translate


@pytest.fixture
def images():
    return np.random.default_rng(0).random((4, 2, 28, 28), np.float32)


def dots(x, y, shape=(28, 28)):
    image = np.zeros((1, 1, *shape), np.float32)
    image[0, 0, y, x] = 1
    return image


def middle(image):
    """Centre of mass as (x, y), from the middle of the frame."""
    y, x = np.indices(image.shape[-2:]) - (np.array(image.shape[-2:]) - 1)[:, None, None] / 2
    return np.array([(image * x).sum(), (image * y).sum()]) / image.sum()


def test_angle_0_is_the_identity_bit_for_bit(images):
    out, theta = rotate_by(images, 0.0)
    assert out.tobytes() == images.tobytes()
    np.testing.assert_array_equal(theta, np.broadcast_to(np.eye(2, 3), (4, 2, 3)))
    assert rotate(images, np.random.default_rng(0), (0, 0))[0].tobytes() == images.tobytes()


@pytest.mark.parametrize("turns", [-1, 1, 2])
def test_quarter_turns_are_counterclockwise(images, turns):
    out, _ = rotate_by(images, 90.0 * turns)
    np.testing.assert_allclose(out, np.rot90(images, turns, axes=(2, 3)), atol=1e-5)


def test_one_angle_each(images):
    angles = np.array([0.0, 10.0, -50.0, 90.0])
    out, theta = rotate_by(images, angles)
    for i, angle in enumerate(angles):
        alone, alone_theta = rotate_by(images[i : i + 1], float(angle))
        np.testing.assert_array_equal(out[i], alone[0])
        np.testing.assert_array_equal(theta[i], alone_theta[0])


def test_angles_are_uniform():
    _, theta = rotate(np.zeros((20000, 1, 1, 1), np.float32), np.random.default_rng(0))
    angles = np.rad2deg(np.arctan2(theta[:, 1, 0], theta[:, 0, 0]))
    assert angles.min() > -90
    assert angles.max() < 90
    counts = np.histogram(angles, 9, (-90, 90))[0]
    assert (abs(counts - 20000 / 9) < 5 * np.sqrt(20000 / 9)).all()


def test_bad_angles(images):
    with pytest.raises(ValueError, match="degrees: expected two finite numbers"):
        rotate(images, np.random.default_rng(0), (90, -90))
    with pytest.raises(
        ValueError, match=r"degrees: expected one angle, or one for each of 4 images, given shape \(3,\)"
    ):
        rotate_by(images, np.zeros(3))


def test_scale_and_place():
    """Without rotation the square's corners stay on the canvas; the centre of mass is where theta says."""
    square = np.zeros((200, 1, 28, 28), np.float32)
    square[:, :, 4:24, 4:24] = 1
    out, theta = rotate_scale_translate(square, np.random.default_rng(0), degrees=(0, 0))
    scales = 42 / 28 / theta[:, 0, 0]
    assert scales.min() > 0.7
    assert scales.max() < 1.2
    np.testing.assert_allclose(out.sum(axis=(1, 2, 3)), 400 * scales**2, rtol=0.04)
    centres = np.linalg.solve(theta[:, :, :2], -theta[:, :, 2:])[:, :, 0]  # where the input's 0 lies
    for image, centre in zip(out, centres, strict=True):
        np.testing.assert_allclose(middle(image[0]) / 21, centre, atol=0.01)
    room = 1 - scales * 28 / 42
    assert (abs(centres) <= room[:, None] + 1e-12).all()
    assert np.abs(centres).max() > 0.4


def test_scale_alone_in_the_middle():
    out, _ = rotate_scale_translate(dots(18, 14), np.random.default_rng(0), (0, 0), (2, 2), (28, 28))
    np.testing.assert_allclose(middle(out[0, 0]), [9, 1], atol=1e-3)  # twice as far from the middle


def test_rotation_alone():
    rng = np.random.default_rng(0)
    out, _ = rotate_scale_translate(dots(22, 14), rng, (90, 90), (1, 1), (28, 28))
    np.testing.assert_allclose(middle(out[0, 0]), [0.5, -8.5], atol=1e-3)


def test_not_square():
    """A rotation of pixels is a rotation of pixels whatever the frame's proportions."""
    out, _ = rotate_by(dots(25, 10, (20, 40)), 90.0)
    np.testing.assert_allclose(middle(out[0, 0]), [0.5, -5.5], atol=1e-3)


def test_bad_scale(images):
    with pytest.raises(ValueError, match="scale: expected two finite numbers above 0"):
        rotate_scale_translate(images, np.random.default_rng(0), scale=(0, 1))
    with pytest.raises(ValueError, match="shape: expected two lengths of at least 1"):
        rotate_scale_translate(images, np.random.default_rng(0), shape=(0, 4))


def test_bad_angles_to_turn_by(images):
    with pytest.raises(ValueError, match=r"degrees: expected one angle, or one for each of .*shape \(1, 2\)"):
        rotate_by(images, np.zeros((1, 2)))
    with pytest.raises(ValueError, match="degrees: expected finite angles, given nan"):
        rotate_by(images, np.nan)
