"""Mutual information: for images of two modalities."""

from __future__ import annotations

from warpkit._core import Array, Sample, op, plain
from warpkit.ops import log, where

from ._histogram_axis import RANGES, Range, check_bins, draw_histogram_images
from ._images import Pair, check_images, xp_of
from ._joint_histogram import joint_histogram

EMPTY = 1e-14
"""A share below is that of an empty bin, where rounding leaves about 1e-17."""


@op(batch=("fixed", "moving", "weights"))
def mutual_information(
    fixed: Array,
    moving: Array,
    weights: Array | None = None,
    *,
    fixed_range: Range,
    moving_range: Range,
    bins: int = 32,
) -> Array:
    r"""Minus the mutual information of the values of two images (Mattes), in nats: a cost for two modalities.

    **Convention.** A cost to be made small: 0 without any relation, the lower the better one value tells the
    other, whatever the relation. Each channel has a histogram of its own, and the mean over channels is
    taken. The moving image is the one that was warped.

    Parameters
    ----------
    fixed, moving : array, shape (n, c, *spatial)
        1, 2 or 3 spatial axes. Integers are computed in floating point.
    weights : array, shape (n or 1, *spatial), optional
        Non-negative; booleans are a mask. What lies at a point of weight 0 does not count in the results, be
        it NaN, and their derivative by that weight is 0.
    fixed_range, moving_range : (float, float)
        The least and the largest value of each image, such as ``(fixed.min(), fixed.max())`` of the image
        before it is warped. What lies beyond counts as the nearer of the two, without derivative. They are
        constants, so that nothing depends on which values happen to be in sight.
    bins : int
        Bins of the histogram for each image, at least 5.

    Returns
    -------
    array of float64, shape (n,)
        NaN where all weights of an item are 0.

    Raises
    ------
    ValueError
        If shapes do not fit together, there are too few bins, or a range is empty.

    Notes
    -----
    With the joint histogram h of :func:`joint_histogram`, :math:`W = \sum_p w_p`, :math:`p_{ab} = h_{ab} / W`
    and its sums :math:`p_a` and :math:`p_b`, per channel

    .. math:: y = -\sum_{ab} p_{ab} \log \frac{p_{ab}}{p_a p_b}, \qquad
       \frac{\partial y}{\partial M_p} = -\frac{w_p}{W} \sum_{ab} \log\frac{p_{ab}}{p_a p_b}\,
           \beta^1(u(F_p) - a)\, \partial_M \beta^3(v(M_p) - b).

    Empty bins are left out. Mattes and his colleagues take a window of order 0 for the fixed image. Here it
    is linear, so that there is a derivative by both images; it has kinks where a value of the fixed image is
    that of a bin, and there it is the right one. Histograms are added up in float64, always in the same
    order.

    References
    ----------
    D. Mattes, D. R. Haynor, H. Vesselle, T. K. Lewellen, W. Eubank, "PET-CT image registration in the chest
    using free-form deformations", IEEE Transactions on Medical Imaging 22 (1), 2003, equations (3) to (9).
    P. Thevenaz, M. Unser, "Optimization of mutual information for multiresolution image registration", IEEE
    Transactions on Image Processing 9 (12), 2000, section III.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.metrics import mutual_information
    >>> ct = np.random.default_rng(0).random((1, 1, 40, 40))
    >>> mr = (1 - ct) ** 2  # another modality: dark is bright
    >>> ranges = {"fixed_range": (0, 1), "moving_range": (0, 1)}
    >>> related = mutual_information(ct, mr, **ranges)
    >>> unrelated = mutual_information(ct, mr[..., ::-1], **ranges)
    >>> bool(related < -1.5), bool(unrelated > -0.5)
    (True, True)
    """
    # Derivatives are those of this body, by the tape: pixels are in the histogram alone, the rest is small.
    pair = Pair.of(fixed, moving, weights)
    weights = pair.weights
    if weights is None:
        weights = xp_of(pair.fixed).ones((1, 1, *pair.fixed.shape[2:]), pair.dtype)
    histogram = joint_histogram(
        pair.fixed, pair.moving, weights, bins=bins, fixed_range=fixed_range, moving_range=moving_range
    )
    p = histogram / pair.total.reshape((pair.total.shape[0], 1, 1, 1))
    information = _negative_entropy(p) - _negative_entropy(p.sum(axis=2)) - _negative_entropy(p.sum(axis=3))
    return -information.mean(axis=1)


def _negative_entropy(p):
    """The sum of p log p of each channel, (n, c); of what is empty nothing, and no derivative either."""
    terms = p * log(where(plain(p) > EMPTY, p, 1.0))
    return terms.sum(axis=tuple(range(2, len(p.shape))))


@mutual_information.spec
def _spec(fixed, moving, weights=None, *, bins, fixed_range, moving_range):
    check_bins(bins, fixed_range, moving_range)
    return check_images(fixed, moving, weights)


@mutual_information.samples
def _samples(rng):
    static = {"bins": 7, **RANGES}
    yield Sample(draw_histogram_images(rng, (2, 2, 30), 7), static)
    weights = rng.uniform(0.5, 1.5, (2, 5, 6))
    yield Sample((*draw_histogram_images(rng, (2, 1, 5, 6), 7), weights), static)
    yield Sample(
        (*draw_histogram_images(rng, (2, 1, 3, 4, 3), 7), rng.uniform(0.5, 1.5, (1, 3, 4, 3))), static
    )
