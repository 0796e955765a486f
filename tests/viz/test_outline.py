import numpy as np
import pytest

from warpkit.viz import frame_outline


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


def test_no_points():
    with pytest.raises(ValueError, match="points_per_side: expected a number of at least 1, given 0"):
        frame_outline(0)
