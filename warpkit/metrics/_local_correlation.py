"""The squared correlation of two images in a window about each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, Sample, Tracer, namespace, op, plain
from warpkit.ops import maximum, where
from warpkit.ops import sum as sum_of

from ._images import Pair, check_images, derive, draw_images, flat_sum, normalised, xp_of
from ._local_correlation_slabs import FLOOR, image_slopes, mean_square
from ._window_sum import check_radius, window_sum


@op(batch=("fixed", "moving", "weights"))
def local_correlation(fixed: Array, moving: Array, weights: Array | None = None, *, radius: int = 4) -> Array:
    r"""One minus the mean squared correlation in windows (LNCC), for gains and biases that vary in space.

    **Convention.** A cost to be made small: 0 where in each window one image is a gain times the other plus a
    bias, 1 without any relation. As the square is taken, a negative gain is as good as a positive one. The
    mean over channels is taken. The moving image is the one that was warped.

    Parameters
    ----------
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes. Integers are computed in floating point.
    weights : array, shape (n or 1, *spatial), optional
        Non-negative; booleans are a mask. They weigh the pixels in each window, and the windows by their
        middle. What lies at a point of weight 0 does not count in the results, be it NaN, and their
        derivative by that weight is 0.
    radius : int
        Windows have ``2 * radius + 1`` pixels along each axis, of which those beyond the edges do not count.

    Returns
    -------
    array of float64, shape (n,)
        A channel that is constant in one image costs 1, with derivative 0. NaN where all weights of an item
        are 0.

    Raises
    ------
    ValueError
        If shapes do not fit together, or `radius` is negative.

    Notes
    -----
    In the window about the point p let A(p) be the weighted covariance of the two images, B(p) and C(p) their
    variances, and :math:`\epsilon = 10^{-4}`. With the variances of the whole images
    :math:`\sigma_F^2, \sigma_M^2` and :math:`W = \sum_p w_p`, per channel

    .. math:: y = 1 - \frac1W \sum_p w_p\, \frac{A^2}{b\,c}, \qquad
       b = B + \epsilon\, \sigma_F^2, \qquad c = C + \epsilon\, \sigma_M^2.

    So flat windows cost 1 instead of dividing by 0, and gains do not matter. (A flat background pulls
    nowhere, but is a part of the mean: weights leave it out.) Let :math:`\bar F(p)` and :math:`\bar M(p)` be
    means in the window, :math:`N(p)` the sum of its weights, :math:`\Sigma` the sum over a window,
    :func:`window_sum`. Then with :math:`P = 2 w A / (N b c)` and :math:`R = 2 w A^2 / (N b c^2)`

    .. math:: \frac{\partial y}{\partial M} = \frac{w}{W} \Big( M\, \Sigma R - F\, \Sigma P
       + \Sigma (P \bar F - R \bar M) + \epsilon\, \frac{M - \mu_M}{W} \sum_p R N \Big)

    with the mean :math:`\mu_M` of the whole image, and by F with the two exchanged. The derivative by the
    weights is exact, too. Values are computed in the dtype of the images, their sums over windows without
    subtractions, and sums over the image in float64.

    References
    ----------
    B. B. Avants, C. L. Epstein, M. Grossman, J. C. Gee, "Symmetric diffeomorphic image registration with
    cross-correlation", Medical Image Analysis 12 (1), 2008, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import local_correlation
    >>> fixed = np.random.default_rng(0).random((1, 1, 30, 40))
    >>> gain = np.linspace(1.0, 3.0, 40)  # changes, but little within a window
    >>> bool(local_correlation(fixed, gain * fixed, radius=2) < 0.01)
    True
    """
    radius = _least_radius(radius, fixed.shape)
    pair = Pair.of(fixed, moving, weights)
    f, m = (normalised(pair, x)[0] for x in (pair.fixed, pair.moving))
    out = namespace(f).empty(f.shape[:1])
    for item in range(f.shape[0]):
        weight, total = pair.weights_of(item)
        squares = [mean_square(x, y, weight, radius, total) for x, y in zip(f[item], m[item], strict=True)]
        out[item] = 1 - sum(squares) / len(squares)
    return out


@local_correlation.spec
def _spec(fixed, moving, weights=None, *, radius):
    check_radius(radius)
    return check_images(fixed, moving, weights)


def _least_radius(radius, shape):
    """The least one whose windows have the same pixels of an image in them."""
    return min(radius, max(shape[2:]))


@dataclass(frozen=True, eq=False)
class _Windows:
    """The statistics of all windows, of images of mean 0 and variance 1: arrays (n, c, *spatial).

    Attributes
    ----------
    f, m : array
        The images.
    gain_f, gain_m : array (n, c)
        What the given images were multiplied with; 0 for constant ones.
    counts, inverse : array (n or 1, 1, *spatial)
        The sum of a window's weights, and one over it; 0 where there are none.
    mean_f, mean_m, covariance, b, c : array
        Of the windows; b and c are the variances with what is added to them.
    """

    f: Array
    m: Array
    gain_f: Array
    gain_m: Array
    counts: Array
    inverse: Array
    mean_f: Array
    mean_m: Array
    covariance: Array
    b: Array
    c: Array

    @classmethod
    def of(cls, pair: Pair, radius: int) -> _Windows:
        """Compute them."""
        (f, gain_f), (m, gain_m) = normalised(pair, pair.fixed), normalised(pair, pair.moving)
        weights = pair.weights
        if weights is None:
            weights = xp_of(pair.fixed).ones((1, 1, *pair.fixed.shape[2:]), pair.dtype)
        counts = window_sum(weights, radius=radius)
        empty = plain(counts) == 0
        inverse = where(empty, 0.0, 1.0 / where(empty, 1.0, counts)) if empty.any() else 1.0 / counts
        wf, wm = pair.weigh(f), pair.weigh(m)
        mean_f, mean_m = window_sum(wf, radius=radius) * inverse, window_sum(wm, radius=radius) * inverse
        covariance = window_sum(wf * m, radius=radius) * inverse - mean_f * mean_m
        b = window_sum(wf * f, radius=radius) * inverse - mean_f * mean_f
        c = window_sum(wm * m, radius=radius) * inverse - mean_m * mean_m
        b, c = maximum(b, 0.0) + FLOOR, maximum(c, 0.0) + FLOOR  # below 0 by rounding only
        return cls(f, m, gain_f, gain_m, counts, inverse, mean_f, mean_m, covariance, b, c)


def _gradients(fixed, moving, weights=None, *, needs, radius):
    radius = _least_radius(radius, fixed.shape)
    pair = Pair.of(fixed, moving, weights)
    at = _Windows.of(pair, radius)
    p = pair.share(at.covariance / at.b / at.c * at.inverse * 2.0)
    by_covariance = window_sum(p, radius=radius)

    def by_image(x, other, mean, mean_other, variance, gain):
        """By one of the images, and its half of the derivative by the weights."""
        own = p * (at.covariance / variance)  # R of the docstring, for the moving image
        drift = p * mean_other - own * mean
        by_mean = window_sum(drift, radius=radius)
        floor = pair.spread(flat_sum(own * at.counts) * (FLOOR / pair.total))
        slope = x * (window_sum(own, radius=radius) + floor) - other * by_covariance + by_mean
        by_weights = None
        if any(needs[2:]):
            rest = window_sum(mean * drift - own * FLOOR, radius=radius) + floor
            by_weights = (x * (slope + by_mean) - rest) * 0.5
        return pair.weigh(slope) * pair.spread(gain), by_weights

    by_f = by_m = by_weights = None
    if needs[0] or any(needs[2:]):
        by_f, half_f = by_image(at.f, at.m, at.mean_f, at.mean_m, at.b, at.gain_f)
    if needs[1] or any(needs[2:]):
        by_m, half_m = by_image(at.m, at.f, at.mean_m, at.mean_f, at.c, at.gain_m)
    if any(needs[2:]):
        squares = at.covariance / at.b * (at.covariance / at.c)
        by_weights = sum_of(pair.where_counted(half_f + half_m), 1) - pair.by_weights(squares)
    return by_f, by_m, by_weights


_vjp_in_ops = derive(local_correlation, _gradients)


@local_correlation.vjp.rule
def _vjp(ct_out, *arrays, needs, radius):
    """By images alone slab by slab, unless it is to be differentiated again."""
    if any(needs[2:]) or any(isinstance(x, Tracer) for x in (ct_out, *arrays)):
        return _vjp_in_ops(ct_out, *arrays, needs=needs, radius=radius)
    return _vjp_in_slabs(ct_out, *arrays, needs=needs, radius=radius)


def _vjp_in_slabs(ct_out, fixed, moving, weights=None, *, needs, radius):
    radius = _least_radius(radius, fixed.shape)
    pair = Pair.of(fixed, moving, weights)
    (f, gain_f), (m, gain_m) = (normalised(pair, x) for x in (pair.fixed, pair.moving))
    xp, images = namespace(f), (fixed, moving)
    cts = [xp.empty(f.shape, x.dtype) if need else None for x, need in zip(images, needs, strict=False)]
    for item, channel in np.ndindex(*f.shape[:2]):
        weight, total = pair.weights_of(item)
        slopes = image_slopes(f[item, channel], m[item, channel], weight, radius, total, needs[:2])
        for ct, slope, gain in zip(cts, slopes, (gain_f, gain_m), strict=True):
            if ct is not None:
                slope *= float(ct_out[item]) * float(gain[item, channel]) / f.shape[1]
                ct[item, channel] = slope
    return (*cts, None)[: len(needs)]


@local_correlation.samples
def _samples(rng):
    yield Sample(draw_images(rng, (2, 2, 9)), {"radius": 2})
    yield Sample(draw_images(rng, (2, 2, 4, 5), weights=2), {"radius": 1})
    yield Sample(draw_images(rng, (2, 1, 3, 4, 3), weights=1), {"radius": 1})
