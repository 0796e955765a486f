"""Elementary functions: NumPy's values, the ends of their domains, and kinks."""

import numpy as np
import pytest
from scipy.special import expit

from warpkit import ops

NUMPY = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sigmoid": expit,
    "absolute": np.abs,
}


@pytest.mark.parametrize("name", NUMPY)
def test_values(name):
    x = np.linspace(0.1, 3, 50)
    np.testing.assert_allclose(getattr(ops, name)(x), NUMPY[name](x), rtol=1e-15)


def test_sigmoid_is_quiet_far_out():
    np.testing.assert_array_equal(ops.sigmoid(np.array([-1e4, 1e4])), [0, 1])
    np.testing.assert_array_equal(ops.sigmoid.vjp(np.ones(2), np.array([-1e4, 1e4]))[0], [0, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_derivative_at_kinks(dtype):
    zero, one = np.zeros(1, dtype), np.ones(1, dtype)
    for op in (ops.relu, ops.absolute):
        (slope,) = op.vjp(one, zero)
        assert slope == 1
        assert slope.dtype == dtype
        np.testing.assert_array_equal(op.jvp((one,), zero), one)


def test_relu_keeps_nan():
    np.testing.assert_array_equal(ops.relu(np.array([np.nan, -1, 2])), [np.nan, 0, 2])


def test_integers_are_refused():
    with pytest.raises(TypeError, match="x: expected a floating dtype, given int64"):
        ops.exp(np.arange(3))
