"""The compiled kernels of ``grid_sample`` and its derivatives, for NumPy arrays.

All functions return ``NotImplemented`` where no compiled kernel fits, and the array code of the op does the
work.
"""

from __future__ import annotations

import functools
import math
from types import NotImplementedType
from typing import Any

import numpy as np

from warpkit._core import _large_arrays, _native
from warpkit.grids import frame_scales

from ._native_arguments import (
    GRID_FLOAT32,
    GRID_FLOAT64,
    Sampling,
    address,
    at_least_float32,
    completed,
    is_compiled,
    is_floating,
    is_image,
    packed,
    sampling_arguments,
)


def pull(image: Any, grid: Any, **options: Any) -> np.ndarray | NotImplementedType:
    """Values of an image at grid points: compiled ``grid_sample``, with the bits of its array code.

    Parameters
    ----------
    image : (n, c, *spatial) ndarray
        Of one of the dtypes that are interpolated.
    grid : (n, *out_spatial, ndim) ndarray of a floating dtype
        Coordinates ordered (x, y[, z]). One of the two n may be 1.
    **options
        Static arguments of ``grid_sample``.

    Returns
    -------
    (n, c, *out_spatial) ndarray, or NotImplemented
        Of the image's dtype; of float32 for a derivative of an integer image.
    """
    if not is_image(image) or not is_floating(grid):
        return NotImplemented
    image, grid = packed(image), at_least_float32(grid)
    arguments = grid_arguments(image.shape, image.dtype, grid, **options)
    if arguments is None:
        return NotImplemented
    derivative = options["derivative"]
    unrounded = image.dtype.kind != "f" and derivative is not None and any(derivative)
    out = _large_arrays.empty(_out_shape(image, grid), np.float32 if unrounded else image.dtype)
    if out.size:
        arguments.image, arguments.out = address(image), address(out)
        _native.call("wk_pull", arguments)
    return out


def pull_vjp(
    ct_out: Any, image: Any, grid: Any, *, needs: tuple[bool, bool], **options: Any
) -> tuple[np.ndarray | None, np.ndarray | None] | NotImplementedType:
    """Cotangents of image and grid: the compiled vjp of ``grid_sample``.

    Each element of the image's cotangent adds up its contributions in one order, so its bits depend neither
    on the number of threads nor on the rest of the batch.

    Parameters
    ----------
    ct_out : (n, c, *out_spatial) ndarray of the image's dtype
        Cotangent of the output.
    image, grid, **options
        As for :func:`pull`.
    needs : (bool, bool)
        Whether the image's and the grid's cotangent are asked for.

    Returns
    -------
    (ct_image, ct_grid) or NotImplemented
        Like image and grid; None for what was not asked for.
    """
    if not (is_floating(image) and is_floating(grid) and is_floating(ct_out)) or ct_out.dtype != image.dtype:
        return NotImplemented
    if ct_out.shape != _out_shape(image, grid):  # nothing else stands between it and the kernel's loops
        return NotImplemented
    ct_image = ct_grid = None
    if needs[0]:
        ct_image = push_onto(ct_out, grid, image.shape, **options)
        if ct_image is NotImplemented:
            return NotImplemented
    if needs[1]:
        ct_grid = coordinate_cotangent(ct_out, image, grid, **options)
        if ct_grid is NotImplemented:
            return NotImplemented
    return ct_image, ct_grid


def pull_jvp(
    tangents: tuple[Any, Any], image: Any, grid: Any, **options: Any
) -> np.ndarray | NotImplementedType:
    """Tangent of the values: the compiled jvp of ``grid_sample``.

    Parameters
    ----------
    tangents : (array or None, array or None)
        Of image and grid.
    image, grid, **options
        As for :func:`pull`.

    Returns
    -------
    (n, c, *out_spatial) ndarray of the image's dtype, or NotImplemented
    """
    tan_image, tan_grid = tangents
    if not is_floating(image) or not is_floating(grid):
        return NotImplemented
    for tangent, primal in ((tan_image, image), (tan_grid, grid)):
        if tangent is not None and (not is_floating(tangent) or tangent.shape != primal.shape):
            return NotImplemented
        if tangent is not None and tangent.dtype != primal.dtype:
            return NotImplemented
    wide, grid = at_least_float32(image), at_least_float32(grid)
    arguments = grid_arguments(wide.shape, wide.dtype, grid, **options)
    if arguments is None:
        return NotImplemented
    out = _large_arrays.empty(_out_shape(wide, grid), wide.dtype)
    if out.size:
        arguments.image, arguments.out = address(wide), address(out)
        if tan_image is not None:
            tan_image = at_least_float32(tan_image)
            arguments.image_tangents = address(tan_image)
        if tan_grid is not None:
            tan_grid = at_least_float32(tan_grid)
            arguments.coordinate_tangents = address(tan_grid)
        _native.call("wk_pull_jvp", arguments)
    return out.astype(image.dtype, copy=False)


