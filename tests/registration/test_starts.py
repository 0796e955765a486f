import numpy as np
import pytest

from warpkit.grids import Geometry
from warpkit.registration._arguments import make_pair
from warpkit.registration._matrix_groups import map_points
from warpkit.registration._starts import (
    feature_starts,
    fourier_starts,
    identity_start,
    mass_starts,
    phase_starts,
)

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
    ("group", "count"), [("translation", 0), ("rigid", 8), ("similarity", 8), ("projective", 8)]
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


def test_masks_have_no_mass():
    """Nor have values below 0 another sign."""
    _, x = np.mgrid[:100, :120]
    images = [
        np.where(abs(x - c) < 20, texture((100, 120), seed), 0) - 1000 for seed, c in ((0, 40), (0, 70))
    ]
    masks = [abs(x - c) < 20 for c in (40, 70)]
    problem = make_pair(images, masks, (None, None), "translation", "ncc", None, 0.01, 50)
    ((_, start),) = mass_starts(problem)
    np.testing.assert_allclose(start[:2, 2], [30, 0], atol=3)


@pytest.mark.parametrize("shape", [(220, 260), (40, 44, 48)])
def test_phases(shape):
    moving = texture(shape)
    ndim = len(shape)
    matrix = np.eye(ndim + 1)
    matrix[:ndim, -1] = [9.0, -6.0, 4.0][:ndim]
    ((name, start),) = phase_starts(pair(seen_through(matrix, moving), moving))
    assert name == "phase correlation"
    np.testing.assert_allclose(start, matrix, atol=1.5)
    if ndim == 3:
        assert list(fourier_starts(pair(moving, moving))) == []


def test_channels_that_are_each_others_inverse_do_not_vanish():
    moving = texture((220, 260))
    matrix = about_middle(turned(70), moving.shape)
    fixed = seen_through(matrix, moving)
    images = (np.stack([fixed, -fixed]), np.stack([moving, -moving]))
    problem = make_pair(images, (None, None), (None, None), "rigid", "ncc", 2, 0.01, 50)
    np.testing.assert_allclose(dict(fourier_starts(problem))["Fourier-Mellin, 1"], matrix, atol=6)


def test_starts_in_the_world_are_of_the_group():
    """Whatever the pixels: two scanners with slices of other thickness, one of them looking the other way."""
    own = Geometry((20, 40, 44), (1.1, 1.0, 2.0), (3.0, 4.0, 5.0))
    theirs = Geometry((40, 44, 48), origin=(50.0, 0.0, 0.0), direction=((-1, 0, 0), (0, 1, 0), (0, 0, 1)))
    images = (texture(own.shape), texture(theirs.shape))
    problem = make_pair(images, (None, None), (own, theirs), "rigid", "ncc", None, 0.01, 50)
    for find in (phase_starts, mass_starts, identity_start):
        ((_, start),) = find(problem)
        np.testing.assert_allclose(start[:3, :3], np.eye(3), atol=1e-9)
    flat = Geometry((220, 260), (1.0, 1.3)), Geometry((220, 260), (0.9, 0.9))
    images = (texture((220, 260)), texture((220, 260), 1))
    problem = make_pair(images, (None, None), flat, "rigid", "ncc", None, 0.01, 50)
    for _, start in fourier_starts(problem):
        np.testing.assert_allclose(start[:2, :2] @ start[:2, :2].T, np.eye(2), atol=1e-9)
