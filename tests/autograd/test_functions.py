"""Derivatives of Python functions: values with gradients, and pull-backs."""

import numpy as np
import pytest

from warpkit.autograd import Variable, grad, jvp, value_and_grad, vjp

X = np.array([1.0, 2.0, 3.0])


def test_value_and_grad():
    value, (ct_x, ct_y) = value_and_grad(lambda x, n, y: (x**n * y).sum(), (0, 2))(X, 2, 2 * X)
    assert value == (2 * X**3).sum()
    np.testing.assert_allclose(ct_x, 4 * X**2)
    np.testing.assert_allclose(ct_y, X**2)


def test_value_and_grad_nests():
    """Perturbation confusion: the inner derivative with respect to y must not see x as its variable."""

    def outer(x):
        _, inner = value_and_grad(lambda y: (x + y).sum())(np.ones(()))
        return x * inner

    _, slope = value_and_grad(lambda x: outer(x).sum())(np.array(3.0))
    assert slope == 1.0


def test_value_and_grad_of_variables_can_be_differentiated():
    x = Variable(X)
    _, slope = value_and_grad(lambda x: (x**3).sum())(x)
    np.testing.assert_allclose(grad(slope.sum(), x), 6 * X)


def test_vjp_gives_the_pull_back():
    out, pull_back = vjp(lambda x, y: (x * y, x + y), [X, 2 * X], needs=(True, False))
    np.testing.assert_array_equal(out[1], 3 * X)
    ct_x, ct_y = pull_back((np.ones(3), X))
    np.testing.assert_array_equal(ct_x, 3 * X)
    assert ct_y is None


def test_pull_back_can_be_differentiated_in_its_cotangent():
    _, pull_back = vjp(lambda x: x * x, [X])
    _, tan = jvp(lambda ct: pull_back(ct)[0], [np.ones(3)], [X])
    np.testing.assert_array_equal(tan, 2 * X * X)


def test_value_and_grad_says_what_it_cannot_differentiate():
    assert value_and_grad(lambda x: (x * x).sum())([1.0, 2.0])[0] == 5
    with pytest.raises(ValueError, match=r"function: expected a result of one element, given shape \(2,\)"):
        value_and_grad(lambda x: x * x)(np.ones(2))
    with pytest.raises(
        TypeError, match="argument 0: expected a floating dtype to differentiate, given int64"
    ):
        value_and_grad(lambda x: x.sum())(np.ones(2, np.int64))
