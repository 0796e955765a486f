"""The footprints of output pixels under any transform."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from warpkit._core import Array, Tracer, is_array, plain
from warpkit.grids import identity_grid
from warpkit.ops import stack, where
from warpkit.transforms import AbstractAffine, AbstractTransform, Composed, Displacement
from warpkit.transforms._fields import library
from warpkit.transforms._numerical_inverse import arrays_of


def in_pixels(
    transform: AbstractTransform, in_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> AbstractTransform:
    """The same map of pixels, in float64; variables in its fields stay on the tape."""
    return _in_float64(transform).to_frame("pixel", in_shape, out_shape)


def _in_float64(value: Any) -> Any:
    """The same transform with all its arrays in float64."""
    if isinstance(value, tuple):
        return tuple(_in_float64(item) for item in value)
    if is_array(value) or isinstance(value, Tracer):
        return value.astype("float64") if value.dtype.kind == "f" else value
    if not isinstance(value, AbstractTransform):
        return value
    transform: Any = value
    return replace(transform, **{x.name: _in_float64(getattr(transform, x.name)) for x in fields(transform)})


def footprints(pixels: AbstractTransform, shape: tuple[int, ...]) -> Array:
    r"""The edges of each output pixel's footprint in the input, as columns of its Jacobian.

    Parameters
    ----------
    pixels : AbstractTransform
        A map T of pixels.
    shape : tuple of int
        Spatial shape of the output.

    Returns
    -------
    array, shape (n, *shape, ndim, ndim)
        Column j is :math:`T(p + e_j / 2) - T(p - e_j / 2)`, the mean of the derivative along j over the
        pixel: for affine maps the derivative itself, and then the lengths in `shape` are 1. Pixels at the
        border of a displacement field have the mean over their inner half. NaN where the map is not finite.
    """
    ndim = len(shape)
    if isinstance(pixels, AbstractAffine):
        matrix = pixels.to_affine().theta[:, :, :-1]
        return matrix.reshape(matrix.shape[0], *(1,) * ndim, ndim, ndim)
    return stack([_edges(pixels, shape, axis) for axis in range(ndim)], axis=-1)


def _edges(pixels: AbstractTransform, shape: tuple[int, ...], axis: int) -> Array:
    """From one side of each pixel to the other, along one coordinate: (n, *shape, ndim)."""
    ndim, length = len(shape), shape[len(shape) - 1 - axis]
    sides = np.arange(length + 1) - 0.5
    if length > 1 and isinstance(_innermost(pixels), Displacement):
        sides = sides.clip(0, length - 1)  # further out a field says nothing
    along = ndim - 1 - axis
    points = identity_grid((*shape[:along], length + 1, *shape[along + 1 :]), "pixel")
    points[..., axis] = sides.reshape(-1, *(1,) * axis)
    mapped = pixels(library(*arrays_of(pixels)).asarray(points.reshape(-1, ndim)))
    mapped = mapped.reshape(mapped.shape[0], *points.shape[1:])
    mapped = where(library(mapped).isfinite(plain(mapped)), mapped, np.nan)  # inf - inf, without a warning
    before = (slice(None),) * (along + 1)
    difference = mapped[(*before, slice(1, None))] - mapped[(*before, slice(None, -1))]
    return difference / library(mapped).asarray(np.diff(sides).reshape(-1, *(1,) * (axis + 1)))


def _innermost(transform: AbstractTransform) -> AbstractTransform:
    """The transform that is applied first."""
    return _innermost(transform.transforms[-1]) if isinstance(transform, Composed) else transform
