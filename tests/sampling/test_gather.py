"""Weighted sums over taps, and what integers make of them."""

import numpy as np
import pytest

from warpkit.sampling._gather import compute_dtype, gather, to_image_dtype
from warpkit.sampling._taps import find_taps


def taps_at(*x, length=4, dtype=np.float64, **options):
    grid = np.array(x, np.float64).reshape(1, -1, 1)
    known = {"kernel": "linear", "boundary": "constant", "frame": "pixel", "derivative": None}
    return find_taps(grid, (length,), dtype=dtype, **known | options)


def test_compute_dtype():
    assert compute_dtype(np.float64) == np.float64
    assert {compute_dtype(d) for d in ("f4", "f2", "u1", "u2", "i2")} == {np.dtype(np.float32)}


def test_sums():
    image = np.array([[[1.0, 2.0, 4.0, 8.0]]])
    np.testing.assert_array_equal(gather(image, taps_at(0.5, 2.25, -0.5), 10.0), [[[1.5, 5.0, 5.5]]])


def test_a_single_tap_is_copied():
    """In the image's dtype: nothing is computed, so that no dtype is too strange."""
    image = np.array([[[2**60 + 1, -1, 0, 7]]])
    out = gather(image, taps_at(0, 3.4, 9, kernel="nearest"), 5)
    assert out.dtype == np.int64
    assert out.tolist() == [[[2**60 + 1, 7, 5]]]


def test_no_answer():
    """NaN, or 0 where the dtype has no NaN."""
    image = np.array([[[3, 5, 4, 9]]])
    for dtype, expected in ((np.float32, np.nan), (np.int32, 0), (bool, False)):
        out = gather(image.astype(dtype), taps_at(np.nan, kernel="nearest", boundary="border"), 0)
        np.testing.assert_array_equal(out, [[[expected]]])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_rounding_half_to_even_and_saturation(dtype):
    limits = np.iinfo(dtype)
    values = np.array(
        [0.5, 1.5, 2.5, -0.4, limits.max + 0.5, 1e30, -1e30, np.inf, -np.inf, np.nan], np.float32
    )
    expected = [0, 2, 2, 0, limits.max, limits.max, limits.min, limits.max, limits.min, 0]
    out = to_image_dtype(values, dtype)
    assert out.dtype == dtype
    assert out.tolist() == expected


def test_floats_are_only_rounded():
    values = np.array([1.0001, np.nan], np.float32)
    np.testing.assert_array_equal(to_image_dtype(values, np.float16), values.astype(np.float16))
    assert to_image_dtype(values, np.float32) is values
