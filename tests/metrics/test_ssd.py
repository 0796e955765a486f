import numpy as np

from warpkit.metrics import ssd


def test_against_numpy():
    rng = np.random.default_rng(0)
    fixed, moving = rng.standard_normal((2, 3, 2, 5, 6))
    weights = rng.random((3, 5, 6))
    expected = [
        np.mean([np.average((f[k] - m[k]) ** 2, weights=w) for k in range(2)])
        for f, m, w in zip(fixed, moving, weights, strict=True)
    ]
    np.testing.assert_allclose(ssd(fixed, moving, weights), expected, rtol=1e-13)


def test_images_change_places():
    rng = np.random.default_rng(1)
    fixed, moving = rng.standard_normal((2, 3, 2, 5))
    np.testing.assert_array_equal(ssd(fixed, moving), ssd(moving, fixed))
    by_fixed, by_moving = ssd.vjp(np.ones(3), fixed, moving)
    np.testing.assert_array_equal(by_fixed, -by_moving)
