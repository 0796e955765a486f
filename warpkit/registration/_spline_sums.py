"""Normal equations of several residuals under one thin-plate spline."""

from __future__ import annotations

from warpkit._core import Array, namespace
from warpkit.transforms import ThinPlateSpline
from warpkit.warping import NormalEquations, warp_normal_equations, warp_tps


def spline_sums(
    moving: Array, wanted: Array, warped: Array, weights: Array, spline: ThinPlateSpline
) -> NormalEquations:
    r"""Of the residuals V - F of the image `warped` (*spatial) and of each of `wanted` (k, 1, *spatial).

    As :func:`warpkit.warp_normal_equations` has them, except that the matrix, which is the same for all and
    takes long, is summed up but once, and there are no costs. The vectors :math:`J^T W r` are the cotangents
    of theta for those of the image :math:`W r`.
    """
    options = {"weights": weights, "boundary": "border"}
    matrix = warp_normal_equations(moving[None, None], wanted[:1], spline, **options).matrix
    theta = namespace(spline.theta).repeat(spline.theta, len(wanted), axis=0)
    _, vectors, _ = warp_tps.vjp(
        weights * (warped - wanted),
        moving[None, None],
        theta,
        spline.control_points,
        tuple(wanted.shape[2:]),
        needs=(False, True, False),
        boundary="border",
        frame="pixel",
    )
    flat = vectors.reshape(len(wanted), -1)
    return NormalEquations(matrix, flat, namespace(flat).full(len(wanted), float("nan")))
