import sys
import types

import numpy as np
import pytest

from warpkit._core import as_array, is_array, is_cupy, namespace, to_numpy
from warpkit.ops import add, sin

X = np.ones(3)


@pytest.fixture
def cupy(monkeypatch):
    """A stand-in for CuPy, with an array class of its own."""
    fake = types.ModuleType("cupy")
    fake.ndarray = type("ndarray", (), {"dtype": np.dtype("f8"), "get": lambda self: X})
    monkeypatch.setitem(sys.modules, "cupy", fake)
    return fake


def test_numpy():
    assert namespace(X, X) is np
    assert is_array(X)
    assert not is_cupy(X)
    assert to_numpy(X) is X


def test_cupy(cupy):
    array = cupy.ndarray()
    assert namespace(array, array) is cupy
    assert is_array(array)
    assert as_array(array, "x") is array
    assert to_numpy(array) is X


def test_mixed_libraries_are_an_error(cupy):
    with pytest.raises(TypeError, match="given NumPy, CuPy; move them with cupy.asarray"):  # noqa: RUF043
        namespace(X, cupy.ndarray())


def test_nothing_is_imported():
    assert "cupy" not in sys.modules or not is_cupy(X)
    assert not is_array([1.0])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
def test_real_dtypes_are_kept(dtype):
    array = np.zeros(2, dtype)
    assert as_array(array, "x") is array


def test_numbers_and_lists_become_arrays():
    assert as_array([1, 2.5], "x").tolist() == [1, 2.5]
    assert as_array(np.float32(2), "x").dtype == np.float32
    assert as_array(True, "x").dtype == bool


@pytest.mark.parametrize("dtype", ["complex64", "object", "U3", "datetime64[s]"])
def test_other_dtypes_are_errors(dtype):
    with pytest.raises(TypeError, match="image: expected real numbers"):
        as_array(np.zeros(2, dtype), "image")


@pytest.mark.parametrize("value", [None, "text", {1: 2}, iter([1])])
def test_other_types_are_errors(value):
    with pytest.raises(TypeError, match="image: expected a NumPy or CuPy array"):
        as_array(value, "image")


def test_torch_tensors_are_errors():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"warpkit\.bridges\), given torch\.Tensor"):
        as_array(torch.ones(2), "image")


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u2", "i8"])
def test_the_other_byte_order(dtype):
    """Files hold it (IDX, FITS, TIFF). It is the same number, and is computed in the same precision."""
    array = np.array([1, 2, 300], dtype)
    turned = as_array(array.astype(array.dtype.newbyteorder()), "x")
    assert turned.dtype == np.dtype(dtype)
    assert turned.dtype.isnative
    np.testing.assert_array_equal(turned, array)


def test_the_other_byte_order_through_an_op():
    x = np.array([1e-9, 1.0])
    out = sin(x.astype(x.dtype.newbyteorder()))
    assert out.dtype.isnative
    np.testing.assert_array_equal(out, np.sin(x))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([[1, 2], [3]], ValueError, "x: expected rows of equal length, given a ragged list"),
        (np.ma.masked_less([1.0, 2.0], 1.5), TypeError, "x: expected an array without a mask"),
    ],
)
def test_what_numpy_would_make_something_else_of(given, error, message):
    with pytest.raises(error, match=message):
        as_array(given, "x")


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is double here")
def test_long_double_is_refused():
    """There is no kernel for it: it would be computed in float32, silently."""
    with pytest.raises(TypeError, match="x: expected real numbers of at most 64 bits"):
        as_array(np.zeros(2, np.longdouble), "x")


def test_every_argument_goes_through_the_door():
    with pytest.raises(TypeError, match="b: expected an array without a mask"):
        add(X, np.ma.ones(3))
