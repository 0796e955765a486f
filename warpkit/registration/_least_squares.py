r"""How unlike two images are under a linear map, and a quadratic model of it for small steps.

All is had from sums over the points p of the fixed image F, of products of the warped moving image V, of its
derivative J by the parameters of the map, of F and of 1, each weighted by w: by the weight of the fixed
image's pixel times that of the moving one's which it meets, 0 beyond its edges. Three residuals are enough
for all of them: V - F, V and V - 1. :func:`warpkit.warp_normal_equations` sums up their products with J
without an array of its size.

* ``"ssd"`` costs :math:`\sum w r^2 / \sum w` with :math:`r = V - F`; its model is Gauss and Newton's;
* ``"huber"`` and ``"tukey"`` cost the same of a loss :math:`\rho(r)`, to which large residuals matter little
  more than middling ones, or no more; the model has squares that are weighted anew in each step;
* ``"ncc"`` costs :math:`1 - \varrho`, with the correlation :math:`\varrho` of V and F; its model is Gauss and
  Newton's.

The correlation knows neither gain nor bias. With :math:`\hat V = (V - \bar V) / \sigma_V`, and the same for
F, :math:`2 (1 - \varrho)` is the mean of :math:`(\hat V - \hat F)^2`, a sum of squares. Where P takes off
from the columns of J what is a multiple of :math:`\hat V` or of 1,

.. math:: \nabla (1 - \varrho) = -\frac{(P J)^T W \hat F}{\sigma_V \sum w}, \qquad
   H \approx \varrho\, \frac{(P J)^T W P J}{\sigma_V^2 \sum w}.

A step of this model has the direction of one by G. D. Evangelidis, E. Z. Psarakis, "Parametric image
alignment using enhanced correlation coefficient maximization", IEEE Transactions on Pattern Analysis and
Machine Intelligence 30 (10), 2008, section 3; the lengths differ in second order. Of images with several
channels each has its own gain and bias, and costs are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from warpkit._core import Array, check_choice, namespace, to_numpy
from warpkit.transforms import AbstractTransform, Affine, Projective
from warpkit.warping import warp, warp_normal_equations

from ._pyramid import Level

METRICS = ("ncc", "ssd", "huber", "tukey")

LEAST_WEIGHT = 0.5  # counts for nothing: a point half a pixel beyond an edge
LEAST_CORRELATION = 0.1  # in the model of "ncc", which must not lose its curvature
NORMAL_MAD = 1.4826  # the standard deviation of normal deviates, in units of their median absolute one
TUNING = {"huber": 1.345, "tukey": 4.685}  # 95 % efficient for normal residuals (P. J. Huber, 1981)


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a map costs, and a quadratic model of what steps from it would.

    Attributes
    ----------
    cost : float
        Infinite where the images do not overlap.
    gradient : ndarray (k,)
        By the parameters of the step.
    hessian : ndarray (k, k)
        Positive semi-definite.
    overlap : float
        Which share of the fixed image's weight has a counterpart.
    """

    cost: float
    gradient: np.ndarray
    hessian: np.ndarray
    overlap: float


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The comparison of two levels by one metric.

    Attributes
    ----------
    fixed, moving : Level
        Their coordinates are the same space.
    metric : str
        One of METRICS.
    scale : float
        Of residuals, for "huber" and "tukey": see :func:`find_scale`.
    """

    fixed: Level
    moving: Level
    metric: str
    scale: float = 1.0

    def __post_init__(self) -> None:
        check_choice("metric", self.metric, METRICS)

    @cached_property
    def total_weight(self) -> float:
        """Of the fixed image."""
        if self.fixed.weights is None:
            return float(np.prod(self.fixed.shape))
        return float(self.fixed.weights.sum(dtype="float64"))

    def transform(self, matrix: np.ndarray) -> AbstractTransform:
        """From pixels of the fixed level to pixels of the moving one, of a map in space."""
        pixels = np.linalg.solve(self.moving.to_space, matrix @ self.fixed.to_space)[None]
        if (matrix[-1, :-1] == 0).all():
            return Affine(pixels[:, :-1] / pixels[0, -1, -1], frame="pixel")
        return Projective(pixels, frame="pixel")

    def weights(self, transform: AbstractTransform) -> Array:
        """Of the fixed image's pixels, (*spatial)."""
        xp = namespace(self.moving.image)
        own = self.moving.weights
        source = xp.ones(self.moving.shape, "float32") if own is None else own
        met = warp(source, transform, self.fixed.shape)
        # Continuous: a jump would hide from the method that a step is a good one. NaN, too, is nothing.
        met = xp.where(met > LEAST_WEIGHT, (met - LEAST_WEIGHT) / (1 - LEAST_WEIGHT), 0).astype("float32")
        return met if self.fixed.weights is None else met * self.fixed.weights

    def __call__(self, matrix: np.ndarray, directions: np.ndarray) -> Comparison:
        """Compare under `matrix`; its derivatives by the step's parameters are `directions` (k, ...)."""
        transform = self.transform(matrix)
        weights = self.weights(transform)
        count = float(weights.sum(dtype="float64"))
        overlap = count / max(self.total_weight, 1e-300)
        size = len(directions)
        nothing = Comparison(np.inf, np.zeros(size), np.zeros((size, size)), overlap)
        if count < 1:
            return nothing
        chain = self._chain(transform, directions)
        channels = range(len(self.fixed.image))
        parts = [self._channel(channel, transform, weights, count, chain) for channel in channels]
        costs, gradients, hessians = (np.stack(part) for part in zip(*parts, strict=True))
        if not np.isfinite(costs).all():
            return nothing
        return Comparison(float(costs.mean()), gradients.mean(axis=0), hessians.mean(axis=0), overlap)

    def _chain(self, transform: AbstractTransform, directions: np.ndarray) -> np.ndarray:
        """Derivatives of the pixels' theta, flat, by the parameters of the step (theta, k)."""
        pixels = np.linalg.solve(self.moving.to_space, directions @ self.fixed.to_space)
        if isinstance(transform, Affine):
            pixels = pixels[:, :-1]
        return pixels.reshape(len(directions), -1).T

    def _channel(
        self, channel: int, transform: AbstractTransform, weights: Array, count: float, chain: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """Cost, gradient and Hessian."""
        moving, fixed = self.moving.image[channel], self.fixed.image[channel]
        if self.metric == "ncc":
            return _correlation(Products.of(moving, fixed, transform, weights, count, chain))
        losses = None
        if self.metric in TUNING:
            residual = warp(moving, transform, fixed.shape, boundary="border") - fixed
            losses, slopes = _robust(residual, self.scale * TUNING[self.metric], self.metric)
            losses = float((weights * losses).sum(dtype="float64")) / count
            weights = (weights * slopes).astype("float32")
        sums = warp_normal_equations(moving, fixed, transform, weights=weights, boundary="border")
        matrix, vector, cost = (to_numpy(x)[0] / count for x in sums)
        return (
            float(cost) if losses is None else losses,
            2 * chain.T @ vector,
            2 * chain.T @ matrix @ chain,
        )

    def find_scale(self, matrix: np.ndarray) -> float:
        """A robust standard deviation of the residuals under `matrix`: by their median absolute value."""
        transform = self.transform(matrix)
        met = self.weights(transform) > 0
        if not bool(met.any()):
            return 1.0
        warped = warp(self.moving.image, transform, self.fixed.shape, boundary="border")
        residual = to_numpy(abs(warped - self.fixed.image)[:, met])
        return max(NORMAL_MAD * float(np.median(residual)), 1e-6)


# ---- correlation -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Products:
    """Weighted means of products of J, V, F and 1, with means of V and F taken off."""

    jj: np.ndarray
    jv: np.ndarray
    jf: np.ndarray
    vv: float
    vf: float
    ff: float

    @classmethod
    def of(
        cls,
        moving: Array,
        fixed: Array,
        transform: AbstractTransform,
        weights: Array,
        count: float,
        chain: np.ndarray,
    ) -> Products:
        """Sum up; `count` is the sum of the weights."""
        xp = namespace(fixed)
        wanted = xp.stack([fixed, xp.zeros_like(fixed), xp.ones_like(fixed)])[:, None]
        sums = warp_normal_equations(
            moving[None, None], wanted, transform, weights=weights, boundary="border"
        )
        matrix, (j_difference, jv, j_less_1), (difference, vv, less_1) = (to_numpy(x) / count for x in sums)
        f = fixed.astype("float64")
        # v f and v 1 from (v - f)^2 and (v - 1)^2
        mean_f, ff = (float((weights * x).sum(dtype="float64")) / count for x in (f, f * f))
        mean_v, vf = (vv + 1 - less_1) / 2, (vv + ff - difference) / 2
        jv, jf, j1 = (chain.T @ x for x in (jv, jv - j_difference, jv - j_less_1))
        return cls(
            chain.T @ matrix[0] @ chain - np.outer(j1, j1),
            jv - mean_v * j1,
            jf - mean_f * j1,
            float(vv - mean_v**2),
            float(vf - mean_v * mean_f),
            float(ff - mean_f**2),
        )


def _correlation(products: Products) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost, gradient and Hessian of "ncc"."""
    p = products
    if not (p.vv > 0 and p.ff > 0):
        return np.inf, p.jv, p.jj
    correlation = p.vf / np.sqrt(p.vv * p.ff)
    across = p.jf - p.vf / p.vv * p.jv  # of (P J)^T W F
    hessian = p.jj - np.outer(p.jv, p.jv) / p.vv
    return (
        1 - float(correlation),
        -across / np.sqrt(p.vv * p.ff),
        max(float(correlation), LEAST_CORRELATION) / p.vv * hessian,
    )


# ---- robust losses -----------------------------------------------------------------------------------------


def _robust(residual: Array, width: float, metric: str) -> tuple[Array, Array]:
    r"""The loss :math:`\rho(r)` and the weight :math:`\rho'(r) / 2 r` of each residual; about r^2 near 0."""
    xp = namespace(residual)
    size = abs(residual)
    if metric == "huber":
        near = size <= width
        loss = xp.where(near, size**2, width * (2 * size - width))
        return loss, xp.where(near, 1, width / xp.maximum(size, width))
    share = xp.maximum(1 - (size / width) ** 2, 0)
    return width**2 / 3 * (1 - share**3), share**2
