r"""The correlation of two images, and a quadratic model of it.

The correlation knows neither gain nor bias. With :math:`\hat V = (V - \bar V) / \sigma_V`, and the same for
F, :math:`2 (1 - \varrho)` is the mean of :math:`(\hat V - \hat F)^2`, a sum of squares. Where P takes off
from the columns of J what is a multiple of :math:`\hat V` or of 1,

.. math:: \nabla (1 - \varrho) = -\frac{(P J)^T W \hat F}{\sigma_V \sum w}, \qquad
   H \approx \varrho\, \frac{(P J)^T W P J}{\sigma_V^2 \sum w}.

The factor :math:`\varrho`, of which at least 0.1 is taken, comes from the second derivatives of
:math:`\hat V`'s length.

For one channel, a step of this model without damping has the direction of one by G. D. Evangelidis, E. Z.
Psarakis, "Parametric image alignment using enhanced correlation coefficient maximization", IEEE Transactions
on Pattern Analysis and Machine Intelligence 30 (10), 2008, section 3; the lengths differ in second order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, namespace, to_numpy
from warpkit.warping import NormalEquations

LEAST_CORRELATION = 0.1  # in the model, which must not lose its curvature
ROUNDING = 1e-6  # a variance below is none: images are in units of their deviation, products rounded


def sum_of(x: Array) -> float:
    """In float64."""
    return float(x.sum(dtype="float64"))


def sum_of_products(one: Array, other: Array) -> float:
    """The sum of products; rows in the arrays' own precision, which are as good as the products."""
    return sum_of(namespace(one).einsum("...i,...i->...", one, other))


@dataclass(frozen=True)
class Moments:
    """Weighted means, and weighted means of products with these means taken off."""

    v: float
    f: float
    vv: float
    vf: float
    ff: float

    @classmethod
    def of(cls, warped: Array, fixed: Array, weights: Array, count: float) -> Moments:
        """Of a channel; `count` is the sum of the weights."""
        wv, wf = weights * warped, weights * fixed
        v, f = sum_of_products(weights, warped) / count, sum_of_products(weights, fixed) / count
        return cls(
            v,
            f,
            max(sum_of_products(wv, warped) / count - v**2, 0.0),
            sum_of_products(wv, fixed) / count - v * f,
            max(sum_of_products(wf, fixed) / count - f**2, 0.0),
        )

    @property
    def correlation(self) -> float:
        """Minus infinity where one of the two does not vary."""
        if self.vv <= ROUNDING * (1 + self.v**2) or self.ff <= ROUNDING * (1 + self.f**2):
            return -np.inf
        return self.vf / float(np.sqrt(self.vv * self.ff))


def correlation_model(
    sums: NormalEquations, moments: Moments, count: float, chain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of one less the correlation, from what is summed up of V - F, V and V - 1."""
    m, (difference, v, less_1) = moments, (chain.T @ x / count for x in to_numpy(sums.vector))
    j1 = v - less_1
    jv, jf = v - m.v * j1, v - difference - m.f * j1
    jj = chain.T @ to_numpy(sums.matrix[0]) @ chain / count - np.outer(j1, j1)
    across = jf - m.vf / m.vv * jv  # of (P J)^T W F
    hessian = jj - np.outer(jv, jv) / m.vv
    curvature = max(m.correlation, LEAST_CORRELATION) / m.vv
    return -across / np.sqrt(m.vv * m.ff), curvature * hessian
