"""Shifts, rotations and scales are found from spectra, wherever the image is."""

import numpy as np
import pytest

from warpkit.registration._fourier import fourier_mellin_starts, phase_start
from warpkit.registration._matrix_groups import map_points, scaling

from .pictures import about_middle, seen_through, texture, turned


def corner_error(matrix, wanted, shape):
    corners = np.array(list(np.ndindex(*(2,) * len(shape))))[:, ::-1] * (np.array(shape[::-1]) - 1.0)
    return np.linalg.norm(map_points(matrix, corners) - map_points(wanted, corners), axis=1).max()


@pytest.mark.parametrize(
    ("shape", "shift"),
    [((200, 260), (31.0, -22.0)), ((60, 64, 50), (7.0, -4.0, 5.0)), ((700, 600), (90.0, 0.0))],
)
def test_a_shift(shape, shift):
    moving = texture(shape)
    wanted = scaling([1.0] * len(shape), list(shift))
    fixed = seen_through(wanted, moving)
    assert corner_error(phase_start(fixed, moving), wanted, shape) < 2 * max(shape) / 256 + 1


def test_images_of_different_shapes():
    whole = texture((300, 400))
    fixed, moving = whole[40:240, 100:300], whole
    found = phase_start(fixed, moving)
    assert corner_error(found, scaling([1, 1], [100.0, 40.0]), fixed.shape) < 4


@pytest.mark.parametrize(
    ("degrees", "scale"), [(0, 1.0), (40, 1.0), (-75, 1.0), (150, 1.0), (30, 1.35), (-100, 0.7)]
)
def test_rotation_and_scale(degrees, scale):
    moving = texture((256, 300))
    wanted = scaling([1, 1], [12.0, -9.0]) @ about_middle(turned(degrees, scale), moving.shape)
    fixed = seen_through(wanted, moving)
    starts = list(fourier_mellin_starts(fixed, moving))
    assert min(corner_error(start, wanted, fixed.shape) for start in starts) < 8


def test_without_scale():
    moving = texture((256, 256))
    fixed = seen_through(about_middle(turned(50), moving.shape), moving)
    for start in fourier_mellin_starts(fixed, moving, scaled=False):
        np.testing.assert_allclose(start[:2, :2] @ start[:2, :2].T, np.eye(2), atol=1e-12)
