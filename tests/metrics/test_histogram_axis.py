import numpy as np
import pytest
from scipy.interpolate import BSpline

from warpkit.metrics._histogram_axis import CUBIC, LINEAR, HistogramAxis


def given(axis, bins, value):
    """What a value gives to each bin."""
    cell, t = axis.locate(np, np.array([value]))
    out = np.zeros(bins)
    powers = t[0] ** np.arange(axis.powers)
    out[cell[0] : cell[0] + len(axis.polynomials)] = axis.polynomials @ powers
    return out


@pytest.mark.parametrize(("spline", "order", "first"), [(LINEAR, 1, 0.0), (CUBIC, 3, 1.0)])
@pytest.mark.parametrize("derivative", [0, 1, 2])
def test_against_scipy(spline, order, first, derivative):
    bins, low, high = 9, -3.0, 5.0
    axis = HistogramAxis.of(spline, bins, (low, high), derivative)
    step = (bins - 1 - 2 * first) / (high - low)
    for value in np.random.default_rng(0).uniform(low, high, 20):
        place = first + (value - low) * step
        expected = []
        for b in range(bins):
            knots = b + np.arange(order + 2) - (order + 1) / 2
            element = BSpline.basis_element(knots, extrapolate=False)
            if derivative <= order:
                expected.append(np.nan_to_num(element(place, nu=derivative)) * step**derivative)
            else:
                expected.append(0.0)
        np.testing.assert_allclose(given(axis, bins, value), expected, atol=1e-9)


@pytest.mark.parametrize("spline", [LINEAR, CUBIC])
def test_the_ends_are_inside(spline):
    for value in (-10.0, 0.0, 1.0, np.inf):
        shares = given(HistogramAxis.of(spline, 6, (0.0, 1.0), 0), 6, value)
        assert shares.sum() == pytest.approx(1)


def test_no_derivative_beyond_the_ends():
    axis = HistogramAxis.of(CUBIC, 6, (0.0, 1.0), 1)
    values = np.array([-0.1, 0.0, 0.5, 1.0, 1.1])
    np.testing.assert_array_equal(axis.keep_inside(np, np.ones(5), values), [0, 1, 1, 0, 0])
    same = HistogramAxis.of(CUBIC, 6, (0.0, 1.0), 0)
    np.testing.assert_array_equal(same.keep_inside(np, np.ones(5), values), 1)


def test_nan_has_a_cell_but_no_place():
    cell, t = HistogramAxis.of(CUBIC, 6, (0.0, 1.0), 0).locate(np, np.array([np.nan]))
    assert 0 <= cell[0] < 3
    assert np.isnan(t[0])
