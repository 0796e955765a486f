"""What is handed to compiled kernels: the C struct and its codes, and arrays as the kernels read them."""

import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from warpkit._core import _native
from warpkit._core._threads import get_num_threads
from warpkit.sampling import _native_arguments
from warpkit.sampling._boundary import BOUNDARIES
from warpkit.sampling._checks import WEIGHTED_DTYPES
from warpkit.sampling._native_arguments import (
    Sampling,
    Spline,
    address,
    at_least_float32,
    completed,
    is_compiled,
    is_floating,
    is_image,
    packed,
    sampling_arguments,
)
from warpkit.sampling.kernels import get_kernel


def header():
    """The text of abi.h."""
    folders = [Path(entry, "kernels", "cpu") for entry in sys.modules["warpkit"].__path__]
    return next(folder for folder in folders if folder.is_dir()).joinpath("abi.h").read_text()


@pytest.mark.parametrize("structure", [Sampling, Spline])
def test_structs_mirror_those_of_c(structure):
    """The same fields, of the same types, in the same order."""
    text = header().split(f"struct wk_{structure.__name__.lower()} {{")[1].split("\n};")[0]
    declarations = re.findall(r"^ +([^/;]*?)(\w+)(?:\[(\d)\])?;", text, re.MULTILINE)
    types = {"int32_t": "c_int", "int64_t": "c_long", "double": "c_double", "struct wk_spline": "Spline"}
    found = []
    for name, kind in structure._fields_:
        length = str(getattr(kind, "_length_", ""))
        found.append((name, getattr(kind, "_type_", kind) if length else kind, length))
    expected = [(name, kind.strip(), length) for kind, name, length in declarations]
    assert [(name, length) for name, _, length in found] == [(name, length) for name, _, length in expected]
    for (name, kind, _), (_, declared, _) in zip(found, expected, strict=True):
        c_type = "c_void_p" if declared.endswith("*") else types[declared]
        assert kind.__name__.replace("c_longlong", "c_long") == c_type, name


def codes(enum):
    """{name: code} of an enum, names in lower case and without WK_."""
    text = re.search(rf"enum {enum} \{{(.*?)\}}", header()).group(1)
    return {name.lower(): int(code) for name, code in re.findall(r"WK_(\w+) = (\d+)", text)}


def test_codes_are_those_of_c():
    assert codes("wk_kernel") == _native_arguments.KERNELS
    assert codes("wk_boundary") == _native_arguments._BOUNDARIES
    assert codes("wk_dtype") == {dtype.name: code for dtype, code in _native_arguments.DTYPES.items()}
    names = ("grid_float32", "grid_float64", "affine", "projective", "tps")
    assert codes("wk_source") == {name: getattr(_native_arguments, name.upper()) for name in names}


def test_codes_are_for_what_the_options_allow():
    assert set(_native_arguments._BOUNDARIES) == set(BOUNDARIES)
    assert {dtype.name for dtype in _native_arguments.DTYPES} == set(WEIGHTED_DTYPES)
    for name in _native_arguments.KERNELS:
        assert get_kernel(name).name == name


def test_arguments_of_an_image():
    arguments = sampling_arguments((3, 4, 5), np.uint8, "cubic", "wrap", (1, 0, 2))
    assert arguments.ndim == 3
    assert (arguments.kernel, arguments.boundary, arguments.image_dtype) == (2, 4, 3)
    assert list(arguments.size) == list(arguments.block_size) == [5, 4, 3]  # x first
    assert list(arguments.derivative) == [1, 0, 2]
    line = sampling_arguments((3,), np.float32, "cubic", "wrap", (2,))
    zero = sampling_arguments((3,), np.float32, "cubic", "wrap", (2**70,))
    assert list(zero.derivative) == [4, 0, 0]
    assert (list(line.size), list(line.derivative)) == ([3, 1, 1], [2, 0, 0])


def test_completed():
    """What is copied stays as it is, for the next call."""
    lasting = sampling_arguments((3, 4), np.float32, "linear", "constant")
    before = bytes(lasting)
    first, second = completed(lasting, np.float32, 7), completed(lasting, np.float32, -0.0)
    assert (first.fill_value, first.num_threads) == (7.0, get_num_threads())
    assert math.copysign(1, second.fill_value) == -1
    assert math.isnan(completed(lasting, np.float32, math.nan).fill_value)
    first.image = 64
    assert bytes(lasting) == before


def test_derivatives_that_are_passed_as_lower_ones_vanish():
    for name in _native_arguments.KERNELS:
        assert get_kernel(name).weights(np.array([0.25]), _native_arguments._VANISHING_ORDER) is None


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_the_fill_value_is_a_pixel(dtype):
    """Rounded once, to the image's dtype: 1 + 2^-11 + 2^-26 is nearer to the float16 above."""
    value = 1 + 2.0**-11 + 2.0**-26
    arguments = completed(sampling_arguments((3,), dtype, "linear", "constant"), dtype, value)
    assert arguments.fill_value == float(np.dtype(dtype).type(value))


def test_what_is_compiled(monkeypatch):
    assert is_compiled("linear", 1) == (_native.load().library is not None)
    assert not is_compiled("one of the user's own", 1)
    monkeypatch.setattr(_native, "load", lambda: _native.Kernels(None, None, None, "switched off"))
    assert not is_compiled("linear", 1)


def draw_arrays():
    array = np.arange(6.0).reshape(2, 3).copy()
    fixed = array.copy()
    fixed.flags.writeable = False
    yield from (array, fixed, array[1:], array[:, 1:], np.float16(array), np.zeros((0, 3)), fixed[:1])
    yield np.broadcast_arrays(array, np.zeros((1, 2, 3)))[0]  # NumPy warns of writing to it


@pytest.mark.parametrize("array", list(draw_arrays()))
def test_address(array):
    assert address(array) == array.ctypes.data


def test_which_arrays_are_read():
    for name in WEIGHTED_DTYPES:
        assert is_image(np.zeros(2, name))
        assert is_floating(np.zeros(2, name)) == name.startswith("float")
    others = [np.zeros(2, ">f4"), np.zeros(2, "i4"), np.zeros(2, bool), np.ma.zeros(2), [0.0], None]
    assert not any(is_image(array) or is_floating(array) for array in others)


def test_packed():
    array = np.arange(6.0).reshape(2, 3)
    assert packed(array) is array
    misaligned = np.zeros(49, np.uint8)[1:].view(np.float64).reshape(2, 3)
    for view in (array.T, array[:, ::-1], array[:, ::2], np.broadcast_to(array[:1], (2, 3)), misaligned):
        copy = packed(view)
        assert copy.flags.c_contiguous
        assert copy.flags.aligned
        np.testing.assert_array_equal(copy, view)


def test_at_least_float32():
    assert at_least_float32(np.zeros(2, np.float16)).dtype == np.float32
    assert at_least_float32(np.zeros((2, 3), np.float16).T).flags.c_contiguous
    array = np.zeros(2)
    assert at_least_float32(array) is array
    assert at_least_float32(array[::-1]).flags.c_contiguous
