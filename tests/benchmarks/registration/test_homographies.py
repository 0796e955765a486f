"""Pairs are read as their files mean them."""

import numpy as np
import pytest

from benchmarks.registration.homographies import NAMES, apply, corners, read_pairs


def test_truths_lead_from_fixed_to_moving(data):
    """The points that were set by hand are where the truth has them."""
    del data
    pairs = list(read_pairs())
    assert [pair.name for pair in pairs] == list(NAMES)
    for pair in pairs:
        assert pair.fixed.dtype == pair.moving.dtype == np.uint8
        assert pair.fixed.ndim == pair.moving.ndim == 2
        assert pair.error(pair.truth) < 1e-6
        assert pair.error(np.eye(3)) > 0.4
        for points, image in ((pair.points, pair.fixed), (pair.places, pair.moving)):
            size = np.array(image.shape[::-1])
            assert (points > -0.5 * size).all()
            assert (points < 1.5 * size).all()


def test_limits(data):
    del data
    adam, brugge = read_pairs(("adam", "BruggeSquare"))
    assert adam.limit == 5
    assert brugge.limit == pytest.approx(0.005 * np.hypot(1368, 1712))


def test_apply():
    matrix = np.array([[2.0, 0, 1], [0, 1, 0], [0, 0.5, 1]])
    np.testing.assert_allclose(apply(matrix, np.array([[3.0, 2.0]])), [[3.5, 1.0]])
    np.testing.assert_array_equal(corners((3, 5)), [[0, 0], [4, 0], [4, 2], [0, 2]])
