"""The compiled fused warps, for NumPy arrays: coordinates are computed where they are used.

No array of the size of a grid is made, and the cotangent of the parameters is summed inside the kernel, in
float64. A :class:`Source` says which transform of pixels the kernel computes. All functions return
``NotImplemented`` where no compiled kernel fits.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import NotImplementedType
from typing import Any, NamedTuple

import numpy as np

from warpkit._core import _large_arrays, _native
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


class Source(NamedTuple):
    """A batch of transforms, from the output's pixels to the input's."""

    code: int
    """AFFINE, PROJECTIVE or TPS of ``warpkit.sampling._native_arguments``."""
    parameters: np.ndarray
    """(n, ...) of float64, as listed at ``enum wk_source``."""
    shape: tuple[int, ...]
    """Spatial shape of the output."""
    spline: Spline | None = None
    """What all splines of the batch share."""


def pull(image: Any, source: Source, **options: Any) -> np.ndarray | NotImplementedType:
    """Warp an image (n, c, *spatial); `options` are kernel, boundary and fill_value."""
    if not is_image(image):
        return NotImplemented
    image = packed(image)
    arguments = warp_arguments(image.shape, image.dtype, source, options)
    if arguments is None:
        return NotImplemented
    out = _large_arrays.empty(_out_shape(image.shape, source), image.dtype)
    if out.size:
        arguments.image, arguments.out = address(image), address(out)
        _native.call("wk_pull", arguments)
    return out


def image_cotangent(
    ct_out: Any, image: Any, source: Source, **options: Any
) -> np.ndarray | NotImplementedType:
    """Cotangent of the image; floating."""
    if not _fits(ct_out, image, source):
        return NotImplemented
    wide = at_least_float32(ct_out)
    arguments = warp_arguments(image.shape, wide.dtype, source, options)
    if arguments is None:
        return NotImplemented
    out = _large_arrays.zeros(image.shape, wide.dtype)
    if out.size and wide.size:
        arguments.point_values, arguments.out = address(wide), address(out)
        arguments.point_values_n = wide.shape[0]
        _native.call("wk_push", arguments)
    return out.astype(image.dtype, copy=False)


def parameter_cotangent(
    ct_out: Any, image: Any, source: Source, **options: Any
) -> np.ndarray | NotImplementedType:
    """Cotangent of the source's parameters, in float64."""
    if not _fits(ct_out, image, source):
        return NotImplemented
    wide, ct_out = at_least_float32(image), at_least_float32(ct_out)
    arguments = warp_arguments(image.shape, wide.dtype, source, options)
    if arguments is None:
        return NotImplemented
    if not ct_out.size:
        return np.zeros(source.parameters.shape)
    out = np.empty(source.parameters.shape)
    if out.size:
        arguments.image, arguments.out = address(wide), address(out)
        arguments.point_values, arguments.point_values_n = address(ct_out), ct_out.shape[0]
        _native.call("wk_pull_vjp", arguments)
    return out


def cotangents(
    ct_out: Any,
    image: Any,
    source: Source,
    pull_back: Callable[[Any], tuple[Any, ...]],
    needs: tuple[bool, bool],
    **options: Any,
) -> tuple[Any, Any] | NotImplementedType:
    """Cotangents of the image and of what the source's parameters are computed from, through `pull_back`."""
    ct_image = ct_theta = None
    if needs[0]:
        ct_image = image_cotangent(ct_out, image, source, **options)
    if needs[1]:
        ct_parameters = parameter_cotangent(ct_out, image, source, **options)
        if ct_parameters is NotImplemented:
            return NotImplemented
        (ct_theta,) = pull_back(ct_parameters)
    return NotImplemented if ct_image is NotImplemented else (ct_image, ct_theta)


def tangent(
    tan_image: Any, tan_parameters: np.ndarray | None, image: Any, source: Source, **options: Any
) -> np.ndarray | NotImplementedType:
    """Tangent of the output, from those of the image and of the source's parameters (or None)."""
    if not is_floating(image) or (tan_image is not None and not is_floating(tan_image)):
        return NotImplemented
    if tan_image is not None and (tan_image.shape, tan_image.dtype) != (image.shape, image.dtype):
        return NotImplemented
    wide = at_least_float32(image)
    arguments = warp_arguments(image.shape, wide.dtype, source, options)
    if arguments is None:
        return NotImplemented
    out = _large_arrays.empty(_out_shape(image.shape, source), wide.dtype)
    if out.size:
        arguments.image, arguments.out = address(wide), address(out)
        if tan_image is not None:
            tan_image = at_least_float32(tan_image)
            arguments.image_tangents = address(tan_image)
        if tan_parameters is not None:
            tan_parameters = np.ascontiguousarray(tan_parameters)
            arguments.coordinate_tangents = address(tan_parameters)
        _native.call("wk_pull_jvp", arguments)
    return out.astype(image.dtype, copy=False)


def _fits(ct_out: Any, image: Any, source: Source) -> bool:
    """Whether a cotangent is of the output's shape and dtype: nothing else guards the kernel's loops."""
    return (
        is_floating(image)
        and is_floating(ct_out)
        and ct_out.dtype == image.dtype
        and ct_out.shape == _out_shape(image.shape, source)
    )


def _out_shape(image_shape: tuple[int, ...], source: Source) -> tuple[int, ...]:
    n = source.parameters.shape[0] if image_shape[0] == 1 else image_shape[0]
    return (n, image_shape[1], *source.shape)


def warp_arguments(
    image_shape: tuple[int, ...], dtype: Any, source: Source, options: dict[str, Any]
) -> Sampling | None:
    """The kernel's arguments but for the arrays; `options` are kernel, boundary and fill_value."""
    n = source.parameters.shape[0]
    kernel, boundary, fill_value = options["kernel"], options["boundary"], options["fill_value"]
    if not is_compiled(kernel, n * math.prod(source.shape)):
        return None
    lasting = _lasting_arguments(image_shape, dtype, source.code, n, source.shape, kernel, boundary)
    arguments = completed(lasting, dtype, fill_value)
    arguments.coordinates = address(source.parameters)
    if source.spline is not None:
        arguments.spline = source.spline
    return arguments


@functools.lru_cache
def _lasting_arguments(
    image_shape: tuple[int, ...],
    dtype: Any,
    code: int,
    n: int,
    shape: tuple[int, ...],
    kernel: str,
    boundary: str,
) -> Sampling:
    """What is the same in all calls for arrays of these shapes; making it takes longer than a small call."""
    arguments = sampling_arguments(image_shape[2:], dtype, kernel, boundary)
    arguments.source, arguments.source_n = code, n
    arguments.image_n, arguments.channels = image_shape[:2]
    arguments.shape = (*shape[::-1], *(1,) * (3 - len(shape)))
    return arguments
