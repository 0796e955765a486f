"""Ops that move elements: NumPy's results, errors, and indexing that the tape can keep."""

import numpy as np
import pytest

from warpkit import Variable, ops

X = np.arange(24.0).reshape(2, 3, 4)


def test_values():
    np.testing.assert_array_equal(ops.reshape(X, (4, -1)), X.reshape(4, -1))
    np.testing.assert_array_equal(ops.transpose(X), X.T)
    np.testing.assert_array_equal(ops.transpose(X, (1, -1, 0)), X.transpose(1, 2, 0))
    np.testing.assert_array_equal(ops.moveaxis(X, -1, 0), np.moveaxis(X, -1, 0))
    np.testing.assert_array_equal(ops.broadcast_to(X, (5, 2, 3, 4)), np.broadcast_to(X, (5, 2, 3, 4)))
    np.testing.assert_array_equal(ops.concatenate(X, X[:1]), np.concatenate([X, X[:1]]))
    np.testing.assert_array_equal(ops.stack([X, X], axis=-1), np.stack([X, X], axis=-1))


@pytest.mark.parametrize(
    "index",
    [0, -1, slice(1, None), (slice(None), 2), (..., None, slice(None, None, -2)), (1, slice(0, 0)), ()],
)
def test_indexing(index):
    np.testing.assert_array_equal(Variable(X)[index].data, X[index])
    back = ops.getitem.vjp(X[index], X, index)[0]
    expected = np.zeros_like(X)
    expected[index] = X[index]
    np.testing.assert_array_equal(back, expected)


def test_iterating_over_a_variable():
    rows = list(Variable(X))
    assert len(rows) == 2
    np.testing.assert_array_equal(rows[1].data, X[1])


def test_errors():
    with pytest.raises(ValueError, match=r"shape: expected 24 elements, as in \(2, 3, 4\)"):
        ops.reshape(X, (5, 5))
    with pytest.raises(ValueError, match="axes: expected a permutation of 3 axes"):
        ops.transpose(X, (0, 0, 1))
    with pytest.raises(ValueError, match=r"shape: expected a shape that \(2, 3, 4\) broadcasts to"):
        ops.broadcast_to(X, (2, 3))
    with pytest.raises(ValueError, match=r"arrays\[1\]: expected the shape \(2, 3, 4\) but for axis 0"):
        ops.concatenate(X, X[:, :2])
    with pytest.raises(ValueError, match="index: expected integers, slices, None and Ellipsis"):
        ops.getitem(X, True)
    with pytest.raises(TypeError, match="index: expected a hashable value"):
        ops.getitem(X, np.array([0, 1]))
    with pytest.raises(ValueError, match=r"x: expected shape \(3, 4\), that of the place"):
        ops.place(X, 0, (2, 3, 4))
