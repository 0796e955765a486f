r"""How much the values of one image tell of the other's, and a quadratic model of it: for two modalities.

The cost is minus the mutual information of the fixed image F and the warped moving one V:
:func:`warpkit.metrics.mutual_information`. With the shares :math:`p_{ab}` of their joint histogram, and
:math:`\Lambda = \log p_{ab} / p_a p_b` between its bins, it is the mean of
:math:`-\Lambda(F, V)` over the pixels: a loss as robust metrics have one, but the images say which.
Its slope is :math:`g = -\partial_V \Lambda`, and with the weights w and V's derivative J by the parameters of
the map

.. math:: \nabla = \frac{\sum w\, g\, J}{\sum w}, \qquad
   H \approx \frac{1}{2} \frac{\sum w\, g^2 J^T J}{\sum w}.

The gradient is exact: shares add up to 1, so that their own change costs nothing in the first order. In the
matrix, products of first derivatives stand for second ones, as in Fisher's information: the mean of minus the
second derivatives of the logarithm of a likelihood is that of the products of its first ones. Half of it is
taken, for shares change as images move, and tissue of one kind varies from place to place: on heads of two
people and of two modalities, the true second derivatives were 0.1 to 1.2 times these products. The last steps
mend it (`_secants`).

To leave the second derivatives of the shares out of the exact Hessian would not do. What is left is minus a
sum of squares, of the wrong sign near an answer.

E. R. Berndt, B. H. Hall, R. E. Hall, J. A. Hausman, "Estimation and inference in nonlinear structural
models", Annals of Economic and Social Measurement 3 (4), 1974, for the matrix; A. Dame, E. Marchand,
"Second-order optimization of mutual information for real-time image registration", IEEE Transactions on Image
Processing 21 (9), 2012, for the sign.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from warpkit._core import Array, check_choice, namespace, to_numpy
from warpkit.metrics import histogram_lookup, joint_histogram, mutual_information
from warpkit.warping import warp_normal_equations

from ._least_squares import Comparison, LeastSquares, View
from ._pyramid import thinned

INFORMATION = "mi"
LEAST_BINS, MOST_BINS = 8, 32
OUTSIDE = 0.001  # of the pixels are beyond the bins at either end: a few that shine do not squeeze the rest
SIGMA = 0.4  # pixels, at full size: a little, for blur and another contrast do not commute
MOST_PIXELS = 2**16  # of the fixed image, for steps: more hardly change them
LEAST_RANGE = 1e-6  # deviations: of a level on which nothing is left to vary
TINY = 1e-12  # of a pixel, in a bin: there is none
PRODUCTS = 0.5  # of them in the matrix


@dataclass(frozen=True, eq=False)
class MutualInformation(LeastSquares):
    """The comparison of two levels by mutual information."""

    metric: str = INFORMATION
    memory: ClassVar[int] = 8

    def __post_init__(self) -> None:
        check_choice("metric", self.metric, (INFORMATION,))

    def sampled(self) -> MutualInformation:
        """What steps are found by: pixels at even distances."""
        return replace(self, fixed=thinned(self.fixed, MOST_PIXELS))

    @cached_property
    def bins(self) -> list[dict[str, Any]]:
        """For each channel, as the metric wants them: the same for all maps."""
        pixels = int(np.prod(self.fixed.shape))
        bins = min(MOST_BINS, max(LEAST_BINS, round(pixels ** (1 / 3))))
        fixed, moving = self.fixed, self.moving
        return [
            {
                "fixed_range": _range(one, fixed.weights),
                "moving_range": _range(other, moving.weights),
                "bins": bins,
            }
            for one, other in zip(fixed.image, moving.image, strict=True)
        ]

    def in_fixed_contrast(self, view: View, seen: View | None = None) -> Array:
        """Each value of the warped image, or of `seen`, replaced by the mean of those that it meets.

        In the fixed image, under `view`. What is tissue in one image and void in another differs in more than
        sign. Of some dozens of values, each told by the whole image, none can make a part of it fit just
        where it is.
        """
        xp, seen = namespace(view.warped), seen or view
        if view.count < 1:
            return xp.zeros_like(seen.warped)
        tables = self._means_met(view.warped, view, "moving_range")
        return xp.where(seen.weights > 0, self._looked_up(tables, seen.warped, "moving_range"), 0)

    def in_own_contrast(self, view: View) -> Array:
        """The fixed image as blurred by the bins: for each of its values the mean of those in its bins."""
        tables = self._means_met(self.fixed.image, view, "fixed_range")
        return self._looked_up(tables, self.fixed.image, "fixed_range")

    def _means_met(self, values: Array, view: View, bins: str) -> list[Array]:
        """For each channel and each bin of such values the mean of the fixed image's where they are."""
        means = []
        for channel, options in enumerate(self.bins):
            one = (None, slice(channel, channel + 1))
            ranges = {"fixed_range": options["fixed_range"], "moving_range": options[bins]}
            counts = joint_histogram(
                self.fixed.image[one], values[one], view.weights[None, None], bins=options["bins"], **ranges
            )[0, 0]
            xp = namespace(counts)
            inside = xp.linspace(*options["fixed_range"], options["bins"])
            means.append(inside @ counts / xp.maximum(counts.sum(axis=0), TINY))
        return means

    def _looked_up(self, tables: list[Array], images: Array, bins: str) -> Array:
        """Images (c, *spatial) with what the tables say in place of their values."""
        out, xp = [], namespace(images)
        for channel, (mean, options) in enumerate(zip(tables, self.bins, strict=True)):
            image, ranges = images[None, channel : channel + 1], options[bins]
            table = xp.broadcast_to(mean, (1, 1, len(mean), len(mean)))
            found = histogram_lookup(table, image, image, fixed_range=ranges, moving_range=ranges)
            out.append(found[0, 0].astype("float32"))
        return xp.stack(out)

    def cost(self, view: View, weights: Array) -> float:
        """In nats, below 0, where `weights` say; infinite where nothing is to be compared."""
        if float(weights.sum(dtype="float64")) < 1:
            return np.inf
        return float(np.mean([self._cost(i, view, weights) for i in range(len(view.warped))]))

    def _cost(self, channel: int, view: View, weights: Array) -> float:
        """One channel's."""
        return float(mutual_information(*self._arrays(channel, view, weights), **self.bins[channel])[0])

    def _arrays(self, channel: int, view: View, weights: Array) -> tuple[Array, Array, Array]:
        """The arguments of the metric for one channel."""
        one = (None, slice(channel, channel + 1))
        return self.fixed.image[one], view.warped[one], weights[None]

    def slope(self, view: View) -> Array:
        """The derivative of the cost by the warped image, (c, *spatial), for fixed weights."""
        count = len(view.warped)
        return namespace(view.warped).stack([self._slope(i, view)[0] / count for i in range(count)])

    def _slope(self, channel: int, view: View) -> Array:
        """One channel's, (1, *spatial)."""
        arrays, ct = self._arrays(channel, view, view.weights), namespace(view.warped).ones(1)
        by_warped = (False, True, False)
        _, slope, _ = mutual_information.vjp(ct, *arrays, needs=by_warped, **self.bins[channel])
        out: Array = slope[0]
        return out

    def _channel(self, channel: int, view: View, chain: np.ndarray) -> Comparison:
        """Cost and model by the parameters of a step; `chain` leads from them to theta (theta, k)."""
        some, weights, xp = slice(channel, channel + 1), view.weights, namespace(view.warped)
        count = view.count
        slopes = count * self._slope(channel, view)  # w g
        # Sums of J times any image: of J times the difference of V and V less that image.
        wanted = (view.warped[some] - slopes).astype("float32")
        moving, met = self.moving.image[some], (weights > 0).astype("float32")
        squares = (slopes[0] ** 2 / xp.where(weights > 0, weights, 1)).astype("float32")
        vector, matrix = (
            warp_normal_equations(moving, wanted, view.transform, weights=weight, boundary="border")[which]
            for weight, which in ((met, 1), (squares, 0))
        )
        vector, matrix = to_numpy(vector)[0] / count, to_numpy(matrix)[0] / count
        cost = self._cost(channel, view, weights)
        return Comparison(cost, chain.T @ vector, PRODUCTS * chain.T @ matrix @ chain)


def _range(channel: Array, weights: Array | None) -> tuple[float, float]:
    """From the least to the greatest value that counts, but for the OUTSIDE of them at either end."""
    xp, inside = namespace(channel), channel.reshape(-1) if weights is None else channel[weights > 0]
    low, high = to_numpy(xp.quantile(inside.astype("float64"), xp.asarray([OUTSIDE, 1 - OUTSIDE]))).tolist()
    if low == high:  # what varies is smaller than that
        low, high = float(inside.min()), float(inside.max())
    return low, max(high, low + LEAST_RANGE)
