"""How two frames of one image hang together."""

import numpy as np
import pytest

from warpkit.grids import FRAMES, convert_points
from warpkit.transforms._frame_change import common_factor, frame_change


@pytest.mark.parametrize("source", FRAMES)
@pytest.mark.parametrize("target", FRAMES)
def test_frame_change(source, target):
    shape = (4, 7, 5)
    points = np.random.default_rng(0).uniform(-1, 1, (6, 3))
    factors, offsets = frame_change(shape, source, target)
    expected = convert_points(points, shape, source, target)
    np.testing.assert_allclose(points * factors + offsets, expected, rtol=1e-13, atol=1e-13)


def test_common_factor():
    assert common_factor((4, 4), (4, 4), "normalized", "pixel") == 2.0
    assert common_factor((4, 5), (4, 5), "normalized", "pixel") is None
    assert common_factor((4, 4), (5, 5), "normalized", "pixel") is None
    assert common_factor((1, 1), (1, 1), "corners", "pixel") is None
