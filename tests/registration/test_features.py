"""Views of the same plane are matched, tilted ones with the help of tilts; different pictures are not."""

import numpy as np
import pytest

from warpkit.registration import _features
from warpkit.registration._features import feature_start, find_keypoints, tilted_view
from warpkit.registration._matrix_groups import map_points, scaling
from warpkit.transforms import Projective
from warpkit.warping import warp

skimage_data = pytest.importorskip("skimage.data", reason="features are scikit-image's")


def picture():
    """A photo, 256 x 256: the one that scikit-image carries, at half its size."""
    image = skimage_data.camera().astype(np.float32)
    return image[:512, :512].reshape(256, 2, 256, 2).mean(axis=(1, 3))


def corner_error(matrix, wanted, shape=(256, 256)):
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (np.array(shape[::-1]) - 1.0)
    return np.linalg.norm(map_points(matrix, corners) - map_points(wanted, corners), axis=1).max()


def turned(degrees, scale):
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    about = scaling([1, 1], [127.5, 127.5])
    return (
        about
        @ np.array([[scale * cos, -scale * sin, 8], [scale * sin, scale * cos, -5], [0, 0, 1]])
        @ np.linalg.inv(about)
    )


@pytest.mark.parametrize("group", ["rigid", "similarity", "affine", "projective"])
def test_a_turned_image(group):
    image = picture()
    wanted = turned(50, 1.0 if group == "rigid" else 1.3)
    # fixed(p) = moving(wanted(p))
    fixed = warp(image, Projective(wanted[None], frame="pixel"), image.shape)
    found = feature_start(fixed, image, group)
    assert found.shape == (3, 3)
    assert corner_error(found, wanted) < 3


def test_a_shifted_image():
    """Only the shift is looked for, whatever else there is."""
    image = picture()
    wanted = scaling([1, 1], [30.0, -12.0])
    fixed = warp(image, Projective(wanted[None], frame="pixel"), image.shape)
    assert corner_error(feature_start(fixed, image, "translation"), wanted) < 1
    fixed = warp(image, Projective((wanted @ turned(3, 1.0))[None], frame="pixel"), image.shape)
    found = feature_start(fixed, image, "translation")
    np.testing.assert_array_equal(found[:2, :2], np.eye(2))


def test_it_is_always_the_same():
    image = picture()
    fixed = warp(image, Projective(turned(20, 1.0)[None], frame="pixel"), image.shape)
    starts = [feature_start(fixed, image, "projective") for _ in range(2)]
    np.testing.assert_array_equal(*starts)


def test_large_images_are_made_smaller(monkeypatch):
    monkeypatch.setattr(_features, "LONGEST", 128)
    image = picture()
    wanted = turned(30, 1.0)
    fixed = warp(image, Projective(wanted[None], frame="pixel"), image.shape)
    found = feature_start(fixed, image, "similarity", longest=128)
    assert corner_error(found, wanted) < 6


def test_tilts_help_where_a_plane_is_tilted():
    image = picture()
    moving, back = tilted_view(image, 3.3, np.deg2rad(35))
    wanted = np.linalg.inv(np.vstack([back, [0, 0, 1]]))
    without = feature_start(image, moving, "affine")
    assert without is None or corner_error(without, wanted) > 20
    assert corner_error(feature_start(image, moving, "affine", tilted=True), wanted) < 6


def test_noise_and_flat_images_have_no_start():
    rng = np.random.default_rng(0)
    flat = np.full((100, 100), 7.0)
    assert len(find_keypoints(flat).points) == 0
    assert feature_start(flat, picture(), "affine") is None
    assert feature_start(rng.random((60, 60)), flat, "affine") is None


@pytest.mark.parametrize("tilt", [2**0.5, 2.0, 4.0])
def test_views_know_the_way_back(tilt):
    """The middle of a smooth blob is where the view says."""
    y, x = np.mgrid[:90, :120]
    image = np.exp(-((x - 70) ** 2 + (y - 30) ** 2) / 2 / 5**2).astype(np.float32)
    view, back = tilted_view(image, tilt, 0.7)
    v, u = np.mgrid[: view.shape[0], : view.shape[1]]
    place = np.array([(view * u).sum(), (view * v).sum()]) / view.sum()
    np.testing.assert_allclose(back[:, :2] @ place + back[:, 2], [70, 30], atol=0.1)
    assert view.sum() == pytest.approx(image.sum() / tilt, rel=0.02)


def test_without_scikit_image(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    assert feature_start(picture(), picture(), "affine") is None


@pytest.mark.parametrize("shape", [(1, 2), (2, 2000), (16, 40), (20, 30), (33, 33)])
def test_small_images_have_no_start(shape):
    rng = np.random.default_rng(0)
    for tilted in (False, True):
        assert feature_start(rng.random(shape), rng.random(shape), "affine", tilted=tilted) is None


def test_the_number_of_keypoints_is_bounded(monkeypatch):
    monkeypatch.setattr(_features, "MOST", 50)
    assert len(find_keypoints(picture()).points) == 50
