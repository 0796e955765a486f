import copy
import operator
import pickle
import subprocess
import sys

import numpy as np
import pytest

import warpkit as wk
from warpkit import ops
from warpkit.autograd import Variable, no_grad

X = np.array([[1.0, 2.0], [3.0, 5.0]])


def test_keeps_its_array():
    x = Variable(X)
    assert x.data is X
    assert x.shape == (2, 2)
    assert x.dtype == X.dtype
    assert (x.ndim, x.size, len(x)) == (2, 4, 2)
    assert x.grad is None
    assert "Variable(array(" in repr(x)


def test_lists_become_arrays():
    assert Variable([1.0, 2.0]).dtype == np.float64


@pytest.mark.parametrize(
    "operation", [operator.add, operator.sub, operator.mul, operator.truediv, operator.matmul]
)
@pytest.mark.parametrize(
    "other", [X + 1, Variable(X + 1), 2.0, np.float64(2.0)], ids=["array", "variable", "number", "scalar"]
)
def test_operators(operation, other):
    x = Variable(X)
    plain = other.data if isinstance(other, Variable) else other
    if operation is operator.matmul and np.ndim(plain) == 0:
        return
    for given, expected in (
        (operation(x, other), operation(X, plain)),
        (operation(other, x), operation(plain, X)),
    ):
        assert isinstance(given, Variable)
        np.testing.assert_allclose(given.data, expected)


def test_unary_operators_and_methods():
    x = Variable(X)
    np.testing.assert_array_equal((-x).data, -X)
    np.testing.assert_array_equal((x**2).data, X**2)
    np.testing.assert_array_equal(x[0, ::-1].data, X[0, ::-1])
    np.testing.assert_array_equal(x.reshape(4).data, x.reshape((4,)).data)
    np.testing.assert_array_equal(x.sum(axis=0).data, X.sum(axis=0))
    np.testing.assert_array_equal(x.mean(axis=1, keepdims=True).data, X.mean(axis=1, keepdims=True))
    assert x.astype(np.float32).dtype == np.float32
    assert [row.data.tolist() for row in x] == X.tolist()


def test_comparisons_answer_with_arrays():
    x = Variable(X)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        assert type(compare(x, 2.0)) is np.ndarray
        np.testing.assert_array_equal(compare(x, 2.0), compare(X, 2.0))
    assert bool(Variable(np.array(1.0)))
    assert float(Variable(np.array(2.5))) == 2.5


def test_numpy_functions_do_not_take_it_apart():
    with pytest.raises(TypeError):
        np.exp(Variable(X))


def test_history():
    x = Variable(X)
    y = x * 2
    assert y.requires_grad
    assert y.node.op is ops.multiply
    assert not y.detach().requires_grad
    assert (y.detach() * x).requires_grad


def test_no_grad():
    x = Variable(X)
    with no_grad():
        y = x * 2
        with no_grad():
            pass
        assert not (x * 2).requires_grad
    assert not y.requires_grad
    assert (x * 2).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * 2).requires_grad


def test_value_and_grad_works_within_no_grad():
    with no_grad():
        assert wk.value_and_grad(lambda x: (x * x).sum())(X)[1].tolist() == (2 * X).tolist()


def test_integer_results_are_plain():
    assert type(ops.astype(Variable(X), "int64")) is np.ndarray


def test_errors():
    with pytest.raises(
        TypeError, match="data: expected a floating dtype where requires_grad=True, given int64"
    ):
        Variable(np.arange(3))
    assert Variable(np.arange(3), requires_grad=False).dtype == np.int64
    with pytest.raises(TypeError, match=r"data: expected real numbers.*, given dtype complex128"):
        Variable(X.astype(complex))
    with pytest.raises(TypeError, match=r"data: expected real numbers.*, given dtype object"):
        Variable(X.astype(object))
    with pytest.raises(TypeError, match="data: expected a NumPy or CuPy array"):
        Variable({"not": "an array"})


def test_pickled_with_its_history():
    """Nodes of another process come before those that are made here, however many were made there."""
    there = """if True:
        import pickle, sys, numpy as np, warpkit as wk
        x = wk.Variable(np.array([2.0]))
        for _ in range(100):
            y = x * x
        sys.stdout.buffer.write(pickle.dumps((x, y)))
    """
    done = subprocess.run([sys.executable, "-c", there], capture_output=True, check=True)
    # A node made first in this process has a smaller number than that one there.
    here = f"""if True:
        import pickle
        x, y = pickle.loads({done.stdout!r})
        (y * y * y + y).sum().backward()
        assert x.grad == 6 * 2.0**5 + 2 * 2.0, x.grad
    """
    subprocess.run([sys.executable, "-c", here], check=True)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copied_with_its_history(again):
    x = Variable(np.array([2.0]))
    x2, y2 = again((x, ops.exp(x) * x))
    (y2 * y2).sum().backward()
    np.testing.assert_allclose(x2.grad, 2 * np.exp(4.0) * (2.0 + 4.0), rtol=1e-14)
    assert x.grad is None
