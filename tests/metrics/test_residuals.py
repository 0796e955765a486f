import numpy as np
import pytest

from warpkit.metrics import huber, ssd, tukey


@pytest.mark.parametrize("metric", [huber, tukey])
def test_near_zero_and_for_large_widths_they_are_ssd(metric):
    rng = np.random.default_rng(0)
    fixed, moving = rng.standard_normal((2, 3, 2, 5, 6))
    np.testing.assert_allclose(metric(fixed, moving, width=1e6), ssd(fixed, moving), rtol=1e-10)
    near = fixed + 1e-6 * moving
    np.testing.assert_allclose(metric(fixed, near, width=1.0), ssd(fixed, near), rtol=1e-9)


@pytest.mark.parametrize("metric", [huber, tukey])
def test_of_few_large_differences_they_know_less(metric):
    fixed = np.zeros((1, 1, 100))
    moving = np.full((1, 1, 100), 0.1)
    moving[..., :5] = 50.0
    assert metric(fixed, moving, width=1.0) < ssd(fixed, moving) / 20


@pytest.mark.parametrize("metric", [huber, tukey])
def test_the_slope_is_twice_the_difference_times_the_weight_of_reweighted_squares(metric):
    """rho'(r) = 2 r w(r), with min(1, k / |r|) or (1 - (r / k)^2)^2."""
    r, k = np.linspace(-4, 4, 101), 1.7
    huber_weight, tukey_weight = (
        np.minimum(1, k / np.maximum(abs(r), k)),
        np.maximum(1 - (r / k) ** 2, 0) ** 2,
    )
    weight = huber_weight if metric is huber else tukey_weight
    slope = metric.vjp(np.ones(101), np.zeros((101, 1, 1)), r[:, None, None], width=k)[1]
    np.testing.assert_allclose(slope[:, 0, 0], 2 * r * weight, atol=1e-14)


@pytest.mark.parametrize("metric", [huber, tukey])
@pytest.mark.parametrize("width", [0, -1.0, np.nan, np.inf, "wide"])
def test_width_is_positive(metric, width):
    with pytest.raises(ValueError, match=f"width: expected a positive number, .*, given {width}"):
        metric(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), width=width)
