"""The columns of convolution ("im2col"): for each element of the weight, the part of the image that it meets.

Arrays are (rows, c, *others, n) in memory, rows being the first spatial axis. The batch comes last, so that
every copy is of long runs of neighbours. Rows come first, so that columns are made along the other axes only:
those of the rows that a window meets are neighbours in memory, and are a matrix as they lie there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from warpkit._core import Array, namespace

from ._windows import count_windows, offset_slices, per_axis

BLOCK_ELEMENTS = 2**24  # of the columns at a time, unless one row of windows sees more: it bounds memory


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
        """The image within its padding, in (rows, c, *others, n)."""
        first, *others = (slice(p, p + s) for s, p in zip(self.shape, self.padding, strict=True))
        return (first, slice(None), *others)

    @property
    def extent(self) -> int:
        """From the first row that a window meets to the last."""
        return self.dilation[0] * (self.kernel[0] - 1) + 1

    def blocks(self, channels: int, batch: int) -> Iterator[tuple[range, slice]]:
        """Blocks of rows of windows, and the rows of the padded image that they see."""
        per_row = channels * math.prod(self.kernel[1:]) * math.prod(self.out[1:]) * batch
        rows_seen = BLOCK_ELEMENTS // max(per_row, 1)
        step = max(1, (rows_seen - self.extent) // self.stride[0] + 1)
        for first in range(0, self.out[0], step):
            rows = range(first, min(first + step, self.out[0]))
            yield rows, slice(first * self.stride[0], rows[-1] * self.stride[0] + self.extent)

    def meeting(self, row: int) -> tuple[slice, slice]:
        """Rows of windows that meet a row of the padded image, and the rows of the weight that do so in them.

        The weight is turned over: its rows fall as those of windows rise. So both rise, in even steps.
        """
        length, stride, dilation = self.kernel[0], self.stride[0], self.dilation[0]
        starts = [(k, row - (length - 1 - k) * dilation) for k in range(length)]
        pairs = [(s // stride, k) for k, s in starts if s % stride == 0 and 0 <= s < stride * self.out[0]]
        windows, turned = zip(*pairs, strict=True) if pairs else ((), ())
        return _evenly(windows), _evenly(turned)

    def slices(self) -> Iterator[tuple[slice, ...]]:
        """Per element of the weight along the other axes, where it meets (c, *others) of the padded image."""
        for where in offset_slices(self.kernel[1:], self.stride[1:], self.out[1:], self.dilation[1:]):
            yield (slice(None), *where)


def _evenly(numbers: tuple[int, ...]) -> slice:
    """The slice of numbers that rise in even steps: indexing with it copies nothing."""
    if len(numbers) < 2:
        return slice(numbers[0], numbers[0] + 1) if numbers else slice(0)
    return slice(numbers[0], numbers[-1] + 1, numbers[1] - numbers[0])


def rows_first(x: Array, dtype: Any) -> Array:
    """(n, c, *spatial) -> (rows, c, *others, n), contiguous."""
    xp = namespace(x)
    return xp.ascontiguousarray(xp.moveaxis(x, (2, 0), (0, -1)), dtype=dtype)


def batch_first(x: Array) -> Array:
    """(rows, c, *others, n) -> (n, c, *spatial), without a copy: the next layer wants rows first again."""
    return namespace(x).moveaxis(x, (0, -1), (2, 0))


def pad(image: Array, geometry: Geometry, dtype: Any) -> Array:
    """The image as (rows, c, *others, n), padded."""
    inner = rows_first(image, dtype)
    if not any(geometry.padding):
        return inner
    first, *others = geometry.padded
    padded = namespace(image).zeros((first, inner.shape[1], *others, inner.shape[-1]), dtype)
    padded[geometry.inside] = inner
    return padded


def columns_of(padded: Array, geometry: Geometry) -> Array:
    """For each row, the matrix (c k, windows n) of what the elements of a row of the weight meet in it."""
    rows, channels, batch = padded.shape[0], padded.shape[1], padded.shape[-1]
    size, count = math.prod(geometry.kernel[1:]), geometry.out[1:]
    columns = namespace(padded).empty((rows, channels, size, *count, batch), padded.dtype)
    for k, where in enumerate(geometry.slices()):
        columns[:, :, k] = padded[(slice(None), *where)]
    return columns.reshape(rows, channels * size, math.prod(count) * batch)


def met_in_row(columns: Array, row: int, geometry: Geometry) -> Array:
    """The matrix (k c k, windows n) of what a row of windows meets: a view, if the rows are not dilated."""
    first = row * geometry.stride[0]
    met = columns[first : first + geometry.extent : geometry.dilation[0]]
    return met.reshape(met.shape[0] * met.shape[1], met.shape[2])


def add_columns(columns: Array, geometry: Geometry, padded_row: Array) -> None:
    """Add each column of a row back to where it was taken from: the adjoint of :func:`columns_of`."""
    channels, batch = padded_row.shape[0], padded_row.shape[-1]
    columns = columns.reshape(channels, math.prod(geometry.kernel[1:]), *geometry.out[1:], batch)
    for k, where in enumerate(geometry.slices()):
        padded_row[where] += columns[:, k]
