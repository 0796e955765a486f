import numpy as np
import pytest

from warpkit.registration._arguments import make_pair
from warpkit.registration._matrix_groups import map_points
from warpkit.registration._starts import STARTS, feature_starts, fourier_starts, identity_start, mass_starts

from .pictures import about_middle, seen_through, texture, turned


def pair(fixed, moving, group="affine"):
    return make_pair((fixed, moving), (None, None), (None, None), group, "ncc", None, 0.01, 50)


def test_every_point_where_it_is():
    image = texture((60, 70))
    ((name, matrix),) = identity_start(pair(image, image))
    assert name == "identity"
    np.testing.assert_array_equal(matrix, np.eye(3))


def test_middles_on_each_other():
    ((name, matrix),) = identity_start(pair(texture((60, 70)), texture((81, 100))))
    assert name == "middles"
    np.testing.assert_allclose(map_points(matrix, np.array([[34.5, 29.5]])), [[49.5, 40]])


def test_features():
    pytest.importorskip("skimage", reason="features are scikit-image's")
    moving = texture((220, 260))
    matrix = about_middle(turned(70), moving.shape)
    starts = dict(feature_starts(pair(seen_through(matrix, moving), moving)))
    assert list(starts) == ["features", "features at full size", "features of tilted views"]
    for start in starts.values():
        np.testing.assert_allclose(start, matrix, atol=2)


def test_volumes_have_no_features():
    volume = texture((40, 40, 40))
    assert list(feature_starts(pair(volume, volume))) == []


@pytest.mark.parametrize(
    ("group", "count"), [("translation", 1), ("rigid", 9), ("similarity", 9), ("projective", 9)]
)
def test_spectra(group, count):
    moving = texture((220, 260))
    matrix = about_middle(turned(70), moving.shape)
    starts = dict(fourier_starts(pair(seen_through(matrix, moving), moving, group)))
    assert len(starts) == count
    if group != "translation":
        np.testing.assert_allclose(starts["Fourier-Mellin, 1"], matrix, atol=6)
    if group == "rigid":
        for start in starts.values():
            np.testing.assert_allclose(np.linalg.det(start), 1)


def test_centres_of_mass():
    image, moved = np.zeros((2, 60, 70), np.float32)
    image[20:30, 10:30] = 1
    moved[25:35, 14:34] = 1
    ((name, start),) = mass_starts(pair(image, moved))
    assert name == "centres of mass"
    np.testing.assert_allclose(start[:2, 2], [4, 5], atol=1e-6)


def test_volumes_have_starts_from_spectra():
    volume = texture((40, 40, 40))
    assert [name for name, _ in fourier_starts(pair(volume, volume))] == ["phase correlation"]
    assert next(iter(STARTS)) == "identity"  # what is cheapest first
