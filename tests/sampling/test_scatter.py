"""Weighted sums over points: the transpose of gather, in float64, point by point."""

import numpy as np
import pytest

from warpkit.sampling import BOUNDARIES
from warpkit.sampling._gather import gather
from warpkit.sampling._scatter import scatter
from warpkit.sampling._taps import find_taps


def taps_at(grid, shape, **options):
    known = {
        "kernel": "linear",
        "boundary": "constant",
        "frame": "pixel",
        "derivative": None,
        "dtype": np.float64,
    }
    return find_taps(grid, shape, **known | options)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("derivative", [None, (1, 0), (1, 1)])
def test_it_is_the_transpose_of_gather(boundary, derivative):
    """As matrices, element by element."""
    rng = np.random.default_rng(0)
    taps = taps_at(rng.uniform(-4, 8, (1, 9, 2)), (3, 4), boundary=boundary, derivative=derivative)
    pixels, points = np.eye(12).reshape(12, 1, 3, 4), np.eye(9).reshape(9, 1, 9)
    pull = gather(pixels, taps, 0.0)[:, 0]
    push = scatter(points, taps, (3, 4)).reshape(9, 12)
    np.testing.assert_allclose(push, pull.T, rtol=0, atol=1e-15)


def test_repeated_points_add_up():
    """A lost duplicate is the classic mistake of `out[index] += value`."""
    taps = taps_at(np.full((1, 5, 1), 1.25), (3,))
    assert scatter(np.ones((1, 1, 5)), taps, (3,)).tolist() == [[[0, 3.75, 1.25]]]


def test_float32_is_added_up_in_float64():
    """A small number after a large one is not lost."""
    values = np.array([[[1e8, 1.0, 1.0, -1e8]]], np.float32)
    taps = taps_at(np.zeros((1, 4, 1)), (1,), dtype=np.float32)
    out = scatter(values, taps, (1,))
    assert out.dtype == np.float32
    assert out.tolist() == [[[2]]]


def test_what_gives_nothing():
    """Points without an answer, taps outside, and taps of zero weight, be their values NaN."""
    grid = np.array([[[np.nan], [-7.0], [1.0]]])
    out = scatter(np.array([[[np.nan, np.nan, 2.0]]]), taps_at(grid, (3,)), (3,))
    assert out.tolist() == [[[0, 2, 0]]]


def test_channels_and_batch_are_kept_apart():
    rng = np.random.default_rng(1)
    values, grid = rng.standard_normal((3, 2, 5)), rng.uniform(0, 2, (3, 5, 1))
    together = scatter(values, taps_at(grid, (3,)), (3,))
    for b in range(3):
        for c in range(2):
            alone = scatter(values[b : b + 1, c : c + 1], taps_at(grid[b : b + 1], (3,)), (3,))
            np.testing.assert_array_equal(together[b : b + 1, c : c + 1], alone)
