"""Huber's loss of the differences."""

from __future__ import annotations

from warpkit._core import Array, Sample, op
from warpkit.ops import clip

from ._images import derive, draw_images
from ._residuals import check_width, loss_gradients, mean_loss


@op(batch=("fixed", "moving", "weights"))
def huber(fixed: Array, moving: Array, weights: Array | None = None, *, width: float) -> Array:
    r"""Mean of Huber's loss of the differences: squares of small ones, a straight line for large ones.

    **Convention.** A cost to be made small, 0 for equal images; the moving image is the one that was warped.

    Parameters
    ----------
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes. Integers are computed in floating point.
    weights : array, shape (n or 1, *spatial), optional
        Non-negative; booleans are a mask. What lies at a point of weight 0 does not count in the results, be
        it NaN, and their derivative by that weight is 0.
    width : float
        Where the line begins, in units of the images' values. Of normal noise, 1.345 standard deviations
        keep 95 % of the efficiency of least squares.

    Returns
    -------
    array of float64, shape (n,)
        NaN where all weights of an item are 0.

    Raises
    ------
    ValueError
        If shapes do not fit together, or `width` is not positive.

    Notes
    -----
    With the residual :math:`r = M - F`, the width k, the c channels and :math:`W = \sum_p w_p`,

    .. math:: y = \frac{1}{cW} \sum_{j, p} w_p\, \rho(r_{jp}), \qquad
       \rho(r) = \begin{cases} r^2 & |r| \le k \\ k\,(2 |r| - k) & |r| > k \end{cases}, \qquad
       \rho'(r) = 2 \max(-k, \min(r, k)),

    so that :func:`ssd` is its limit for large widths, and :math:`\partial y / \partial M_{jp} = w_p\,
    \rho'(r_{jp}) / cW`. The derivative by F is that with the other sign. Sums are taken in float64.

    References
    ----------
    P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1), 1964.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import huber
    >>> huber(np.zeros((1, 1, 2)), np.array([[[1.0, 10.0]]]), width=2.0)  # (1 + 36) / 2
    array([18.5])
    """
    return mean_loss(_loss, fixed, moving, weights, width=width)


def _loss(residual, width):
    near = clip(residual, -width, width)
    return near * (residual * 2.0 - near)


def _slope(residual, width):
    return clip(residual, -width, width) * 2.0


huber.spec(check_width)
derive(huber, loss_gradients(_loss, _slope))


@huber.samples
def _samples(rng):
    yield Sample(draw_images(rng, (2, 2, 5)), {"width": 0.4})
    yield Sample(draw_images(rng, (2, 2, 4, 3), weights=2), {"width": 0.4})
    yield Sample(draw_images(rng, (2, 1, 3, 2, 2), weights=1), {"width": 0.4})
