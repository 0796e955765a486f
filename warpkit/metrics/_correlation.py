"""The correlation of two images, which knows neither gain nor bias."""

from __future__ import annotations

from warpkit._core import Array, Sample, op

from ._images import Pair, check_images, derive, draw_images, normalised


@op(batch=("fixed", "moving", "weights"))
def correlation(fixed: Array, moving: Array, weights: Array | None = None) -> Array:
    r"""One minus the normalised cross-correlation (NCC): a cost that neither gain nor bias changes.

    **Convention.** A cost to be made small: 0 where one image is a gain times the other plus a bias, 1
    without any relation, 2 where the gain is negative. Each channel has its own gain and bias, and the mean
    over channels is taken. The moving image is the one that was warped.

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
        A channel that is constant in one image costs 1, with derivative 0. NaN where all weights of an item
        are 0.

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Notes
    -----
    With :math:`f = F - \bar F`, :math:`m = M - \bar M` (weighted means taken off), variances
    :math:`\sigma^2` and :math:`W = \sum_p w_p`, per channel

    .. math:: \varrho = \frac{\sum_p w_p f_p m_p}{W \sigma_f \sigma_m}, \qquad
       \frac{\partial\varrho}{\partial M_p} = \frac{w_p}{W \sigma_m}
           \Big(\frac{f_p}{\sigma_f} - \varrho\, \frac{m_p}{\sigma_m}\Big), \qquad
       \frac{\partial\varrho}{\partial w_p} = \frac1W \Big(\frac{f_p m_p}{\sigma_f \sigma_m}
           - \frac{\varrho}{2} \Big(\frac{f_p^2}{\sigma_f^2} + \frac{m_p^2}{\sigma_m^2}\Big)\Big),

    and by F with the two exchanged.

    **ECC** is the same: the enhanced correlation coefficient's criterion is the squared distance of the two
    images after their means are taken off and their lengths made 1, and

    .. math:: \Big\| \frac{f}{\|f\|} - \frac{m}{\|m\|} \Big\|^2 = 2 - 2 \varrho,

    twice this cost for one channel. What sets ECC apart is how it makes it small: by a step of Gauss and
    Newton, as :func:`warpkit.register` does for ``metric="ncc"``.

    References
    ----------
    G. D. Evangelidis, E. Z. Psarakis, "Parametric image alignment using enhanced correlation coefficient
    maximization", IEEE Transactions on Pattern Analysis and Machine Intelligence 30 (10), 2008, equation (3).

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import correlation
    >>> fixed = np.array([[[0.0, 1.0, 0.0, 3.0]]])
    >>> cost = correlation(fixed, 2 * fixed + 5)
    >>> bool(abs(cost[0]) < 1e-12)
    True
    >>> correlation(fixed, np.full_like(fixed, 7.0))
    array([1.])
    """
    pair = Pair.of(fixed, moving, weights)
    return 1.0 - _correlate(pair)[2].mean(axis=1)


correlation.spec(check_images)


def _correlate(pair):
    """Both images centred and divided by their deviations, their correlation, and 1 / deviations (n, c)."""
    (f, inverse_f), (m, inverse_m) = normalised(pair, pair.fixed), normalised(pair, pair.moving)
    return f, m, pair.mean(f * m), inverse_f, inverse_m


def _gradients(fixed, moving, weights=None, *, needs):
    pair = Pair.of(fixed, moving, weights)
    f, m, rho, inverse_f, inverse_m = _correlate(pair)
    spread_rho = pair.spread(rho)
    return (
        pair.share((f * spread_rho - m) * pair.spread(inverse_f)) if needs[0] else None,
        pair.share((m * spread_rho - f) * pair.spread(inverse_m)) if needs[1] else None,
        _by_weights(pair, f, m, spread_rho) if any(needs[2:]) else None,
    )


def _by_weights(pair, f, m, rho):
    slope = (rho * (f * f + m * m) * 0.5 - f * m) * pair.spread(1.0 / pair.total)
    return pair.where_counted(slope).mean(axis=1)


derive(correlation, _gradients)


@correlation.samples
def _samples(rng):
    yield Sample(draw_images(rng, (2, 2, 5)), {})
    yield Sample(draw_images(rng, (2, 2, 4, 3), weights=2), {})
    yield Sample(draw_images(rng, (2, 1, 3, 2, 2), weights=1), {})