def push_onto(
    values: np.ndarray, grid: np.ndarray, shape: tuple[int, ...], *, fill_value: float = 0.0, **options: Any
) -> np.ndarray | NotImplementedType:
    """Push values (n, c, *points) onto images of `shape` (n or 1, c, *spatial); 1 adds up the batch."""
    del fill_value  # linear: what lies outside takes no part
    wide, grid = at_least_float32(values), at_least_float32(grid)
    arguments = grid_arguments(shape, wide.dtype, grid, **options)
    if arguments is None:
        return NotImplemented
    out = _large_arrays.zeros(shape, wide.dtype)
    if out.size and wide.size and grid.size:
        arguments.point_values, arguments.out = address(wide), address(out)
        arguments.point_values_n = wide.shape[0]
        _native.call("wk_push", arguments)
    return out.astype(values.dtype, copy=False)


def coordinate_cotangent(
    ct_out: np.ndarray, image: np.ndarray, grid: np.ndarray, **options: Any
) -> np.ndarray | NotImplementedType:
    """The grid's cotangent; `ct_out` may have a batch of 1."""
    wide, ct_out, wide_grid = at_least_float32(image), at_least_float32(ct_out), at_least_float32(grid)
    arguments = grid_arguments(wide.shape, wide.dtype, wide_grid, **options)
    if arguments is None:
        return NotImplemented
    if not ct_out.size:
        return np.zeros(grid.shape, grid.dtype)
    out = _large_arrays.empty(wide_grid.shape, wide_grid.dtype)
    if out.size:
        arguments.image, arguments.out = address(wide), address(out)
        arguments.point_values, arguments.point_values_n = address(ct_out), ct_out.shape[0]
        _native.call("wk_pull_vjp", arguments)
    return out.astype(grid.dtype, copy=False)


def grid_arguments(
    shape: tuple[int, ...],
    dtype: Any,
    grid: np.ndarray,
    *,
    kernel: str,
    boundary: str,
    frame: str,
    fill_value: float = 0.0,
    derivative: tuple[int, ...] | None = None,
) -> Sampling | None:
    """Arguments for an image of `shape` (n, c, *spatial) and a packed grid; None where nothing fits."""
    if not is_compiled(kernel, grid.size):
        return None
    lasting = _lasting_arguments(shape, dtype, grid.shape, grid.dtype, kernel, boundary, frame, derivative)
    arguments = completed(lasting, dtype, fill_value)
    arguments.coordinates = address(grid)
    return arguments


@functools.lru_cache
def _lasting_arguments(
    shape: tuple[int, ...],
    dtype: Any,
    grid_shape: tuple[int, ...],
    grid_dtype: Any,
    kernel: str,
    boundary: str,
    frame: str,
    derivative: tuple[int, ...] | None,
) -> Sampling:
    """What is the same in all calls for arrays of these shapes; making it takes longer than a small call."""
    size = shape[2:]
    arguments = sampling_arguments(size, dtype, kernel, boundary, derivative)
    scales, offsets = frame_scales(size, frame)
    rest = (0.0,) * (3 - len(size))
    arguments.scale, arguments.offset = (*scales, *rest), (*offsets, *rest)
    arguments.source = GRID_FLOAT32 if grid_dtype == np.float32 else GRID_FLOAT64
    arguments.image_n, arguments.source_n, arguments.channels = shape[0], grid_shape[0], shape[1]
    row = grid_shape[-2] if len(grid_shape) > 2 else 1
    arguments.shape = (row, math.prod(grid_shape[1:-2]), 1)
    return arguments


def _out_shape(image: np.ndarray, grid: np.ndarray) -> tuple[int, ...]:
    n = grid.shape[0] if image.shape[0] == 1 else image.shape[0]
    return (n, image.shape[1], *grid.shape[1:-1])
