"""Rows say what was found; and the acceptance itself, among the slow tests."""

import numpy as np
import pytest

import warpkit as wk
from benchmarks.registration.homographies import Pair, apply, corners, read_pairs
from benchmarks.registration.runs import SEEDS, homography_of, starts, verdict


def pair():
    image = np.zeros((100, 200), np.uint8)
    points = corners(image.shape)
    return Pair("none", image, image, np.eye(3), points, points)


def test_verdicts():
    shifted = np.array([[1.0, 0, 3], [0, 1, 4], [0, 0, 1]])
    assert verdict(pair(), None) == "none"
    assert verdict(pair(), shifted) == "**5.00**"
    assert verdict(pair(), shifted @ shifted) == "10"


def test_starts_move_corners_by_sigma():
    own = corners((100, 200))
    moves = np.array([apply(start, own) - own for start in starts(pair())])
    assert moves.shape == (len(SEEDS), 4, 2)
    assert 12 < moves.std() < 20
    np.testing.assert_array_equal(moves, [apply(start, own) - own for start in starts(pair())])


@pytest.mark.slow
def test_homographies_from_no_guess(data):
    """All thirteen were right, and twelve or more of them believed. No wrong answer may be."""
    del data
    right = believed = 0
    for pair in read_pairs():
        result = wk.register(pair.fixed, pair.moving, "projective")
        is_right = pair.error(homography_of(result)) <= pair.limit
        assert is_right or not result.converged, pair.name
        right += is_right
        believed += result.converged
    assert right >= 10
    assert believed >= 0.9 * right
