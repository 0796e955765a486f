"""Ops that choose: the derivative goes where the value came from."""

import numpy as np
import pytest

from warpkit import ops

rng = np.random.default_rng(0)
A, B = rng.standard_normal((3, 4)), rng.standard_normal(4)


def test_values():
    condition = A > 0
    np.testing.assert_array_equal(ops.where(condition, A, B), np.where(condition, A, B))
    np.testing.assert_array_equal(ops.maximum(A, B), np.maximum(A, B))
    np.testing.assert_array_equal(ops.minimum(A, B), np.minimum(A, B))
    np.testing.assert_array_equal(ops.clip(A, -0.5, 0.5), np.clip(A, -0.5, 0.5))


def test_the_side_that_is_not_chosen_may_be_nan():
    condition, nan = np.array([True, False]), np.array([np.nan, 2.0])
    _, ct_a, ct_b = ops.where.vjp(np.ones(2), condition, np.array([1.0, np.nan]), nan)
    np.testing.assert_array_equal(ct_a, [1, 0])
    np.testing.assert_array_equal(ct_b, [0, 1])


@pytest.mark.parametrize("op", [ops.maximum, ops.minimum])
def test_between_equals_the_first_is_chosen(op):
    assert op.vjp(np.ones(1), np.ones(1), np.ones(1)) == (1, 0)


def test_right_derivative_at_the_limits_of_clip():
    """To the right of the lower limit the slope is 1, to the right of the upper one 0."""
    np.testing.assert_array_equal(ops.clip.vjp(np.ones(2), np.array([-1.0, 1.0]), -1.0, 1.0)[0], [1, 0])


def test_errors():
    with pytest.raises(ValueError, match=r"lower: expected at most upper = 0\.0, given 1\.0"):
        ops.clip(A, 1.0, 0.0)
