r"""How unlike two images are under a linear map, and a quadratic model of it for small steps.

All is had from sums over the points p of the fixed image F, of products of the warped moving image V, of its
derivative J by the parameters of the map, of F and of 1, each weighted by w: by the weight of the fixed
image's pixel times that of the moving one's which it meets, 0 beyond its edges. Three residuals are enough
for all of them: V - F, V and V - 1. :func:`warpkit.warp_normal_equations` sums up their products with J
without an array of its size.

* ``"ssd"`` costs :math:`\sum w r^2 / \sum w` with :math:`r = V - F`; its model is Gauss and Newton's;
* ``"huber"`` and ``"tukey"`` cost the same of a loss :math:`\rho(r)`, to which large residuals matter little
  more than middling ones, or no more; the model has squares that are weighted anew in each step;
* ``"lncc"`` costs half the mean of :math:`w r^2` for images in local units (`_local_units`); its gradient is
  exact, and its matrix that of the moving image brought into local units before it is warped;
* ``"ncc"`` costs :math:`1 - \varrho`, with the correlation :math:`\varrho` of V and F; its model is Gauss and
  Newton's times :math:`\varrho` (`_correlation`). Of images with several channels each has its own gain and
  bias, and costs are averaged.

All derivatives are those for fixed weights: that edges and masks of the moving image move with it is left
out, here and in the judgement of steps, which counts what both maps show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from warpkit._core import Array, check_choice, namespace, to_numpy
from warpkit.transforms import AbstractMatrix, Affine, Projective, ThinPlateSpline
from warpkit.warping import NormalEquations, warp, warp_normal_equations

from ._correlation import Moments, correlation_model, sum_of, sum_of_products
from ._local_units import LocalUnits
from ._pyramid import Level

CORRELATIONS = ("ncc", "lncc")  # know neither gain nor bias, and are 1 for images that are alike
METRICS = ("ncc", "lncc", "ssd", "huber", "tukey")

LEAST_WEIGHT = 0.5  # counts for nothing: a point half a pixel beyond an edge
LEAST_SCALE = 0.02  # of the image's deviation: where most of it is background, most residuals are 0
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
    """

    cost: float
    gradient: np.ndarray
    hessian: np.ndarray


