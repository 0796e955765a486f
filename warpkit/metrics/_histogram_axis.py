"""Where values fall among the bins of a histogram, and what they give to the bins about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array

Range = tuple[float, float]

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
