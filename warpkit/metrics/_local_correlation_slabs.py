"""Local correlation and its gradient by images, slab by slab; the formulas are in `_local_correlation`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warpkit._core import Array, namespace

from ._window_stream import WindowStream, planes, slabs
from ._window_sum import window_sum

FLOOR = 1e-4
"""Added to each window's variances, in units of the image's: the square of 1 % of its contrast."""


@dataclass(frozen=True, eq=False)
class WindowSlab:
    """Statistics of the windows about the planes from `start` to `stop`, of images of variance 1.

    Attributes
    ----------
    start, stop : int
        Slabs follow each other without gaps.
    weights : array or None
        Of the pixels.
    counts, inverse : array
        The sum of a window's weights, and one over it; 0 where there are none.
    mean_f, mean_m, covariance, b, c : array
        Of the windows; b and c are the variances with what is added to them.
    """

    start: int
    stop: int
    weights: Array | None
    counts: Array
    inverse: Array
    mean_f: Array
    mean_m: Array
    covariance: Array
    b: Array
    c: Array

    def weigh(self, x: Array) -> Array:
        """Values times the weights."""
        return x if self.weights is None else x * self.weights

    def squares(self) -> Array:
        """The squared correlations."""
        return self.covariance / self.b * (self.covariance / self.c)


def window_slabs(f: Array, m: Array, weights: Array | None, radius: int) -> Iterator[WindowSlab]:
    """The statistics of two images (*spatial) of mean 0 and variance 1."""
    xp, shape = namespace(f), f.shape
    streams = [WindowStream(f, radius) for _ in range(5 if weights is None else 6)]
    counted = f if weights is not None else window_sum(xp.ones((1, 1, *shape), f.dtype), radius=radius)[0, 0]
    for first, last in slabs(shape, radius):
        x, y = planes(f, first, last), planes(m, first, last)
        w = None if weights is None else planes(weights, first, last)
        wx, wy = (x, y) if w is None else (x * w, y * w)
        products = (wx, wy, wx * y, wx * x, wy * y, *(() if w is None else (w,)))
        sums = [stream.push(product) for stream, product in zip(streams, products, strict=True)]
        start, stop = max(first - radius, 0), min(last - radius, shape[0])
        if start >= stop:
            continue
        sums = [planes_of[start - first + radius : stop - first + radius] for planes_of in sums]
        counts = counted[start:stop] if w is None else sums[5]
        own = None if weights is None else weights[start:stop]
        yield _slab(start, stop, own, counts, sums)


def _slab(start: int, stop: int, weights: Array | None, counts: Array, sums: list[Array]) -> WindowSlab:
    xp = namespace(counts)
    inverse = xp.where(counts == 0, 0, 1 / xp.where(counts == 0, 1, counts))
    mean_f, mean_m, covariance, b, c = (total * inverse for total in sums[:5])
    covariance -= mean_f * mean_m
    b -= mean_f * mean_f
    c -= mean_m * mean_m
    for variance in (b, c):
        xp.maximum(variance, 0, out=variance)  # below 0 by rounding only
        variance += FLOOR
    return WindowSlab(start, stop, weights, counts, inverse, mean_f, mean_m, covariance, b, c)


def mean_square(f: Array, m: Array, weights: Array | None, radius: int, total: float) -> float:
    """The mean squared correlation; `total` is the sum of the weights."""
    found = 0.0
    for slab in window_slabs(f, m, weights, radius):
        found += float(slab.weigh(slab.squares()).sum(dtype="float64"))
    return found / total


def image_slopes(
    f: Array, m: Array, weights: Array | None, radius: int, total: float, needs: tuple[bool, bool]
) -> tuple[Array | None, Array | None]:
    """Derivatives of minus the mean squared correlation by the two images, (*spatial) each."""
    by_f = _Derivative(f, m, radius, total) if needs[0] else None
    by_m = _Derivative(m, f, radius, total) if needs[1] else None
    stream = WindowStream(f, radius)
    for slab in window_slabs(f, m, weights, radius):
        p = slab.weigh(slab.covariance / slab.b / slab.c) * slab.inverse * (2 / total)
        by_covariance = stream.push(p)
        if by_f is not None:
            by_f.take(slab, p, by_covariance, slab.mean_f, slab.mean_m, slab.b)
        if by_m is not None:
            by_m.take(slab, p, by_covariance, slab.mean_m, slab.mean_f, slab.c)
    nothing = planes(f, len(f), len(f) + radius)
    by_covariance = stream.push(nothing)
    f_done, m_done = (
        None if side is None else side.finish(nothing, by_covariance, weights) for side in (by_f, by_m)
    )
    return f_done, m_done


class _Derivative:
    """The derivative by the image `x`, of which slab after slab is known."""

    def __init__(self, x: Array, other: Array, radius: int, total: float) -> None:
        self.x, self.other, self.radius, self.total = x, other, radius, total
        self.by_variance, self.by_mean = WindowStream(x, radius), WindowStream(x, radius)
        self.floor = 0.0
        self.out = namespace(x).empty(x.shape, x.dtype)

    def take(
        self, slab: WindowSlab, p: Array, by_covariance: Array, mean: Array, others: Array, variance: Array
    ) -> None:
        """Take a slab's windows: means of this image and of the other, and this one's variance.

        `p` is P of the op's docstring, `by_covariance` its window sum.
        """
        own = p * (slab.covariance / variance)  # R for the moving image
        self.floor += float((own * slab.counts).sum(dtype="float64")) * FLOOR / self.total
        drift = p * others - own * mean
        self._write(slab.start, self.by_variance.push(own), self.by_mean.push(drift), by_covariance)

    def _write(self, start: int, by_variance: Array, by_mean: Array, by_covariance: Array) -> None:
        """Write the planes that come out when those from `start` on have been put in."""
        first, last = start - self.radius, start - self.radius + len(by_mean)
        slope = planes(self.x, first, last) * by_variance
        slope -= planes(self.other, first, last) * by_covariance
        slope += by_mean
        skipped = max(-first, 0)  # before the first plane
        self.out[max(first, 0) : max(last, 0)] = slope[skipped:]

    def finish(self, nothing: Array, by_covariance: Array, weights: Array | None) -> Array:
        """The derivative, after the last slab."""
        self._write(len(self.x), self.by_variance.push(nothing), self.by_mean.push(nothing), by_covariance)
        self.out += self.x * self.floor
        if weights is not None:
            self.out *= weights
        return self.out
