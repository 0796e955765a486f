"""Points that are computed together, so many that the samples of all of them fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warpkit._core import Array
from warpkit.ops import concatenate

SAMPLES = 2**18
"""How many are in memory at once."""


@dataclass(frozen=True)
class Block:
    """Some items of a batch, and some of their points."""

    items: slice
    points: slice

    def cut(self, arrays: Sequence[Array | None]) -> list[Array | None]:
        """What belongs to this block of an image (n, ...) and of arrays (n, m, ...); None stays None.

        A batch of 1 serves all items, a single point all points, and an image all points.
        """
        image, *others = [x if x is None or x.shape[0] == 1 else x[self.items] for x in arrays]
        return [image, *[x if x is None or x.shape[1] == 1 else x[:, self.points] for x in others]]


def partition(counts: Array) -> list[list[Block]]:
    """Divide points into blocks, first the items of the batch and then the points of each.

    Parameters
    ----------
    counts : array of int, shape (n, m, ndim)
        How many samples each point takes along each axis. In a block all take as many as the largest.

    Returns
    -------
    list of list of Block
        Blocks of the same items are in one list.
    """

    def fit_items(start: int, stop: int) -> bool:
        return _fit(counts[start:stop])

    def points_of(items: slice) -> list[slice]:
        # No point is alone: NumPy adds up the samples of a single one in another order.
        return _halved(0, counts.shape[1], lambda start, stop: _fit(counts[items, start:stop]), least=2)

    return [
        [Block(items, points) for points in points_of(items)]
        for items in _halved(0, counts.shape[0], fit_items, least=1)
    ]


def _halved(start: int, stop: int, fit: Callable[[int, int], bool], least: int) -> list[slice]:
    """A range, halved until its parts fit, or would be shorter than `least`."""
    if stop - start < 2 * least or fit(start, stop):
        return [slice(start, stop)]
    middle = (start + stop) // 2
    return [*_halved(start, middle, fit, least), *_halved(middle, stop, fit, least)]


def _fit(counts: Array) -> bool:
    """Whether points (n, m, ndim) take few enough samples for one block, and leave few of them unused."""
    if not counts.size:
        return True
    per_axis = [counts[..., axis] for axis in range(counts.shape[-1])]
    taken = math.prod(counts.shape[:2]) * math.prod(int(axis.max()) for axis in per_axis)
    if taken > SAMPLES:
        return False
    return taken <= SAMPLES // 16 or taken <= 2 * int(math.prod(per_axis).sum())


def in_blocks(function: Callable[[Block], Array], counts: Array) -> Array:
    """Join what a function gives for each block, arrays (n, c, m)."""
    rows = [_joined([function(block) for block in row], axis=2) for row in partition(counts)]
    return _joined(rows, axis=0)


def cotangents_in_blocks(
    function: Callable[[Block], Sequence[Array | None]], arrays: Sequence[Array], counts: Array
) -> list[Array | None]:
    """Join the cotangents that a function gives for each block: of `arrays`, divided by :meth:`Block.cut`.

    Those of what serves several blocks are added up.
    """
    rows: list[list[Array | None]] = []
    for row in partition(counts):
        ct_image, others = None, []
        for block in row:
            ct, *cts = function(block)
            ct_image = _plus(ct_image, ct)  # at once, as each is of the size of the image
            others.append(cts)
        merged = [_merged(cts, x, 1) for cts, x in zip(zip(*others, strict=True), arrays[1:], strict=True)]
        rows.append([ct_image, *merged])
    return [_merged(cts, x, 0) for cts, x in zip(zip(*rows, strict=True), arrays, strict=True)]


def _merged(cts: Sequence[Array | None], x: Array, axis: int) -> Array | None:
    """The cotangent of `x` from those of its parts along an axis, or of all of it again and again."""
    if cts[0] is None or x.shape[axis] != 1:
        return _joined(cts, axis)
    total = None
    for ct in cts:
        total = _plus(total, ct)
    return total


def _plus(total: Array | None, ct: Array | None) -> Array | None:
    return ct if total is None or ct is None else total + ct


def _joined(parts: Sequence[Array | None], axis: int) -> Array | None:
    return parts[0] if len(parts) == 1 or parts[0] is None else concatenate(*parts, axis=axis)
