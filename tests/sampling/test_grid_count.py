"""Count: push of ones."""

import numpy as np
import pytest

from warpkit import grid_count, grid_push, identity_grid
from warpkit.sampling import BOUNDARIES
from warpkit.testing import check_op


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("kernel", ["nearest", "linear"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_the_push_of_ones(kernel, boundary, dtype):
    grid = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 3, 4, 2)).astype(dtype)
    options = {"kernel": kernel, "boundary": boundary}
    count = grid_count(grid, (5, 6), **options)
    assert count.dtype == dtype
    np.testing.assert_array_equal(count, grid_push(np.ones((2, 1, 3, 4), dtype), grid, (5, 6), **options))


@pytest.mark.parametrize("shape", [(7,), (4, 5), (2, 3, 4)])
def test_the_identity_meets_every_pixel_once(shape):
    count = grid_count(identity_grid(shape, "pixel"), shape, frame="pixel")
    np.testing.assert_array_equal(count, np.ones((1, 1, *shape)))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_derivatives(boundary):
    rng = np.random.default_rng(1)
    grid = rng.integers(-2, 6, (2, 6, 2)) + rng.uniform(0.1, 0.9, (2, 6, 2))
    check_op(grid_count, grid, shape=(4, 5), boundary=boundary, frame="pixel")


def test_points_without_an_answer_do_not_count():
    grid = np.array([[[np.nan], [np.inf], [1.0]]])
    assert grid_count(grid, (3,), boundary="wrap", frame="pixel").tolist() == [[[0, 1, 0]]]


def test_empty():
    assert grid_count(np.zeros((0, 3, 1)), (4,)).shape == (0, 1, 4)
    np.testing.assert_array_equal(grid_count(np.zeros((2, 0, 1)), (4,)), np.zeros((2, 1, 4)))


@pytest.mark.parametrize(
    ("grid", "shape", "error", "message"),
    [
        (np.zeros((1, 3, 2), int), (4, 5), TypeError, "grid: expected a floating dtype, given int64"),
        (np.zeros((1, 3, 2)), (4, 5, 6), ValueError, "grid: expected a last axis of length 3"),
        (np.zeros(3), (3,), ValueError, "grid: expected a last axis of length 1"),
        (np.zeros((1, 3, 1)), (-3,), ValueError, "shape: expected lengths of at least 0"),
        (np.zeros((1, 3, 1)), (0,), ValueError, "shape: expected at least one pixel"),
    ],
)
def test_errors(grid, shape, error, message):
    with pytest.raises(error, match=message):
        grid_count(grid, shape)
