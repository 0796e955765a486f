"""The sums of several residuals are those that are had one by one."""

import numpy as np
import pytest

from warpkit.registration._spline_sums import spline_sums
from warpkit.registration._thin_plate import lattice_over
from warpkit.transforms import ThinPlateSpline
from warpkit.warping import warp, warp_normal_equations


@pytest.mark.parametrize("shape", [(13, 17), (9, 8, 10)])
def test_against_the_normal_equations(shape):
    rng = np.random.default_rng(0)
    moving, wanted = rng.random([n + 2 for n in shape]), rng.random((3, 1, *shape))
    weights = rng.random(shape) * (rng.random(shape) < 0.8)
    points, _ = lattice_over(shape, 3)
    spline = ThinPlateSpline((points + rng.uniform(-1, 2, points.shape))[None], points, frame="pixel")
    warped = warp(moving, spline, shape, boundary="border")
    found = spline_sums(moving, wanted, warped, weights, spline)
    expected = warp_normal_equations(moving[None, None], wanted, spline, weights=weights, boundary="border")
    np.testing.assert_allclose(found.matrix[0], expected.matrix[0], rtol=1e-12)
    np.testing.assert_allclose(found.matrix[0], expected.matrix[2], rtol=1e-12)
    np.testing.assert_allclose(found.vector, expected.vector, rtol=1e-9, atol=1e-11)
