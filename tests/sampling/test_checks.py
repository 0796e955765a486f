"""The checks that sampling ops share: what they accept, and that their messages name the argument."""

import numpy as np
import pytest

from warpkit._core import ArraySpec
from warpkit.sampling import _checks


def spec(*shape, dtype="f8"):
    return ArraySpec(shape, np.dtype(dtype))


def test_dimensions():
    for ndim in (1, 2, 3):
        assert _checks.check_dimensions("image", spec(2, 3, *(4,) * ndim), spec(2, 7, ndim)) == ndim
    with pytest.raises(
        ValueError, match=r"image: expected shape \(n, c, \*spatial\) with 1 to 3 spatial axes"
    ):
        _checks.check_dimensions("image", spec(2, 3), spec(2, 7, 2))
    with pytest.raises(ValueError, match="grid: expected a last axis of length 2, for image of shape"):
        _checks.check_dimensions("image", spec(2, 3, 4, 4), spec(2, 7, 3))


@pytest.mark.parametrize(
    ("n", "m", "joint"), [(3, 3, 3), (1, 3, 3), (3, 1, 3), (0, 0, 0), (1, 0, 0), (0, 1, 0)]
)
def test_batches(n, m, joint):
    assert _checks.check_batch("image", n, spec(m, 7, 2)) == joint


@pytest.mark.parametrize(("n", "m"), [(2, 3), (0, 2), (2, 0)])
def test_batches_that_do_not_fit(n, m):
    with pytest.raises(
        ValueError, match=f"grid: expected a batch of {n}, that of image, or of 1, given a batch of {m}"
    ):
        _checks.check_batch("image", n, spec(m, 7, 2))


def test_derivative():
    assert _checks.check_derivative(None, 3) == (0, 0, 0)
    assert _checks.check_derivative((0, 2), 2) == (0, 2)
    assert _checks.raised(None, 2, 1) == (0, 1)
    assert _checks.raised((1, 0), 2, 0) == (2, 0)
    for wrong in (1, "xy", (1,), (0, -1), (0.0, 1), (True, False), (None, None)):
        with pytest.raises(
            ValueError, match=r"derivative: expected 2 non-negative integers, in the order \(x, y"
        ):
            _checks.check_derivative(wrong, 2)


@pytest.mark.parametrize("dtype", _checks.WEIGHTED_DTYPES)
def test_interpolable(dtype):
    for kernel in ("linear", "nearest"):
        _checks.check_interpolable("image", spec(1, 1, 4, dtype=dtype), kernel)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint32", "int64"])
def test_only_nearest_copies(dtype):
    _checks.check_interpolable("image", spec(1, 1, 4, dtype=dtype), "nearest")
    with pytest.raises(
        TypeError, match=f"image: expected one of float16, .* for kernel 'linear', given {dtype}"
    ):
        _checks.check_interpolable("image", spec(1, 1, 4, dtype=dtype), "linear")


@pytest.mark.parametrize(
    ("dtype", "fits", "does_not"),
    [
        ("u1", [0, 255, 3.0, True], [-1, 256, 0.5, np.nan, np.inf]),
        ("i2", [-32768, 32767], [32768, -32769]),
        ("i8", [2**63 - 1], [2**63, 1e19]),
        ("?", [0, 1, True], [2, 0.5]),
        ("f2", [65504, np.nan, np.inf], [65536, -1e6]),
        ("f4", [3e38, -np.inf], [1e39, 10**50]),
        ("f8", [1e308, np.nan], [10**400]),
    ],
)
def test_fill_value(dtype, fits, does_not):
    image = spec(1, 1, 4, dtype=dtype)
    for value in fits:
        _checks.check_fill_value(value, image)
    for value in does_not:
        with pytest.raises(ValueError, match=f"fill_value: expected .* that {image.dtype} can hold, given"):
            _checks.check_fill_value(value, image)
    for value in (None, "0", (0,), 1j):
        with pytest.raises(TypeError, match="fill_value: expected a number, given builtins"):
            _checks.check_fill_value(value, image)


@pytest.mark.parametrize("name", ["kernel", "boundary", "frame"])
def test_options(name):
    known = {"kernel": "linear", "boundary": "wrap", "frame": "pixel"}
    _checks.check_options(**known)
    with pytest.raises(ValueError, match=f"{name}: expected one of .*, given 'x'"):
        _checks.check_options(**{**known, name: "x"})
