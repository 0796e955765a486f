"""The arguments of the compiled sampling kernels, and which arrays these take."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from warpkit._core import _large_arrays, _native, _threads

KERNELS = {"nearest": 0, "linear": 1, "cubic": 2, "cubic_sharp": 3, "bspline2": 4, "bspline3": 5}
"""The sampling kernels that are compiled: ``enum wk_kernel``. Others run as array code."""
_BOUNDARIES = {"constant": 0, "border": 1, "reflect": 2, "mirror": 3, "wrap": 4}
DTYPES = {
    np.dtype(name): code
    for code, name in enumerate(("float32", "float64", "float16", "uint8", "uint16", "int16"))
}
"""Of the arrays that kernels read: ``enum wk_dtype``."""

GRID_FLOAT32, GRID_FLOAT64, AFFINE, PROJECTIVE, TPS = range(5)
"""Where coordinates come from: ``enum wk_source``."""

_VANISHING_ORDER = 4
"""Of the compiled kernels, derivatives of this order or more are zero everywhere."""


class Spline(ctypes.Structure):
    """``struct wk_spline`` of ``warpkit/kernels/cpu/abi.h``."""

    _fields_ = [
        ("controls", ctypes.c_int64),
        ("control_points", ctypes.c_void_p),
        ("frame_scale", ctypes.c_double * 3),
        ("frame_offset", ctypes.c_double * 3),
        ("identity_scale", ctypes.c_double * 3),
        ("identity_offset", ctypes.c_double * 3),
    ]


class Sampling(ctypes.Structure):
    """``struct wk_sampling`` of ``warpkit/kernels/cpu/abi.h``."""

    _fields_ = [
        ("ndim", ctypes.c_int32),
        ("kernel", ctypes.c_int32),
        ("boundary", ctypes.c_int32),
        ("image_dtype", ctypes.c_int32),
        ("source", ctypes.c_int32),
        ("num_threads", ctypes.c_int32),
        ("wide_index", ctypes.c_int32),
        ("derivative", ctypes.c_int32 * 3),
        ("image_n", ctypes.c_int64),
        ("source_n", ctypes.c_int64),
        ("point_values_n", ctypes.c_int64),
        ("channels", ctypes.c_int64),
        ("shape", ctypes.c_int64 * 3),
        ("origin", ctypes.c_int64 * 3),
        ("size", ctypes.c_int64 * 3),
        ("block_origin", ctypes.c_int64 * 3),
        ("block_size", ctypes.c_int64 * 3),
        ("scale", ctypes.c_double * 3),
        ("offset", ctypes.c_double * 3),
        ("fill_value", ctypes.c_double),
        ("spline", Spline),
        ("coordinates", ctypes.c_void_p),
        ("coordinate_tangents", ctypes.c_void_p),
        ("image", ctypes.c_void_p),
        ("image_tangents", ctypes.c_void_p),
        ("point_values", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
    ]


def is_compiled(kernel: str, points: int) -> bool:
    """Whether compiled kernels are there and `kernel` is one; if none are, many points are worth a notice."""
    if kernel not in KERNELS:
        return False
    if _native.load().library is None:
        _native.tell_if_missing(points)
        return False
    return True


def sampling_arguments(
    size: tuple[int, ...], dtype: Any, kernel: str, boundary: str, derivative: tuple[int, ...] | None = None
) -> Sampling:
    """What a kernel needs to know of an image, but for its values and :func:`completed`.

    Parameters
    ----------
    size : tuple of int
        Spatial shape of the image.
    dtype : dtype
        Of the image.
    kernel, boundary, derivative
        As of ``grid_sample``.
    """
    ndim = len(size)
    ones = (1,) * (3 - ndim)
    reversed_size = (*size[::-1], *ones)  # the order of coordinates: the last array axis first
    arguments = Sampling(
        ndim=ndim,
        kernel=KERNELS[kernel],
        boundary=_BOUNDARIES[boundary],
        image_dtype=DTYPES[np.dtype(dtype)],
        size=reversed_size,
        block_size=reversed_size,
        scale=(1.0, 1.0, 1.0),
    )
    if derivative is not None:
        orders = [min(order, _VANISHING_ORDER) for order in derivative]  # zero is zero, in fewer products
        arguments.derivative = (*orders, *(0,) * (3 - ndim))
    return arguments


def completed(arguments: Sampling, dtype: Any, fill_value: float) -> Sampling:
    """A copy with the fill value, a pixel like any other, and the number of threads."""
    copy = Sampling.from_buffer_copy(arguments)
    copy.fill_value = float(np.dtype(dtype).type(fill_value)) if fill_value else fill_value
    copy.num_threads = _threads.get_num_threads()
    return copy


def address(array: np.ndarray) -> int:
    """Where an array lies in memory: ``array.ctypes.data``, in a fifth of the time for most."""
    if array.base is None and array.flags.writeable and array.size:  # ctypes asks for memory to write to
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    return array.ctypes.data


def is_image(array: Any) -> bool:
    """Whether it is a plain array that kernels can read: of a known dtype in the machine's byte order."""
    return type(array) is np.ndarray and array.dtype in DTYPES


def is_floating(array: Any) -> bool:
    """The same, of a floating dtype."""
    return is_image(array) and array.dtype.kind == "f"


def packed(array: np.ndarray) -> np.ndarray:
    """The array itself if its elements lie side by side and aligned; else a copy of which that is true."""
    return array if array.flags.c_contiguous and array.flags.aligned else _copied(array, array.dtype)


def at_least_float32(array: np.ndarray) -> np.ndarray:
    """Like :func:`packed`; float16 becomes float32."""
    return _copied(array, np.float32) if array.dtype == np.float16 else packed(array)


def _copied(array: np.ndarray, dtype: Any) -> np.ndarray:
    copy = _large_arrays.empty(array.shape, dtype)
    copy[...] = array
    return copy
