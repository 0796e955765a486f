"""Taps: which pixels a point reads, with what weights, in which order."""

import numpy as np
import pytest

from warpkit.sampling._taps import find_taps

DEFAULTS = {
    "kernel": "linear",
    "boundary": "constant",
    "frame": "pixel",
    "derivative": None,
    "dtype": np.float64,
}


def taps_of(point, shape, **options):
    taps = find_taps(np.array([[point]], np.float64), shape, **DEFAULTS | options)
    return taps, [(tap.pixel.item(), tap.weight.item()) for tap in taps]


def test_row_major_order():
    """x fastest; pixels are counted through the whole image."""
    taps, pairs = taps_of((1.25, 2.5), (4, 5))
    assert pairs == [(11, 0.375), (12, 0.125), (16, 0.375), (17, 0.125)]
    assert taps.factor == 1
    assert taps.answered.tolist() == [[True]]
    _, pairs = taps_of((0.5, 0.5, 0.5), (2, 2, 2))
    assert [pixel for pixel, _ in pairs] == list(range(8))


def test_derivative_is_in_the_order_of_coordinates():
    """(1, 0) is by x: taps differ along the last axis."""
    _, pairs = taps_of((1.25, 2.5), (4, 5), derivative=(1, 0))
    assert pairs == [(11, -0.5), (12, 0.5), (16, -0.5), (17, 0.5)]
    _, pairs = taps_of((1.25, 2.5), (4, 5), derivative=(0, 1))
    assert pairs == [(11, -0.75), (12, -0.25), (16, 0.75), (17, 0.25)]
    taps, _ = taps_of((0, 0), (4, 6), kernel="cubic", derivative=(2, 1), frame="normalized")
    assert taps.factor == 3**2 * 2


def test_weights_of_zero_leave_no_taps():
    for options in ({"derivative": (2, 0)}, {"kernel": "nearest", "derivative": (0, 1)}):
        taps, pairs = taps_of((1.25, 2.5), (4, 5), **options)
        assert pairs == []
        assert taps.answered.all()
        assert not taps_of((np.nan, 2.5), (4, 5), **options)[0].answered.any()


def test_order_of_derivative_beyond_any_power_of_the_scale():
    taps, pairs = taps_of((0, 0), (4, 6), derivative=(2**40, 1), frame="normalized")
    assert (taps.factor, pairs) == (1, [])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_have_the_compute_dtype(dtype):
    """The fraction is found in float64, and rounded once."""
    taps, _ = taps_of((1e6 + 0.3,), (10**7,), dtype=dtype)
    low, high = list(taps)
    assert low.weight.dtype == high.weight.dtype == dtype
    t = dtype(1e6 + 0.3 - 1e6)
    assert (low.weight.item(), high.weight.item()) == (dtype(1) - t, t)


def test_inside_only_for_the_constant_boundary():
    taps = find_taps(np.array([[[-0.5]]]), (3,), **DEFAULTS)
    assert [tap.inside.item() for tap in taps] == [False, True]
    assert all(
        tap.inside is None for tap in find_taps(np.array([[[-0.5]]]), (3,), **DEFAULTS | {"boundary": "wrap"})
    )


def test_one_coordinate_without_an_answer_is_enough():
    for point in [(np.nan, 0.0), (0.0, np.nan), (np.nan, np.nan)]:
        assert not taps_of(point, (3, 3))[0].answered.any()
    assert not taps_of((np.inf, 0.0), (3, 3), boundary="wrap")[0].answered.any()
    assert taps_of((np.inf, 0.0), (3, 3), boundary="border")[0].answered.all()
