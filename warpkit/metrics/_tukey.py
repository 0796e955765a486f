"""Tukey's loss of the differences."""

from __future__ import annotations

from warpkit._core import Array, Sample, op
from warpkit.ops import clip

from ._images import derive, draw_images
from ._residuals import check_width, loss_gradients, mean_loss


@op(batch=("fixed", "moving", "weights"))
def tukey(fixed: Array, moving: Array, weights: Array | None = None, *, width: float) -> Array:
    r"""Mean of Tukey's biweight loss of the differences: beyond `width` all of them cost the same.

    **Convention.** A cost to be made small, 0 for equal images; the moving image is the one that was warped.

    Parameters
    ----------
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes. Integers are computed in floating point.
    weights : array, shape (n or 1, *spatial), optional
        Non-negative; booleans are a mask. What lies at a point of weight 0 does not count in the results, be
        it NaN, and their derivative by that weight is 0.
    width : float
        From where on a difference has no pull, in units of the images' values. Of normal noise, 4.685
        standard deviations keep 95 % of the efficiency of least squares.

    Returns
    -------
    array of float64, shape (n,)
        At most :math:`k^2 / 3` for a width of k; NaN where all weights of an item are 0.

    Raises
    ------
    ValueError
        If shapes do not fit together, or `width` is not positive.

    Notes
    -----
    With the residual :math:`r = M - F`, the width k, the c channels and :math:`W = \sum_p w_p`,

    .. math:: y = \frac{1}{cW} \sum_{j, p} w_p\, \rho(r_{jp}), \qquad
       \rho(r) = \frac{k^2}{3} \big(1 - s^3\big), \qquad \rho'(r) = 2 r s^2, \qquad
       s = \max\big(0, 1 - r^2 / k^2\big),

    which is :math:`r^2` near 0, so that :func:`ssd` is its limit for large widths, and :math:`\partial y /
    \partial M_{jp} = w_p\, \rho'(r_{jp}) / cW`. The derivative by F is that with the other sign. Sums are
    taken in float64.

    References
    ----------
    A. E. Beaton, J. W. Tukey, "The fitting of power series, meaning polynomials, illustrated on
    band-spectroscopic data", Technometrics 16 (2), 1974.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import tukey
    >>> tukey(np.zeros((1, 1, 2)), np.array([[[0.0, 10.0]]]), width=3.0)  # (0 + 9 / 3) / 2
    array([1.5])
    """
    return mean_loss(_loss, fixed, moving, weights, width=width)


def _loss(residual, width):
    q = _square(residual, width)
    return q * (q * (q - 3.0) + 3.0) * (width**2 / 3)  # 1 - (1 - q)^3 without the difference of near numbers


def _slope(residual, width):
    return residual * (1.0 - _square(residual, width)) ** 2 * 2.0


def _square(residual, width):
    return clip((residual / width) ** 2, 0.0, 1.0)


tukey.spec(check_width)
derive(tukey, loss_gradients(_loss, _slope))


@tukey.samples
def _samples(rng):
    yield Sample(draw_images(rng, (2, 2, 5)), {"width": 1.2})
    yield Sample(draw_images(rng, (2, 2, 4, 3), weights=2), {"width": 1.2})
    yield Sample(draw_images(rng, (2, 1, 3, 2, 2), weights=1), {"width": 1.2})
