"""Taking pixels out of parameters again."""

import numpy as np
import pytest

from warpkit.grids import FRAMES
from warpkit.transforms._from_pixels import affine_from_pixels, check_scales, projective_from_pixels
from warpkit.transforms._to_pixels import affine_to_pixels, projective_to_pixels


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_round_trip(frame, ndim):
    rng = np.random.default_rng(0)
    shapes = (4, 7, 5)[:ndim], (6, 3, 8)[:ndim]
    theta = rng.standard_normal((2, ndim, ndim + 1))
    there = affine_to_pixels(theta, *shapes, frame)
    np.testing.assert_allclose(affine_from_pixels(there, *shapes, frame), theta, rtol=0, atol=1e-13)
    theta = rng.standard_normal((2, ndim + 1, ndim + 1))
    there = projective_to_pixels(theta, *shapes, frame)
    np.testing.assert_allclose(projective_from_pixels(there, *shapes, frame), theta, rtol=0, atol=1e-12)


def test_axes_without_extent():
    check_scales("in_space", (1, 1), "normalized")
    with pytest.raises(
        ValueError,
        match=r"in_space: expected at least 2 pixels along axis 1 in frame 'corners', given \(3, 1\)",
    ):
        check_scales("in_space", (3, 1), "corners")
    with pytest.raises(ValueError, match="out_space: expected at least 1 pixels along axis 0"):
        check_scales("out_space", (0, 1), "normalized")
