"""Cross-entropy against its formula; labels out of range; logits that would overflow."""

import numpy as np
import pytest

from warpkit.autograd import Variable, grad
from warpkit.ops import cross_entropy
from warpkit.testing import check_op


def slow_cross_entropy(logits, labels):
    """Minus the mean logarithm of the right class' probability."""
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.mean([np.log(p[i, label]) for i, label in enumerate(labels)])


@pytest.mark.parametrize("label_dtype", [np.uint8, np.int32, np.int64])
def test_value_and_gradient(label_dtype):
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((5, 3)), np.array([0, 2, 1, 1, 0], label_dtype)
    loss = cross_entropy(logits, labels)
    assert loss == pytest.approx(slow_cross_entropy(logits, labels), rel=1e-12)
    ct_logits, ct_labels = cross_entropy.vjp(np.float64(2.0), logits, labels)
    assert ct_labels is None
    step = 1e-6
    for i, j in np.ndindex(5, 3):
        change = np.zeros((5, 3))
        change[i, j] = step
        slope = slow_cross_entropy(logits + change, labels) - slow_cross_entropy(logits - change, labels)
        assert ct_logits[i, j] == pytest.approx(2 * slope / (2 * step), abs=1e-8)


def test_derivatives():
    check_op(cross_entropy)


def test_large_logits_do_not_overflow():
    logits = np.array([[1e4, 0.0], [0.0, -1e4]], np.float32)
    assert cross_entropy(logits, np.array([0, 1])) == pytest.approx(5e3)
    ct_logits, _ = cross_entropy.vjp(np.float32(1), logits, np.array([0, 1]))
    np.testing.assert_array_equal(ct_logits, [[0, 0], [0.5, -0.5]])
    assert ct_logits.dtype == np.float32


def test_second_order():
    """Its Hessian is diag(p) - p p^T for one row."""
    logits = np.random.default_rng(1).standard_normal((1, 4))
    x, labels = Variable(logits), np.array([2])
    first = grad(cross_entropy(x, labels), x, create_graph=True)
    rows = [grad(first[0, j], x, retain_graph=True)[0] for j in range(4)]
    p = np.exp(logits[0]) / np.exp(logits[0]).sum()
    np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), atol=1e-14)


@pytest.mark.parametrize(("labels", "given"), [([0, 3, 1], "3 at index 1"), ([0, 1, -1], "-1 at index 2")])
def test_a_label_out_of_range_is_named(labels, given):
    with pytest.raises(ValueError, match=f"labels: expected classes from 0 to 2, given {given}"):
        cross_entropy(np.zeros((3, 3)), np.array(labels))


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        (np.zeros((3, 2)), np.zeros(2, int), ValueError, "labels: expected shape"),
        (np.zeros((3, 2)), np.zeros(3), TypeError, "labels: expected integers"),
        (np.zeros((3, 2), int), np.zeros(3, int), TypeError, "logits: expected a floating dtype"),
        (np.zeros((0, 2)), np.zeros(0, int), ValueError, "logits: expected shape"),
        (np.zeros(3), np.zeros(3, int), ValueError, "logits: expected shape"),
    ],
)
def test_errors(logits, labels, error, message):
    with pytest.raises(error, match=message):
        cross_entropy(logits, labels)
