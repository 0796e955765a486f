import numpy as np
import pytest

from warpkit.transforms import Attention
from warpkit.viz import find_outlines, frame_outline


@pytest.mark.parametrize("points_per_side", [1, 2, 16])
def test_goes_once_around(points_per_side):
    outline = frame_outline(points_per_side)
    assert outline.shape == (4 * points_per_side + 1, 2)
    np.testing.assert_array_equal(outline[0], outline[-1])
    np.testing.assert_array_equal(abs(outline).max(axis=1), 1)  # every point is on an edge
    steps = np.linalg.norm(np.diff(outline, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 / points_per_side)
    corners = outline[::points_per_side]
    np.testing.assert_array_equal(corners, [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])


@pytest.mark.parametrize("points_per_side", [1, 4])
def test_along_all_edges_of_a_cube(points_per_side):
    outline = frame_outline(points_per_side, ndim=3)
    steps = np.linalg.norm(np.diff(outline, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 / points_per_side)
    middles = (outline[:-1] + outline[1:]) / 2
    np.testing.assert_array_equal((abs(middles) == 1).sum(axis=1), 2)  # every step is on an edge
    assert len(np.unique(middles, axis=0)) == 12 * points_per_side


def test_where_a_volume_is_looked_at():
    half = Attention(np.array([0.5]), np.array([[0.0, 0.0, 0.5]]))
    edges = find_outlines(half, (8, 6, 4))[0]
    np.testing.assert_allclose(edges.min(axis=0), [0.5, 1, 3.5])
    np.testing.assert_allclose(edges.max(axis=0), [2.5, 4, 7.5])


def test_wrong_dimensions():
    with pytest.raises(ValueError, match="ndim: expected 2 or 3, given 4"):
        frame_outline(ndim=4)


def test_no_points():
    with pytest.raises(ValueError, match="points_per_side: expected a number of at least 1, given 0"):
        frame_outline(0)