@dataclass(frozen=True, eq=False)
class View:
    """The moving image as a map shows it.

    Attributes
    ----------
    matrix : ndarray (ndim + 1, ndim + 1)
        The map, in space.
    transform : AbstractMatrix or ThinPlateSpline
        The same, from pixels of the fixed level to pixels of the moving one; with a spline, if there is one.
    warped : array (c, *spatial)
        Beyond the moving image's edges its last pixels go on.
    weights : array (*spatial)
        Of the fixed image's pixels: 0 where they have no counterpart.
    """

    matrix: np.ndarray
    transform: AbstractMatrix | ThinPlateSpline
    warped: Array
    weights: Array

    @cached_property
    def count(self) -> float:
        """The sum of the weights."""
        return sum_of(self.weights)

    @cached_property
    def local_units(self) -> LocalUnits:
        """For "lncc"."""
        return LocalUnits.of(self.warped, self.weights)


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
    memory: ClassVar[int] = 6
    """How many of the last steps mend the model's matrix."""

    def __post_init__(self) -> None:
        check_choice("metric", self.metric, METRICS)

    def in_fixed_contrast(self, view: View) -> Array:
        """The warped image as parts of it are compared with the fixed one's."""
        return view.warped

    def sampled(self) -> LeastSquares:
        """What steps are found by: all pixels."""
        return self

    @cached_property
    def total_weight(self) -> float:
        """Of the fixed image."""
        if self.fixed.weights is None:
            return float(np.prod(self.fixed.shape))
        return float(self.fixed.weights.sum(dtype="float64"))

    def transform(self, matrix: np.ndarray) -> AbstractMatrix:
        """From pixels of the fixed level to pixels of the moving one, of a map in space."""
        pixels = np.linalg.solve(self.moving.to_space, matrix @ self.fixed.to_space)[None]
        if (matrix[-1, :-1] == 0).all():
            return Affine(pixels[:, :-1] / pixels[0, -1, -1], frame="pixel")
        return Projective(pixels, frame="pixel")

    @cached_property
    def wanted(self) -> Array:
        """F, 0 and 1 for each channel, (c, 3, 1, *spatial): what V is compared with."""
        image = self.fixed.image
        xp = namespace(image)
        return xp.stack([image, xp.zeros_like(image), xp.ones_like(image)], axis=1)[:, :, None]

    @cached_property
    def fixed_in_local_units(self) -> Array:
        """For "lncc": with windows of its own, whatever of them the moving image shows."""
        return LocalUnits.of(self.fixed.image, self.fixed.weights).values

    @cached_property
    def moving_in_local_units(self) -> Array:
        """For the model of "lncc"."""
        return LocalUnits.of(self.moving.image, self.moving.weights).values

    def view(self, matrix: np.ndarray) -> View:
        """The moving image under `matrix`."""
        transform = self.transform(matrix)

        def pull(image: Array, boundary: str = "constant") -> Array:
            return warp(image, transform, self.fixed.shape, boundary=boundary)

        return View(matrix, transform, *self.pulled(pull))

    def pulled(self, pull: Callable[..., Array]) -> tuple[Array, Array]:
        """The moving image and the weights, as `pull` brings images onto the fixed one."""
        weights = self.pulled_weights(pull)
        warped = pull(self.moving.image, boundary="border")
        return namespace(warped).where(weights > 0, warped, 0), weights

    def pulled_weights(self, pull: Callable[..., Array]) -> Array:
        """How much each pixel of the fixed image counts, and what it meets."""
        moving, fixed = self.moving, self.fixed
        xp = namespace(moving.image)
        met = pull(xp.ones((1, *moving.shape), "float32"))[0]
        # Continuous: a jump would hide from the method that a step is a good one. NaN, too, is nothing.
        weights = xp.fmax((met - LEAST_WEIGHT) * (1 / (1 - LEAST_WEIGHT)), 0)
        if moving.weights is not None:
            weights = weights * xp.where(weights > 0, pull(moving.weights[None])[0], 0)
        return weights if fixed.weights is None else weights * fixed.weights

    def overlap(self, view: View) -> float:
        """Which share of the fixed image's weight has a counterpart."""
        return view.count / max(self.total_weight, 1e-300)

    def cost(self, view: View, weights: Array) -> float:
        """Of the view, where `weights` say; infinite where nothing is to be compared."""
        count = sum_of(weights)
        if count < 1:
            return np.inf
        if self.metric == "lncc":
            units = view.local_units if weights is view.weights else LocalUnits.of(view.warped, weights)
            residual = units.values - self.fixed_in_local_units
            return sum_of_products(weights * residual, residual) / (2 * count * len(residual))
        costs = []
        for warped, fixed in zip(view.warped, self.fixed.image, strict=True):
            if self.metric == "ncc":
                costs.append(1 - Moments.of(warped, fixed, weights, count).correlation)
            else:
                residual = warped - fixed
                loss = residual * residual if self.metric == "ssd" else self.robust(residual)[0]
                costs.append(sum_of_products(weights, loss) / count)
        return float(np.mean(costs))

    def improves(self, one: View, other: View) -> bool:
        """Whether the other view is better, where both have something to show.

        To lose from sight what does not fit is no improvement.
        """
        return self.gain(one, other) > 0

    def gain(self, one: View, other: View) -> float:
        """By how much the other view costs less, where both have something to show."""
        common = namespace(one.weights).minimum(one.weights, other.weights)
        return self.cost(one, common) - self.cost(other, common)

    def model(self, view: View, directions: np.ndarray) -> Comparison:
        """Cost and model; the map's derivatives by the parameters of a step are `directions` (k, ...)."""
        pixels = np.linalg.solve(self.moving.to_space, directions @ self.fixed.to_space)
        if isinstance(view.transform, Affine):
            pixels = pixels[:, :-1]
        return self.model_by_theta(view, pixels.reshape(len(directions), -1).T)

    def model_by_theta(self, view: View, chain: np.ndarray) -> Comparison:
        """Cost and model; `chain` (theta, k) is the derivative of the transform's theta by k parameters."""
        size = chain.shape[1]
        nothing = Comparison(np.inf, np.zeros(size), np.zeros((size, size)))
        if view.count < 1:
            return nothing
        found = [self._channel(i, view, chain) for i in range(len(self.fixed.image))]
        costs = [one.cost for one in found]
        if not np.isfinite(costs).all():
            return nothing
        gradients, hessians = [one.gradient for one in found], [one.hessian for one in found]
        return Comparison(float(np.mean(costs)), np.mean(gradients, axis=0), np.mean(hessians, axis=0))

    def _channel(self, channel: int, view: View, chain: np.ndarray) -> Comparison:
        """By the parameters of a step; `chain` leads from them to theta (theta, k)."""
        if self.metric == "ncc":
            return self._globally(channel, view, chain)
        if self.metric == "lncc":
            return self._locally(channel, view, chain)
        moving, fixed, weights = self.moving.image[channel], self.fixed.image[channel], view.weights
        loss = None
        if self.metric in TUNING:
            losses, factors = self.robust(view.warped[channel] - fixed)
            loss, weights = sum_of_products(weights, losses), (weights * factors).astype("float32")
        sums = warp_normal_equations(moving, fixed, view.transform, weights=weights, boundary="border")
        matrix, vector, squares = (to_numpy(x)[0] / view.count for x in sums)
        cost = float(squares) if loss is None else loss / view.count
        return Comparison(cost, 2 * chain.T @ vector, 2 * chain.T @ matrix @ chain)

    def _globally(self, channel: int, view: View, chain: np.ndarray) -> Comparison:
        """Of "ncc"; infinite where one of the two does not vary."""
        moments = Moments.of(view.warped[channel], self.fixed.image[channel], view.weights, view.count)
        if not np.isfinite(moments.correlation):
            return Comparison(np.inf, np.zeros(0), np.zeros((0, 0)))
        sums = self._sums(channel, view)
        return Comparison(1 - moments.correlation, *correlation_model(sums, moments, view.count, chain))

    def _sums(self, channel: int, view: View) -> NormalEquations:
        """Of V - F, V and V - 1; the first matrix is that of all of them."""
        moving, wanted, weights = self.moving.image[channel], self.wanted[channel], view.weights
        return warp_normal_equations(
            moving[None, None], wanted, view.transform, weights=weights, boundary="border"
        )

    def _locally(self, channel: int, view: View, chain: np.ndarray) -> Comparison:
        """Of "lncc"."""
        some, count = slice(channel, channel + 1), view.count
        units = LocalUnits.of(view.warped[some], view.weights)
        residual = units.values - self.fixed_in_local_units[some]
        weighted = view.weights * residual
        gradient = units.cotangent(weighted)
        # Sums of J times any image: of J times the difference of V and V less that image.
        wanted = view.warped[some] - gradient
        moving, local = self.moving.image[some], self.moving_in_local_units[some]
        met = (view.weights > 0).astype("float32")
        vector, matrix = (
            warp_normal_equations(image, wanted, view.transform, weights=weights, boundary="border")[which]
            for image, weights, which in ((moving, met, 1), (local, view.weights, 0))
        )
        cost = sum_of_products(weighted, residual) / (2 * count)
        vector, matrix = to_numpy(vector)[0] / count, to_numpy(matrix)[0] / count
        return Comparison(cost, chain.T @ vector, chain.T @ matrix @ chain)

    def robust(self, residual: Array) -> tuple[Array, Array]:
        r"""The loss :math:`\rho(r)` and the weight :math:`\rho'(r) / 2 r` of each residual; r^2 near 0."""
        xp, size, width = namespace(residual), abs(residual), self.scale * TUNING[self.metric]
        if self.metric == "huber":
            loss = xp.where(size <= width, size**2, width * (2 * size - width))
            return loss, xp.where(size <= width, 1, width / xp.maximum(size, width))
        share = xp.maximum(1 - (size / width) ** 2, 0)
        return width**2 / 3 * (1 - share**3), share**2

    def find_scale(self, matrix: np.ndarray) -> float:
        """A robust standard deviation of the residuals under `matrix`: by their median absolute value."""
        view = self.view(matrix)
        met = view.weights > 0
        if not bool(met.any()):
            return 1.0
        residual = to_numpy(abs(view.warped - self.fixed.image)[:, met])
        return max(NORMAL_MAD * float(np.median(residual)), LEAST_SCALE)
