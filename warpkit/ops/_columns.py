"""The columns of convolution ("im2col"): for each element of the weight, the part of the image that it meets.

The batch comes last in memory, so that every copy is of long runs of neighbours, and the columns are made
for a block of output rows at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from warpkit._core import Array, namespace

from ._windows import count_windows, offset_slices, per_axis

BLOCK_ELEMENTS = 2**20  # of the columns at a time: few enough to stay in the cache


@dataclass(frozen=True)
class Geometry:
    """How the windows lie on the image; all tuples have one entry per spatial axis."""

    shape: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(cls, shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Geometry:
        ndim = len(shape)
        return cls(
            tuple(shape),
            tuple(kernel),
            per_axis(stride, ndim, "stride"),
            per_axis(padding, ndim, "padding", least=0),
            per_axis(dilation, ndim, "dilation"),
        )

    @property
    def out(self) -> tuple[int, ...]:
        """Number of windows along each axis."""
        return count_windows(self.shape, self.kernel, self.stride, self.padding, self.dilation)

    @property
    def padded(self) -> tuple[int, ...]:
        """Shape of the image with its padding."""
        return tuple(s + 2 * p for s, p in zip(self.shape, self.padding, strict=True))

    @property
    def inside(self) -> tuple[slice, ...]:
        """The image within its padding, in (c, *spatial, n)."""
        return (slice(None), *(slice(p, p + s) for s, p in zip(self.shape, self.padding, strict=True)))

    def blocks(self, channels: int, batch: int) -> Iterator[tuple[slice, slice, tuple[int, ...]]]:
        """Blocks of output rows: the rows, the rows of the padded image they see, their windows."""
        rows, *others = self.out
        per_row = channels * math.prod(self.kernel) * math.prod(others) * batch
        step = max(1, BLOCK_ELEMENTS // max(per_row, 1))
        extent = self.dilation[0] * (self.kernel[0] - 1) + 1
        for first in range(0, rows, step):
            last = min(first + step, rows)
            seen = slice(first * self.stride[0], (last - 1) * self.stride[0] + extent)
            yield slice(first, last), seen, (last - first, *others)

    def slices(self, count: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
        """Per element of the weight, where it meets the padded image."""
        return offset_slices(self.kernel, self.stride, count, self.dilation)


def batch_last(x: Array, dtype: Any) -> Array:
    """(n, c, *spatial) -> (c, *spatial, n), contiguous."""
    xp = namespace(x)
    return xp.ascontiguousarray(xp.moveaxis(x, 0, -1), dtype=dtype)


def batch_first(x: Array) -> Array:
    """(c, *spatial, n) -> (n, c, *spatial), without a copy: the next layer wants the batch last again."""
    return namespace(x).moveaxis(x, -1, 0)


def pad(image: Array, geometry: Geometry, dtype: Any) -> Array:
    """The image as (c, *padded, n)."""
    if not any(geometry.padding):
        return batch_last(image, dtype)
    xp = namespace(image)
    padded = xp.zeros((image.shape[1], *geometry.padded, image.shape[0]), dtype)
    padded[geometry.inside] = xp.moveaxis(image, 0, -1)
    return padded


def columns_of(seen: Array, geometry: Geometry, count: tuple[int, ...]) -> Array:
    """The matrix (c k, windows n) of what each element of the weight meets in one block."""
    channels, batch = seen.shape[0], seen.shape[-1]
    size = math.prod(geometry.kernel)
    columns = namespace(seen).empty((channels, size, *count, batch), seen.dtype)
    for k, where in enumerate(geometry.slices(count)):
        columns[:, k] = seen[(slice(None), *where)]
    return columns.reshape(channels * size, math.prod(count) * batch)


def add_columns(columns: Array, geometry: Geometry, count: tuple[int, ...], seen: Array) -> None:
    """Add each column back to where it was taken from: the adjoint of :func:`columns_of`."""
    channels, batch = seen.shape[0], seen.shape[-1]
    columns = columns.reshape(channels, math.prod(geometry.kernel), *count, batch)
    for k, where in enumerate(geometry.slices(count)):
        seen[(slice(None), *where)] += columns[:, k]
