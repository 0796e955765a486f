"""Losses: what a network is asked to make small."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain, wrong_value, zeros_like

from ._reductions import logsumexp, softmax
from ._reductions import sum as sum_of


@op()
def cross_entropy(logits: Array, labels: Array) -> Array:
    r"""Mean over the batch of minus the logarithm of the probability given to the right class.

    Parameters
    ----------
    logits : array (n, k)
        Unnormalised log-probabilities of k classes, floating.
    labels : array of integers (n,)
        The right classes, from 0 to k - 1.

    Returns
    -------
    array ()
        :math:`y = \frac1n \sum_i \left(\log \sum_j e^{z_{ij}} - z_{i l_i}\right)`, without overflow.

    Raises
    ------
    ValueError
        If a label is no class, or the batch is empty.

    Notes
    -----
    :math:`\bar z_{ij} = \frac{\bar y}{n} \left(\mathrm{softmax}(z_i)_j - [j = l_i]\right)`.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.ops import cross_entropy
    >>> round(float(cross_entropy(np.zeros((3, 4)), np.array([0, 3, 1]))), 4)  # log 4: it knows nothing
    1.3863
    """
    _check_range(labels, logits.shape[1])
    xp = namespace(logits, labels)
    right = xp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return (logsumexp(logits, 1) - right).mean()


@cross_entropy.spec
def _cross_entropy_spec(logits, labels):
    if logits.ndim != 2 or 0 in logits.shape:
        raise wrong_value("logits", "shape (n, k), neither of them 0", f"shape {logits.shape}")
    if not logits.differentiable:
        raise TypeError(f"logits: expected a floating dtype, given {logits.dtype}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels: expected integers, given {labels.dtype}")
    if labels.shape != logits.shape[:1]:
        raise wrong_value(
            "labels", f"shape {logits.shape[:1]}, one per row of logits", f"shape {labels.shape}"
        )
    return ArraySpec((), logits.dtype)


def _check_range(labels, classes):
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        first = int(wrong.argmax())
        raise wrong_value(
            "labels", f"classes from 0 to {classes - 1}", f"{int(labels[first])} at index {first}"
        )


def _slope(logits, labels):
    """Derivative of the loss: (softmax - one-hot) / n."""
    one_hot = zeros_like(logits)
    labels = plain(labels)
    _check_range(labels, one_hot.shape[1])
    one_hot[namespace(one_hot).arange(len(labels)), labels] = 1
    return (softmax(logits) - one_hot) / len(labels)


@cross_entropy.vjp.rule
def _cross_entropy_vjp(ct_out, logits, labels, *, needs):
    del needs
    return ct_out * _slope(logits, labels), None


@cross_entropy.jvp.rule
def _cross_entropy_jvp(tangents, logits, labels):
    return sum_of(tangents[0] * _slope(logits, labels))


@cross_entropy.samples
def _cross_entropy_samples(rng):
    yield Sample((rng.standard_normal((4, 3)), np.array([2, 0, 1, 1])), {})
