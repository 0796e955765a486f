"""The mean of squared differences."""

from __future__ import annotations

from warpkit._core import Array, Sample, op

from ._images import check_images, derive, draw_images
from ._residuals import loss_gradients, mean_loss


@op(batch=("fixed", "moving", "weights"))
def ssd(fixed: Array, moving: Array, weights: Array | None = None) -> Array:
    r"""Mean of squared differences: a cost, 0 for equal images.

    **Convention.** All metrics are costs to be made small. They compare the fixed image with the moving one
    *as it was warped*, pixel by pixel.

    Parameters
    ----------
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes. Integers are computed in floating point.
    weights : array, shape (n or 1, *spatial), optional
        Non-negative; booleans are a mask. What lies at a point of weight 0 does not count in the results, be
        it NaN, and their derivative by that weight is 0.

    Returns
    -------
    array of float64, shape (n,)
        NaN where all weights of an item are 0.

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Notes
    -----
    With the residual :math:`r = M - F`, the c channels and :math:`W = \sum_p w_p`,

    .. math:: y = \frac{1}{cW} \sum_{k, p} w_p\, r_{kp}^2, \qquad
       \frac{\partial y}{\partial M_{kp}} = \frac{2 w_p r_{kp}}{cW}, \qquad
       \frac{\partial y}{\partial w_p} = \frac{1}{W} \Big(\frac1c \sum_k r_{kp}^2 - y\Big).

    The derivative by F is that by M with the other sign. Sums are taken in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import ssd
    >>> fixed, moving = np.array([[[0.0, 1.0, 2.0]]]), np.array([[[1.0, 1.0, 4.0]]])
    >>> ssd(fixed, moving, np.array([[1.0, 1.0, 0.0]]))
    array([0.5])
    >>> ssd.vjp(np.ones(1), fixed, moving, needs=(False, True))[1]
    array([[[0.66666667, 0.        , 1.33333333]]])
    """
    return mean_loss(_loss, fixed, moving, weights)


def _loss(residual):
    return residual * residual


def _slope(residual):
    return residual * 2.0


ssd.spec(check_images)
derive(ssd, loss_gradients(_loss, _slope))


@ssd.samples
def _samples(rng):
    yield Sample(draw_images(rng, (2, 2, 5)), {})
    yield Sample(draw_images(rng, (2, 2, 4, 3), weights=2), {})
    yield Sample(draw_images(rng, (2, 1, 3, 2, 2), weights=1), {})
