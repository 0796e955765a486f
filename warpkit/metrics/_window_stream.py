"""Window sums of an image that comes slab by slab: what is in work stays in the processor's cache."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from warpkit._core import Array, namespace

from ._window_sum import sum_along, sum_neighbours

ELEMENTS = 2**15
"""How many pixels of a slab are aimed at."""


class WindowStream:
    """Takes an image in slabs along its first axis, and gives the window sums `radius` planes later.

    Parameters
    ----------
    like : array (*spatial)
        An image of the same shape and dtype.
    radius : int
        As of :func:`window_sum`.
    """

    def __init__(self, like: Array, radius: int) -> None:
        self.radius = radius
        self.last = namespace(like).zeros((2 * radius, *like.shape[1:]), like.dtype)

    def push(self, slab: Array) -> Array:
        """As many planes as are put in. Behind the image's end, `radius` planes of zeros have to follow."""
        for axis in range(1, slab.ndim):
            slab = sum_along(slab, axis, min(self.radius, slab.shape[axis]))
        joined = namespace(slab).concatenate([self.last, slab])
        self.last = joined[len(joined) - 2 * self.radius :]
        return sum_neighbours(joined, 0, 2 * self.radius + 1)


def slabs(shape: tuple[int, ...], radius: int) -> Iterator[tuple[int, int]]:
    """First plane of each slab and the one after its last, until all planes have come out of a stream."""
    thickness = max(ELEMENTS // max(math.prod(shape[1:]), 1), 2 * radius, 1)
    end = shape[0] + radius
    return ((start, min(start + thickness, end)) for start in range(0, end, thickness))


def planes(x: Array, start: int, stop: int) -> Array:
    """These planes of an image, beyond which there are zeros."""
    inside = x[max(start, 0) : max(stop, 0)]
    if len(inside) == stop - start:
        return inside
    out: Any = namespace(x).zeros((stop - start, *x.shape[1:]), x.dtype)
    first = max(-start, 0)
    out[first : first + len(inside)] = inside
    return out
