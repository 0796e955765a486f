"""How the cost of two images changes with the pixels of the warped one: the first link of a chain rule."""

from __future__ import annotations

from warpkit._core import Array, namespace

from ._correlation import Moments
from ._least_squares import TUNING, LeastSquares, View
from ._local_units import LocalUnits
from ._mutual_information import MutualInformation


def cost_slope(images: LeastSquares, view: View) -> Array:
    """The derivative of the cost by the warped image, (c, *spatial), for fixed weights; 0 where they are 0.

    It must be finite: some of what is compared varies.
    """
    if isinstance(images, MutualInformation):
        return images.slope(view)
    weights, fixed, warped = view.weights, images.fixed.image, view.warped
    share = 1 / (float(weights.sum(dtype="float64")) * len(fixed))
    if images.metric == "lncc":
        units = LocalUnits.of(warped, weights)
        return share * units.cotangent(weights * (units.values - images.fixed_in_local_units))
    if images.metric == "ncc":
        channels = [_correlation_slope(*both, weights) for both in zip(warped, fixed, strict=True)]
        return share * weights * namespace(warped).stack(channels)
    residual = warped - fixed
    robust = images.robust(residual)[1] if images.metric in TUNING else 1.0
    return 2 * share * weights * robust * residual


def _correlation_slope(warped: Array, fixed: Array, weights: Array) -> Array:
    """Of one less the correlation of a channel, for each unit of weight, times the sum of weights."""
    m = Moments.of(warped, fixed, weights, float(weights.sum(dtype="float64")))
    return (m.vf / m.vv * (warped - m.v) - (fixed - m.f)) / (m.vv * m.ff) ** 0.5
