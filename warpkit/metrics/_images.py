"""What metrics of two images share: checks, weights, and both derivatives from one gradient.

A metric gives one number per item of the batch. So its gradient by an argument has the argument's shape, and
is all that its two rules need: a cotangent of the result is multiplied with it, a tangent of the argument
summed up with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Op, namespace, plain, wrong_value
from warpkit.ops import sqrt, where
from warpkit.ops import sum as sum_of

Gradients = Callable[..., tuple[Array, ...]]
"""From the arrays of a metric, `needs` and its static arguments to the gradients that are needed."""


def check_images(fixed: ArraySpec, moving: ArraySpec, weights: ArraySpec | None = None) -> ArraySpec:
    """Check what all metrics take, and tell the spec of what they give: a float64 for each item."""
    if fixed.ndim not in (3, 4, 5) or 0 in fixed.shape[1:]:
        expected = "shape (n, c, *spatial) with 1, 2 or 3 spatial axes, none of length 0"
        raise wrong_value("fixed", expected, f"shape {fixed.shape}")
    if moving.shape != fixed.shape:
        raise wrong_value("moving", f"shape {fixed.shape}, that of fixed", f"shape {moving.shape}")
    if weights is not None:
        n, _, *spatial = fixed.shape
        if weights.shape not in ((n, *spatial), (1, *spatial)):
            expected = f"shape ({n} or 1, {', '.join(map(str, spatial))}), one per point of fixed"
            raise wrong_value("weights", expected, f"shape {weights.shape}")
    return ArraySpec(fixed.shape[:1], np.dtype(np.float64))


def as_dtype(x: Array, dtype: Any) -> Array:
    """Of another dtype, unless it is of that one."""
    return x if x.dtype == dtype else x.astype(dtype)


def flat_sum(x: Array, axes: int = 2) -> Array:
    """Sums over all but the first `axes` axes, in float64, one after the other: alike in any batch."""
    rows = x.reshape((*x.shape[:axes], math.prod(x.shape[axes:])))
    return sum_of(rows, axes, False, "float64")


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images and their weights, in the dtype that is computed in.

    Attributes
    ----------
    fixed, moving : array (n, c, *spatial)
        0 where the weight is.
    weights : array (n or 1, 1, *spatial), optional
        None is 1 everywhere.
    total : array (n or 1, 1)
        Sum of the weights, in float64; NaN in place of 0, which no mean exists for.
    """

    fixed: Array
    moving: Array
    weights: Array | None
    total: Array

    @classmethod
    def of(cls, fixed: Array, moving: Array, weights: Array | None = None) -> Pair:
        """Take what a metric is given."""
        dtype = np.result_type(fixed.dtype, moving.dtype, np.float32)
        fixed, moving = as_dtype(fixed, dtype), as_dtype(moving, dtype)
        if weights is None:
            total = xp_of(fixed).full((1, 1), float(math.prod(fixed.shape[2:])))
            return cls(fixed, moving, None, total)
        weights = as_dtype(weights, dtype).reshape((weights.shape[0], 1, *weights.shape[1:]))
        counts = plain(weights) != 0
        if not counts.all():
            # Also the weights: a derivative by one that is 0 would look at what does not count.
            fixed, moving, weights = (where(counts, x, 0.0) for x in (fixed, moving, weights))
        total = flat_sum(weights)
        return cls(fixed, moving, weights, where(plain(total) != 0, total, math.nan))

    @property
    def dtype(self) -> Any:
        """Of the images."""
        return self.fixed.dtype

    @property
    def axes(self) -> tuple[int, ...]:
        """Lengths of 1, one for each spatial axis."""
        return (1,) * (len(self.fixed.shape) - 2)

    def weights_of(self, item: int) -> tuple[Array | None, float]:
        """The weights (*spatial) of one item, and their sum. They must be plain."""
        own = item if self.total.shape[0] > 1 else 0
        return None if self.weights is None else self.weights[own, 0], float(self.total[own, 0])

    def weigh(self, x: Array) -> Array:
        """Values (n, c, *spatial) times their weights."""
        return x if self.weights is None else x * self.weights

    def mean(self, x: Array) -> Array:
        """The weighted mean over space, (n, c), in float64."""
        return flat_sum(self.weigh(x)) / self.total

    def spread(self, x: Array) -> Array:
        """Numbers (n or 1, c or 1) so that they meet images, in the images' dtype."""
        return as_dtype(x.reshape((*x.shape, *self.axes)), self.dtype)

    def share(self, x: Array) -> Array:
        """Gradient of the mean over space and channels, from derivatives by each value."""
        factor = self.spread(1.0 / (self.fixed.shape[1] * self.total))
        return x * (factor if self.weights is None else self.weights * factor)

    def by_weights(self, x: Array) -> Array:
        """Gradient of the mean over space and channels of values `x` by the weights, (n, *spatial)."""
        slope = (x - self.spread(self.mean(x))) * self.spread(1 / self.total)
        return self.where_counted(slope).mean(axis=1)

    def where_counted(self, x: Array) -> Array:
        """Zero at points of weight 0: there a derivative by the weight would look at what does not count."""
        counts = plain(self.weights) != 0
        return x if counts.all() else where(counts, x, 0.0)


