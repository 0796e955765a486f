"""Images in slabs: parts small enough for the caches, of which several are worked out at once.

What is made on the way to a result then needs no memory of the size of an image, which the system would have
to hand out anew each time. Slabs are the same for any number of threads, so that sums over them are, too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from warpkit._core import Array
from warpkit._core._threads import each_beside

PIXELS = 1 << 18  # of a slab: a MB in float32


@dataclass(frozen=True)
class Slab:
    """A part of the pixels along an axis.

    Attributes
    ----------
    core : tuple of slice
        Where it is in an array.
    wide : tuple of slice
        The same with its surroundings, as far as these are in the array.
    inner : tuple of slice
        Where the core is in what is wide.
    """

    core: tuple[slice, ...]
    wide: tuple[slice, ...]
    inner: tuple[slice, ...]


def in_slabs(
    work: Callable[[Slab], None],
    shape: Sequence[int],
    library: ModuleType,
    *,
    axis: int = 1,
    reach: int = 0,
) -> None:
    """Call `work` for slabs of arrays of that shape along an axis, on as many threads as kernels may use.

    Their surroundings are `reach` pixels wide. Arrays of another library than NumPy are one slab.
    """
    length = int(shape[axis])
    pixels = math.prod(shape[1:]) if library is np else 1
    count = min(length, -(-pixels // PIXELS))
    edges = [length * k // count for k in range(count + 1)] if count else []
    before = (slice(None),) * axis
    slabs = []
    for first, last in itertools.pairwise(edges):
        low, high = max(0, first - reach), min(length, last + reach)
        core, wide, inner = (slice(first, last), slice(low, high), slice(first - low, last - low))
        slabs.append(Slab((*before, core), (*before, wide), (*before, inner)))
    each_beside(work, slabs, library)


def correlate_rows(images: Array, weights: Sequence[float]) -> Array:
    """Weighted sums of (c, length, ...) along axis 1, where all neighbours are: shorter by len(weights) - 1.

    Whole rows, or planes, at once: along that axis neighbours lie so far apart in memory that filters that go
    from pixel to pixel wait for each.
    """
    length = images.shape[1] - len(weights) + 1
    total = weights[0] * images[:, :length]
    for k, weight in enumerate(weights[1:], 1):
        total += weight * images[:, k : k + length]
    return total
