"""From a grid to taps: which pixels each point reads, and with what weights. Shared by pull and push."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, namespace
from warpkit.grids import frame_scales

from ._boundary import LARGEST_INDEX, resolve_index
from .kernels import SamplingKernel, get_kernel


@dataclass(frozen=True)
class _AxisTap:
    """One tap along one axis, for all points: (n, m) arrays."""

    pixel: Array
    inside: Array | None
    weight: Array


@dataclass(frozen=True)
class Tap:
    """One tap of the tensor product, for all points: (n, m) arrays."""

    pixel: Array
    """Flat index into the spatial axes, int64, always in range."""
    inside: Array | None
    """False where the tap takes the fill value; None if nowhere."""
    weight: Array
    """Weight in the compute dtype."""


@dataclass(frozen=True)
class Taps:
    """All taps of a grid's points on an image."""

    axes: tuple[tuple[_AxisTap, ...], ...]
    """Per axis, slowest first, the taps along it; empty if all weights are zero."""
    lengths: tuple[int, ...]
    answered: Array
    """(n, m), False where a coordinate is NaN or the boundary has no answer."""
    factor: float
    """The chain rule's factor of derivatives: product of the frame's scales."""

    def __iter__(self) -> Iterator[Tap]:
        """The product of the axes' taps, x fastest; weights multiplied from the slowest axis on."""
        for combination in itertools.product(*self.axes):
            pixel, inside, weight = combination[0].pixel, combination[0].inside, combination[0].weight
            for length, tap in zip(self.lengths[1:], combination[1:], strict=True):
                pixel = pixel * length + tap.pixel
                weight = weight * tap.weight
                inside = tap.inside if inside is None else inside & tap.inside
            yield Tap(pixel, inside, weight)


def find_taps(
    grid: Array,
    shape: tuple[int, ...],
    *,
    kernel: str,
    boundary: str,
    frame: str,
    derivative: tuple[int, ...] | None,
    dtype: Any,
) -> Taps:
    """Find the taps of every point of a grid.

    Parameters
    ----------
    grid : array, shape (n, *out_shape, ndim)
        Coordinates (x, y[, z]) in `frame`.
    shape : tuple of int
        Spatial shape of the image.
    kernel, boundary, frame : str
        As of :func:`grid_sample`.
    derivative : tuple of int or None
        Order of derivative per coordinate, (x, y[, z]); None is no derivative.
    dtype : dtype
        Of the weights.
    """
    kernels = (get_kernel(kernel),) * len(shape)
    return find_taps_of(
        kernels, grid, shape, boundary=boundary, frame=frame, derivative=derivative, dtype=dtype
    )


def find_taps_of(
    kernels: Sequence[SamplingKernel],
    grid: Array,
    shape: tuple[int, ...],
    *,
    boundary: str,
    frame: str,
    derivative: tuple[int, ...] | None,
    dtype: Any,
) -> Taps:
    """The same with a kernel of its own for each coordinate (x, y[, z])."""
    xp = namespace(grid)
    ndim = len(shape)
    orders = (0,) * ndim if derivative is None else derivative
    scales, offsets = frame_scales(shape, frame)
    points = grid.reshape(grid.shape[0], math.prod(grid.shape[1:-1]), ndim)
    answered = xp.ones(points.shape[:2], dtype=bool)
    axes = []
    for d in range(ndim):
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # infinity times zero, and minus itself, is NaN on purpose
            x = points[..., d].astype(xp.float64) * scales[d] + offsets[d]
        taps, answered_here = _axis_taps(x, shape[ndim - 1 - d], kernels[d], boundary, orders[d], dtype)
        axes.append(taps)
        answered &= answered_here
    factor = 1.0  # of nothing, where all weights are zero: the power of a high order may overflow
    if all(axes):
        factor = math.prod(s**order for s, order in zip(scales, orders, strict=True))
    return Taps(tuple(axes[::-1]), shape, answered, factor)


def _axis_taps(
    x: Array, length: int, kernel: SamplingKernel, boundary: str, order: int, dtype: Any
) -> tuple[tuple[_AxisTap, ...], Array]:
    """The taps along one axis, and where all of them have an answer."""
    xp = namespace(x)
    centre = xp.floor(x)
    with np.errstate(invalid="ignore"):
        t = xp.where(xp.abs(x) < LARGEST_INDEX, x - centre, 0.0)
    if kernel.n_taps % 2:  # the nearest pixel, and the distance from it: found before t is rounded to dtype
        upper = t >= 0.5
        centre, t = centre + upper, t - upper
    answered = xp.ones(x.shape, dtype=bool)
    resolved = []
    for offset in kernel.offsets:
        pixel, inside, known = resolve_index(centre + offset, length, boundary)
        resolved.append((pixel, inside))
        answered &= known
    weights = kernel.weights(t.astype(dtype), order)
    if weights is None:
        return (), answered
    return tuple(_AxisTap(p, i, w) for (p, i), w in zip(resolved, weights, strict=True)), answered
