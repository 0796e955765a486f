"""The cost's derivative by the warped image, against central differences."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._cost_slope import cost_slope
from warpkit.registration._least_squares import METRICS, LeastSquares, View
from warpkit.registration._pyramid import Level
from warpkit.transforms import Affine


def images(rng, ndim, channels, metric):
    shape = (14, 12, 13)[:ndim]
    unit = np.eye(ndim + 1)
    fixed = gaussian_filter(rng.standard_normal((channels, *shape)), (0, *[1.5] * ndim))
    fixed /= fixed.std()
    warped = 0.8 * fixed + 0.5 * rng.standard_normal(fixed.shape)
    weights = rng.uniform(0.2, 1, shape) * (rng.random(shape) < 0.8)
    both = LeastSquares(Level(fixed, None, unit), Level(fixed, None, unit), metric, 0.3)
    still = Affine.identity(ndim, frame="pixel")
    return both, View(unit, still, np.where(weights > 0, warped, 0), weights)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("ndim", "channels"), [(2, 1), (2, 3), (3, 1)])
def test_against_central_differences(metric, ndim, channels):
    rng = np.random.default_rng(0)
    both, view = images(rng, ndim, channels, metric)
    slope = cost_slope(both, view)
    assert slope.shape == view.warped.shape
    np.testing.assert_array_equal(slope[:, view.weights == 0], 0)
    for _ in range(3):
        # Like what is shown, nothing where nothing counts.
        direction = rng.standard_normal(slope.shape) * (view.weights > 0)
        step = 1e-5
        costs = [
            both.cost(
                View(view.matrix, view.transform, view.warped + s * direction, view.weights), view.weights
            )
            for s in (step, -step)
        ]
        size = np.abs(slope * direction).sum()
        assert abs((slope * direction).sum() - (costs[0] - costs[1]) / (2 * step)) <= 1e-7 * size


def test_there_is_none_where_images_are_alike():
    both, view = images(np.random.default_rng(1), 2, 1, "ncc")
    alike = View(view.matrix, view.transform, 2 * both.fixed.image + 1, view.weights)
    np.testing.assert_allclose(cost_slope(both, alike), 0, atol=1e-15)
