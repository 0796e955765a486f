"""Where values fall among the bins of a histogram, and what they give to the bins about them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, wrong_type, wrong_value

Range = tuple[float, float]

LEAST_BINS = 5
RANGES = {"fixed_range": (0.0, 1.0), "moving_range": (0.0, 1.0)}  # of samples

# Between two bins a B-spline is a polynomial in the place t in [0, 1]. Row k has the coefficients of 1, t,
# and so on for the k-th of the bins that a value gives to.
LINEAR = np.array([[1.0, -1.0], [0.0, 1.0]])
CUBIC = (
    np.array([[1.0, -3.0, 3.0, -1.0], [4.0, 0.0, -6.0, 3.0], [1.0, 3.0, 3.0, -3.0], [0.0, 0.0, 0.0, 1.0]]) / 6
)


@dataclass(frozen=True, eq=False)
class HistogramAxis:
    """One axis of a histogram.

    Attributes
    ----------
    low, high : float
        The range of values.
    scale : float
        Cells per unit of the values. A cell is the space between two bins.
    cells : int
        How many there are.
    polynomials : ndarray (taps, powers)
        What a value at t in cell i gives to bin i + k, or the derivative of that by the value.
    differentiated : bool
        Whether it is a derivative, which values outside the range do not have.
    """

    low: float
    high: float
    scale: float
    cells: int
    polynomials: np.ndarray
    differentiated: bool

    @classmethod
    def of(cls, spline: np.ndarray, bins: int, limits: Range, order: int) -> HistogramAxis:
        """An axis of so many bins, for the derivative of this order."""
        low, high = limits
        cells = bins - len(spline) + 1  # so that no window hangs over the ends
        scale = cells / (high - low)
        for _ in range(order):
            spline = spline[:, 1:] * np.arange(1, spline.shape[1]) * scale
        return cls(low, high, scale, cells, spline, order > 0)

    @property
    def powers(self) -> int:
        """How many powers of t there are in its polynomials; 0 where a derivative vanishes."""
        return self.polynomials.shape[1]

    def locate(self, xp: Any, values: Array) -> tuple[Array, Array]:
        """The cell of each value and the place t in it; NaN has some cell, and its place is NaN."""
        place = (values.astype("float64") - self.low) * self.scale
        place = xp.minimum(xp.maximum(place, 0.0), float(self.cells))
        cell = xp.fmax(xp.fmin(xp.floor(place), self.cells - 1.0), 0.0)
        return cell.astype("intp"), place - cell

    def keep_inside(self, xp: Any, x: Array, values: Array) -> Array:
        """`x`, or 0 where there is no derivative: outside, and at the upper end, where the right one is 0."""
        if not self.differentiated:
            return x
        return xp.where((values < self.low) | (values >= self.high), 0.0, x)  # of NaN remains what there is


def histogram_axes(
    bins: int, fixed_range: Range, moving_range: Range, derivative: tuple[int, int]
) -> tuple[HistogramAxis, HistogramAxis]:
    """The fixed image's axis and the moving one's."""
    return (
        HistogramAxis.of(LINEAR, bins, fixed_range, derivative[0]),
        HistogramAxis.of(CUBIC, bins, moving_range, derivative[1]),
    )


def check_bins(bins: int, fixed_range: Range, moving_range: Range) -> None:
    """Raise an error unless a histogram can be made of these."""
    if not isinstance(bins, int):
        raise wrong_type("bins", "an integer", bins)
    if bins < LEAST_BINS:
        raise wrong_value("bins", f"an integer of at least {LEAST_BINS}", bins)
    for name, limits in (("fixed_range", fixed_range), ("moving_range", moving_range)):
        if not (isinstance(limits, tuple) and len(limits) == 2):
            raise wrong_value(name, "two numbers, the least and the largest value", limits)
        if not (math.isfinite(limits[1] - limits[0]) and limits[0] < limits[1]):
            raise wrong_value(name, "two finite numbers, the first one below the other", limits)


def check_derivative(derivative: tuple[int, int]) -> None:
    """Raise an error unless these are two orders."""
    if len(derivative) != 2 or not all(isinstance(order, int) and order >= 0 for order in derivative):
        raise wrong_value("derivative", "two integers of at least 0", derivative)


def draw_histogram_images(
    rng: np.random.Generator, shape: tuple[int, ...], bins: int
) -> tuple[np.ndarray, ...]:
    """Two images of values in (0, 1), a fifth of a cell away from the kinks of a range from 0 to 1."""
    fixed = (rng.integers(0, bins - 1, shape) + rng.uniform(0.2, 0.8, shape)) / (bins - 1)
    moving = 1 - 0.8 * fixed + rng.uniform(-0.05, 0.05, shape)
    moving = (np.floor(moving * (bins - 3)) + rng.uniform(0.2, 0.8, shape)) / (bins - 3)
    return fixed, np.minimum(moving, 0.99)


def histogram_terms(first: HistogramAxis, second: HistogramAxis) -> Iterator[tuple[int, int, Any, float]]:
    """For each pair of powers and each pair of taps: the bins that the cells reach by it; the coefficient."""
    for (a, i), x in np.ndenumerate(first.polynomials):
        for (b, j), y in np.ndenumerate(second.polynomials):
            if x * y != 0:
                yield i, j, (slice(a, a + first.cells), slice(b, b + second.cells)), float(x * y)
