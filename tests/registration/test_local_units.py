"""Local units: what they do not see, and their derivative."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from warpkit.registration._local_units import FLOOR, RADIUS, LocalUnits


def smooth(shape, seed=0):
    image = gaussian_filter(np.random.default_rng(seed).standard_normal((2, *shape)), (0, *[2] * len(shape)))
    return image / image.std()


@pytest.mark.parametrize("shape", [(20, 24), (12, 11, 13)])
def test_each_pixel_by_a_loop(shape):
    image, weights = smooth(shape), np.random.default_rng(1).random(shape)
    units = LocalUnits.of(image, weights)
    for place in np.random.default_rng(2).integers(0, np.array(shape), (20, len(shape))):
        near = tuple(slice(max(i - RADIUS, 0), i + RADIUS + 1) for i in place)
        for channel in range(2):
            part, w = image[channel][near], weights[near]
            mean, value = np.average(part, weights=w), image[channel][tuple(place)]
            deviation = np.sqrt(np.average((part - mean) ** 2, weights=w) + FLOOR**2)
            assert units.values[channel][tuple(place)] == pytest.approx((value - mean) / deviation)


def test_a_gain_and_a_bias_that_change_slowly_are_hardly_seen():
    image = smooth((60, 60))
    gain = 2 + np.linspace(0, 1, 60)
    a, b = (LocalUnits.of(x, None).values for x in (image, 3 * gain * image + 5 * gain))
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.98
    assert np.abs(LocalUnits.of(image + 7, None).values - a).max() < 1e-9


@pytest.mark.parametrize("shape", [(9, 11), (7, 6, 8)])
def test_cotangent_against_central_differences(shape):
    rng = np.random.default_rng(3)
    image, weights = smooth(shape), rng.random(shape)
    weights[(slice(2, 5),) * len(shape)] = 0
    ct, direction, h = rng.standard_normal((2, *shape)), rng.standard_normal((2, *shape)), 1e-5
    ahead, behind = (LocalUnits.of(image + s * direction, weights).values for s in (h, -h))
    slope = ((ahead - behind) * ct).sum() / (2 * h)
    assert (LocalUnits.of(image, weights).cotangent(ct) * direction).sum() == pytest.approx(slope, rel=1e-6)
