"""The compiled kernels of ``grid_sample`` and of its vjp, for NumPy arrays.

Both functions return ``NotImplemented`` where no compiled kernel fits, and the array code of the op
does the work.
"""

from __future__ import annotations

import ctypes
import math
from types import NotImplementedType
from typing import Any

import numpy as np

from warpkit._core import _native, _threads
from warpkit.grids import FRAMES, frame_scales

_KERNELS = {"nearest": 0, "linear": 1}
_BOUNDARIES = {"constant": 0, "border": 1, "reflect": 2, "mirror": 3, "wrap": 4}
_DTYPES = {np.dtype(np.float32): 0, np.dtype(np.float64): 1}


class _Arguments(ctypes.Structure):
    """``struct wk_grid_sample`` of ``warpkit/kernels/cpu/abi.h``."""

    _fields_ = [
        ("ndim", ctypes.c_int32),
        ("kernel", ctypes.c_int32),
        ("boundary", ctypes.c_int32),
        ("image_dtype", ctypes.c_int32),
        ("grid_dtype", ctypes.c_int32),
        ("num_threads", ctypes.c_int32),
        ("image_n", ctypes.c_int64),
        ("grid_n", ctypes.c_int64),
        ("channels", ctypes.c_int64),
        ("points", ctypes.c_int64),
        ("row", ctypes.c_int64),
        ("size", ctypes.c_int64 * 3),
        ("scale", ctypes.c_double * 3),
        ("offset", ctypes.c_double * 3),
        ("fill_value", ctypes.c_double),
        ("image", ctypes.c_void_p),
        ("grid", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("ct_image", ctypes.c_void_p),
        ("ct_grid", ctypes.c_void_p),
    ]


def pull(
    image: Any,
    grid: Any,
    *,
    kernel: str,
    boundary: str,
    fill_value: float,
    frame: str,
    derivative: tuple[int, ...] | None,
) -> np.ndarray | NotImplementedType:
    """Values of an image at grid points: compiled ``grid_sample``.

    ``out[n, c, p] = sum over taps k of w_k(p) * image[n, c, place_k(p)]``, bit for bit what the op's
    array code gives.

    Parameters
    ----------
    image : (n, c, *spatial) ndarray of float32 or float64
        2 or 3 spatial axes.
    grid : (n, *out_spatial, ndim) ndarray of float32 or float64
        Coordinates ordered (x, y[, z]). One of the two n may be 1.
    kernel, boundary, fill_value, frame, derivative
        As for ``grid_sample``; derivatives of the kernel have no compiled code.

    Returns
    -------
    (n, c, *out_spatial) ndarray of the image's dtype, or NotImplemented
    """
    arguments = _arguments(image, grid, kernel, boundary, fill_value, frame, derivative)
    if arguments is None:
        return NotImplemented
    image, grid = np.ascontiguousarray(image), np.ascontiguousarray(grid)
    out = np.empty(_out_shape(image, grid), image.dtype)
    if out.size:
        arguments.image, arguments.grid = image.ctypes.data, grid.ctypes.data
        arguments.values = out.ctypes.data
        _native.call("wk_grid_sample_pull", arguments)
    return out


def pull_vjp(
    ct_out: Any,
    image: Any,
    grid: Any,
    *,
    needs: tuple[bool, bool],
    kernel: str,
    boundary: str,
    fill_value: float,
    frame: str,
    derivative: tuple[int, ...] | None,
) -> tuple[np.ndarray | None, np.ndarray | None] | NotImplementedType:
    """Cotangents of image and grid: the compiled vjp of ``grid_sample``.

    Each element of the image's cotangent adds up its contributions in row-major order of the output
    points, so its bits depend neither on the number of threads nor on the rest of the batch.

    Parameters
    ----------
    ct_out : (n, c, *out_spatial) ndarray of the image's dtype
        Cotangent of the output.
    image, grid
        As for `pull`.
    needs : (bool, bool)
        Whether the image's and the grid's cotangent are asked for.
    kernel, boundary, fill_value, frame, derivative
        As for `pull`.

    Returns
    -------
    (ct_image, ct_grid) or NotImplemented
        Like image and grid; None for what was not asked for.
    """
    arguments = _arguments(image, grid, kernel, boundary, fill_value, frame, derivative)
    if arguments is None or not _is_ndarray(ct_out) or ct_out.dtype != image.dtype:
        return NotImplemented
    if ct_out.shape != _out_shape(image, grid):  # nothing else stands between it and the kernel's loops
        return NotImplemented
    ct_image = np.zeros(image.shape, image.dtype) if needs[0] else None
    ct_grid = np.zeros(grid.shape, grid.dtype) if needs[1] else None
    image, grid, ct_out = map(np.ascontiguousarray, (image, grid, ct_out))
    if (ct_image is not None and ct_out.size) or (ct_grid is not None and ct_grid.size):
        arguments.image, arguments.grid = image.ctypes.data, grid.ctypes.data
        arguments.values = ct_out.ctypes.data
        arguments.ct_image = None if ct_image is None else ct_image.ctypes.data
        arguments.ct_grid = None if ct_grid is None else ct_grid.ctypes.data
        _native.call("wk_grid_sample_pull_vjp", arguments)
    return ct_image, ct_grid


def _arguments(
    image: Any,
    grid: Any,
    kernel: str,
    boundary: str,
    fill_value: float,
    frame: str,
    derivative: tuple[int, ...] | None,
) -> _Arguments | None:
    """What the kernel needs to know besides the addresses; None where no compiled kernel fits."""
    if not (_is_ndarray(image) and _is_ndarray(grid)) or (derivative is not None and any(derivative)):
        return None
    ndim = image.ndim - 2  # that everything fits together is known from the op's spec
    if ndim not in (2, 3) or kernel not in _KERNELS or frame not in FRAMES:
        return None
    if _native.load().library is None:
        _native.tell_if_missing(math.prod(grid.shape[:-1]))
        return None
    scales, offsets = frame_scales(image.shape[2:], frame)
    arguments = _Arguments(
        ndim=ndim,
        kernel=_KERNELS[kernel],
        boundary=_BOUNDARIES[boundary],
        image_dtype=_DTYPES[image.dtype],
        grid_dtype=_DTYPES[grid.dtype],
        num_threads=_threads.get_num_threads(),
        image_n=image.shape[0],
        grid_n=grid.shape[0],
        channels=image.shape[1],
        points=math.prod(grid.shape[1:-1]),
        row=grid.shape[-2] if grid.ndim > 2 else 1,
        fill_value=fill_value,
    )
    for axis in range(ndim):  # in the order of coordinates: the last array axis first
        arguments.size[axis] = image.shape[-1 - axis]
        arguments.scale[axis], arguments.offset[axis] = scales[axis], offsets[axis]
    return arguments


def _is_ndarray(array: Any) -> bool:
    """Whether it is a plain array of a dtype that the kernels know, in the machine's byte order."""
    return type(array) is np.ndarray and array.dtype in _DTYPES and array.flags.aligned


def _out_shape(image: np.ndarray, grid: np.ndarray) -> tuple[int, ...]:
    n = grid.shape[0] if image.shape[0] == 1 else image.shape[0]
    return (n, image.shape[1], *grid.shape[1:-1])
