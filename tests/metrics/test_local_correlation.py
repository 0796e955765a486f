import numpy as np
import pytest

from warpkit.metrics import local_correlation
from warpkit.metrics._local_correlation_slabs import FLOOR


def draw(*shape, seed=0):
    rng = np.random.default_rng(seed)
    fixed = rng.standard_normal(shape)
    return fixed, fixed + rng.standard_normal(shape), rng.uniform(0.1, 2.0, (shape[0], *shape[2:]))


def slow(fixed, moving, weights, radius):
    """Each window by itself, for one channel."""
    f_floor, m_floor = (FLOOR * np.cov(x.ravel(), aweights=weights.ravel(), ddof=0) for x in (fixed, moving))
    found = np.zeros(fixed.shape)
    for p in np.ndindex(*fixed.shape):
        window = tuple(slice(max(i - radius, 0), i + radius + 1) for i in p)
        f, m, w = (x[window].ravel() for x in (fixed, moving, weights))
        if w.sum() > 0:
            cov = np.cov(f, m, aweights=w, ddof=0)
            found[p] = cov[0, 1] ** 2 / ((cov[0, 0] + f_floor) * (cov[1, 1] + m_floor))
    return 1 - np.average(found, weights=weights)


@pytest.mark.parametrize("shape", [(23,), (7, 9), (4, 5, 6)])
@pytest.mark.parametrize("radius", [1, 2, 30])
def test_against_a_loop(shape, radius):
    fixed, moving, weights = draw(2, 1, *shape)
    weights[0, ..., 2:4] = 0
    expected = [slow(f[0], m[0], w, radius) for f, m, w in zip(fixed, moving, weights, strict=True)]
    np.testing.assert_allclose(local_correlation(fixed, moving, weights, radius=radius), expected, rtol=1e-10)
    expected = [slow(f[0], m[0], np.ones(shape), radius) for f, m in zip(fixed, moving, strict=True)]
    np.testing.assert_allclose(local_correlation(fixed, moving, radius=radius), expected, rtol=1e-10)


def test_one_window_is_the_squared_correlation():
    """But for what is added to the variances."""
    fixed, moving, _ = draw(1, 1, 8, 9)
    rho = np.corrcoef(fixed.ravel(), moving.ravel())[0, 1]
    found = local_correlation(fixed, moving, radius=9)[0]
    assert found == pytest.approx(1 - rho**2 / (1 + FLOOR) ** 2, rel=1e-12)


@pytest.mark.parametrize(("gain", "bias"), [(3.0, 0.0), (-0.2, -7.0), (1e-8, 2e-7), (1e9, 1e9)])
def test_gain_and_bias_do_not_matter(gain, bias):
    fixed, moving, weights = draw(2, 2, 6, 7)
    expected = local_correlation(fixed, moving, weights, radius=1)
    slopes = local_correlation.vjp(np.ones(2), fixed, moving, weights, radius=1)
    changed = local_correlation(fixed, gain * moving + bias, weights, radius=1)
    np.testing.assert_allclose(changed, expected, rtol=1e-8)
    changed = local_correlation.vjp(np.ones(2), fixed, gain * moving + bias, weights, radius=1)
    np.testing.assert_allclose(changed[0], slopes[0], rtol=1e-5, atol=1e-10)
    np.testing.assert_allclose(changed[1] * gain, slopes[1], rtol=1e-5, atol=1e-10)


def test_gains_that_change_from_place_to_place():
    """What the correlation of the whole images does not see through."""
    fixed = np.random.default_rng(0).random((1, 1, 60, 60))
    field = 2 + np.sin(np.linspace(0, 3, 60))
    assert local_correlation(fixed, fixed * field + 3 * field[:, None], radius=2)[0] < 0.1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("background", [0.0, 0.1, 1000.0])
def test_flat_windows_cost_1_and_have_no_slope(dtype, background):
    fixed, moving, _ = (x.astype(dtype) for x in draw(1, 1, 20, 20))
    fixed[..., 9:] = background
    moving[..., 9:] = background
    found = local_correlation(fixed, moving, radius=2)[0]
    textured = local_correlation(fixed[..., :13], moving[..., :13], radius=2)[0]
    assert np.isfinite(found)
    assert found > textured
    for slope in local_correlation.vjp(np.ones(1), fixed, moving, radius=2):
        assert np.isfinite(slope).all()
        assert abs(slope[..., 13:]).max() < 1e-3 * abs(slope).max()


def test_a_constant_image():
    fixed, moving, _ = draw(1, 2, 9, 9)
    moving[:] = 0.1
    np.testing.assert_array_equal(local_correlation(fixed, moving, radius=1), 1)
    for slope in local_correlation.vjp(np.ones(1), fixed, moving, radius=1):
        np.testing.assert_array_equal(slope, 0)


@pytest.mark.parametrize(
    ("radius", "error", "message"),
    [
        (-1, ValueError, "radius: expected an integer of at least 0"),
        (0.5, TypeError, "radius: expected an integer"),
    ],
)
def test_errors(radius, error, message):
    with pytest.raises(error, match=message):
        local_correlation(np.zeros((1, 1, 5)), np.zeros((1, 1, 5)), radius=radius)
