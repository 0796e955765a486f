import numpy as np
import pytest

from warpkit import ops
from warpkit.autograd import Variable, grad, jvp, value_and_grad

X = np.array([1.0, 2.0, 3.0])
V = np.array([1.0, 0.0, -1.0])


def test_value_and_tangent():
    out, tan = jvp(lambda x, y: ops.sin(x) * y, (X, 2 * X), (V, None))
    np.testing.assert_allclose(out, np.sin(X) * 2 * X)
    np.testing.assert_allclose(tan, np.cos(X) * V * 2 * X)
    assert type(out) is np.ndarray


def test_several_outputs_and_constants():
    out, tan = jvp(lambda x: (x * x, np.ones(2)), (X,), (V,))
    np.testing.assert_array_equal(tan[0], 2 * X * V)
    np.testing.assert_array_equal(tan[1], np.zeros(2))
    np.testing.assert_array_equal(out[1], np.ones(2))


def test_forward_over_forward():
    def slope(x):
        return jvp(lambda y: y**3, (x,), (np.ones(3),))[1]

    np.testing.assert_allclose(jvp(slope, (X,), (V,))[1], 6 * X * V)


def test_forward_over_reverse_and_back():
    def gradient(x):
        return value_and_grad(lambda y: (y**3).sum())(x)[1]

    hessian_times_v = jvp(gradient, (X,), (V,))[1]
    np.testing.assert_allclose(hessian_times_v, 6 * X * V)
    _, again = value_and_grad(lambda x: jvp(lambda y: (y**3).sum(), (x,), (V,))[1])(X)
    np.testing.assert_allclose(again, 6 * X * V)


def test_perturbations_are_not_confused():
    """d/dx (x d/dy (x + y)) at 1 is 1; with one kind of perturbation for both it would be 2."""

    def outer(x):
        _, inner = jvp(lambda y: x + y, (np.array(1.0),), (np.array(1.0),))
        return x * inner

    assert jvp(outer, (np.array(1.0),), (np.array(1.0),))[1] == 1.0


def test_perturbations_are_not_confused_with_the_tape():
    x = Variable(np.array(3.0))
    _, inner = jvp(lambda y: x * y, (np.array(2.0),), (np.array(1.0),))
    assert grad(x * inner, x) == 6.0


def test_through_integers_flows_nothing():
    _, tan = jvp(lambda x: ops.astype(ops.astype(x, "int64"), "float64") + x, (X,), (V,))
    np.testing.assert_array_equal(tan, V)


def test_branches_see_values():
    _, tan = jvp(lambda x: x * x if float(x) > 0 else -x, (np.array(2.0),), (np.array(1.0),))
    assert tan == 4.0


def test_errors():
    with pytest.raises(ValueError, match=r"tangents\[0\]: expected shape \(3,\), given shape \(2,\)"):
        jvp(lambda x: x, (X,), (V[:2],))
    with pytest.raises(ValueError, match="shorter"):
        jvp(lambda x, y: x, (X, X), (V,))
