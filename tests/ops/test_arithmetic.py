"""Arithmetic: NumPy's values, operators that are the ops, and what the dtypes of cotangents are."""

import operator

import numpy as np
import pytest

from warpkit import Variable, ops

rng = np.random.default_rng(0)
A, B = rng.standard_normal((3, 1)), rng.uniform(0.5, 2, (2, 1, 4))
PAIRS = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv}


@pytest.mark.parametrize("name", PAIRS)
def test_values_are_numpys(name):
    np.testing.assert_array_equal(getattr(ops, name)(A, B), PAIRS[name](A, B))


@pytest.mark.parametrize("name", PAIRS)
def test_operators_are_the_ops(name):
    """Also where the variable stands on the right, and beside a number."""
    operate = PAIRS[name]
    for out, expected in [
        (operate(Variable(A), B), operate(A, B)),
        (operate(A, Variable(B)), operate(A, B)),
        (operate(2.0, Variable(B)), operate(2.0, B)),
        (operate(Variable(B), 2), operate(B, 2)),
    ]:
        np.testing.assert_array_equal(out.data, expected)


def test_a_number_takes_the_dtype_of_the_array():
    assert ops.multiply(np.ones(2, np.float32), 2.0).dtype == np.float32
    assert (Variable(np.ones(2, np.float32)) * 2.0).dtype == np.float32


def test_cotangents_go_back_in_the_dtype_they_belong_to():
    narrow, wide = np.ones(2, np.float32), np.ones((3, 2))
    ct_narrow, ct_wide = ops.multiply.vjp(np.ones((3, 2)), narrow, wide)
    assert (ct_narrow.dtype, ct_wide.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(ct_narrow, [3, 3])


@pytest.mark.parametrize(("exponent", "slope"), [(0, 0.0), (1, 1.0), (2, 0.0)])
def test_slope_of_a_power_at_zero(exponent, slope):
    """Where the formula p x^(p - 1) would be 0 times infinity, or 0 to the 0."""
    assert ops.power.vjp(np.ones(1), np.zeros(1), exponent)[0] == slope


def test_astype():
    out = ops.astype(np.array([1.7]), np.float32)
    assert out.dtype == np.float32
    assert ops.astype.vjp(out, np.array([1.7]), "float32")[0].dtype == np.float64


def test_errors():
    with pytest.raises(ValueError, match="shapes: expected shapes that broadcast"):
        ops.add(np.ones(2), np.ones(3))
    with pytest.raises(TypeError, match="x: expected a floating dtype, given int64"):
        ops.power(np.ones(2, np.int64), 2)
    with pytest.raises(ValueError, match="exponent: expected a number, given two"):
        ops.power(np.ones(2), "two")