def derive(metric: Op, gradients: Gradients) -> Callable[..., Any]:
    """Give a metric the rules that follow from its gradient; return that of the vjp."""

    @metric.vjp.rule
    def vjp(ct_out, *arrays, needs, **static):
        found = gradients(*arrays, needs=needs, **static)
        return tuple(
            _times(ct_out, slope, x) if need else None
            for need, slope, x in zip(needs, found, arrays, strict=False)
        )

    @metric.jvp.rule
    def jvp(tangents, *arrays, **static):
        found = gradients(*arrays, needs=tuple(t is not None for t in tangents), **static)
        return total_of(
            [
                flat_sum(slope * as_dtype(tangent, slope.dtype), 1)
                for slope, tangent in zip(found, tangents, strict=False)
                if tangent is not None
            ]
        )

    return vjp


def total_of(terms: Sequence[Array]) -> Array:
    """Their sum."""
    first, *others = terms
    for term in others:
        first = first + term
    return first


def _times(ct_out: Array, slope: Array, x: Array) -> Array:
    """The cotangent of `x`: summed over the batch where all items share it."""
    ct = slope * as_dtype(ct_out.reshape((-1,) + (1,) * (len(slope.shape) - 1)), slope.dtype)
    if ct.shape[0] != x.shape[0]:
        ct = sum_of(ct, 0, True)
    return as_dtype(ct, x.dtype)


def normalised(pair: Pair, x: Array) -> tuple[Array, Array]:
    """An image of mean 0 and variance 1, and the factor (n, c) for it: both are 0 where it is constant.

    Constant is what varies no more than by rounding.
    """
    mean = pair.mean(x)
    x = x - pair.spread(mean)
    variance = pair.mean(x * x)
    rounding = 16 * float(np.finfo(pair.dtype).eps)
    flat = plain(variance) <= (rounding * plain(mean)) ** 2
    gain = where(flat, 0.0, 1.0 / sqrt(where(flat, 1.0, variance)))
    return x * pair.spread(gain), gain


def draw_images(
    rng: np.random.Generator, shape: tuple[int, ...], weights: int | None = None
) -> tuple[np.ndarray, ...]:
    """Arrays for samples: two images that are alike, and weights of a batch of so many, or none."""
    fixed = rng.standard_normal(shape)
    images = fixed, 0.7 * fixed + 0.5 * rng.standard_normal(shape)
    return images if weights is None else (*images, rng.uniform(0.5, 1.5, (weights, *shape[2:])))


def xp_of(x: Array) -> Any:
    """The library of the array at the bottom of `x`."""
    return namespace(plain(x))
