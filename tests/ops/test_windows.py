"""Sliding windows: how many there are, and where each of their elements meets the image."""

import numpy as np
import pytest

from warpkit._core import ArraySpec
from warpkit.ops._windows import check_image, count_windows, offset_slices, per_axis


def test_per_axis():
    assert per_axis(2, 3, "stride") == (2, 2, 2)
    assert per_axis((1, 2), 2, "stride") == (1, 2)


@pytest.mark.parametrize("wrong", [0, (1,), (1, 0), (1, 2, 3)])
def test_per_axis_names_the_argument(wrong):
    with pytest.raises(ValueError, match="stride: expected an integer of at least 1, or 2 of them"):
        per_axis(wrong, 2, "stride")


def test_per_axis_wants_integers():
    with pytest.raises(TypeError, match="window"):
        per_axis(1.5, 2, "window")


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
def test_windows_against_a_loop(stride, dilation, padding):
    size, window = 11, 3
    padded = np.arange(size + 2 * padding)
    starts = [i for i in padded if i + dilation * (window - 1) < len(padded)][::stride]
    count = count_windows((size,), (window,), (stride,), (padding,), (dilation,))
    assert count == (len(starts),)
    met = [padded[where] for (where,) in offset_slices((window,), (stride,), count, (dilation,))]
    np.testing.assert_array_equal(met, [[start + o * dilation for start in starts] for o in range(window)])


def test_no_window_fits():
    with pytest.raises(ValueError, match=r"at least \(3, 1\) elements"):
        count_windows((2, 5), (3, 1), (1, 1))


def test_offsets_are_in_row_major_order():
    starts = [tuple(s.start for s in where) for where in offset_slices((2, 2), (1, 1), (3, 3))]
    assert starts == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_check_image():
    assert check_image(ArraySpec((2, 1, 5), np.dtype(np.float32))) == 1
    with pytest.raises(ValueError, match="image: expected shape"):
        check_image(ArraySpec((2, 5), np.dtype(np.float32)))
    with pytest.raises(TypeError, match="values: expected a floating dtype"):
        check_image(ArraySpec((2, 1, 5), np.dtype(np.uint8)), "values")
