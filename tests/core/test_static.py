import numpy as np
import pytest

from warpkit._core import check_shape
from warpkit._core._static import Slice, freeze


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, [2, "a"]], (1, (2, "a"))),
        (np.int64(3), 3),
        (np.array(2.5), 2.5),
        (np.float32, "float32"),
        (np.dtype("int8"), "int8"),
        (slice(1, None, -2), Slice(1, None, -2)),
        ((slice(np.int64(1), 2), None, ...), (Slice(1, 2, None), None, ...)),
    ],
)
def test_freeze(value, expected):
    frozen = freeze(value, "x")
    assert frozen == expected
    assert type(frozen) is type(expected)
    hash(frozen)


def test_slices_thaw():
    assert Slice(1, None, -2).thaw() == slice(1, None, -2)


@pytest.mark.parametrize("value", [np.zeros(2), {}, [np.zeros(2)], {1}])
def test_what_cannot_be_hashed_is_an_error(value):
    with pytest.raises(TypeError, match="axis: expected a hashable value"):
        freeze(value, "axis")


def test_check_shape():
    assert check_shape([np.int64(2), 3]) == (2, 3)
    assert check_shape(()) == ()


@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        (5, TypeError, "shape: expected a tuple of integers, given builtins.int"),
        ((2.0, 3), TypeError, r"shape: expected integers, given \(2.0, 3\)"),
        ((2, -1), ValueError, r"shape: expected lengths of at least 0, given \(2, -1\)"),
        ((2, 3, 4), ValueError, r"shape: expected 2 lengths, one per spatial axis, given \(2, 3, 4\)"),
        ((2**32, 2**31), ValueError, r"shape: expected fewer than 2\^63 elements"),
    ],
)
def test_wrong_shapes(shape, error, message):
    with pytest.raises(error, match=message):
        check_shape(shape, ndim=2)
