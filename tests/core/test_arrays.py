import sys
import types

import numpy as np
import pytest

from warpkit._core import as_array, is_array, is_cupy, namespace, to_numpy

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
