import threading

import numpy as np
import pytest

from warpkit._core import Tracer, new_level, plain
from warpkit._core._tracer import top_tracer
from warpkit.autograd import Variable
from warpkit.autograd._forward import Dual

X = np.array([1.0, 2.0])


def test_levels_nest_and_close():
    with new_level() as first:
        with new_level() as second:
            assert second == first + 1
        with new_level() as again:
            assert again == second
    try:
        with new_level():
            raise KeyError
    except KeyError:
        pass
    with new_level() as after:
        assert after == first


def test_each_thread_has_levels_of_its_own():
    found = []

    def work():
        with new_level() as level:
            found.append(level)

    with new_level(), new_level():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [1]


def test_plain_reaches_the_bottom():
    nested = Dual(Variable(X), X, level=2)
    assert isinstance(nested, Tracer)
    assert plain(nested) is X
    assert plain(3) == 3


def test_the_highest_level_acts():
    low, high = Variable(X), Dual(X, X, level=2)
    assert top_tracer([X, low, high, low]) is high
    assert top_tracer([X, X]) is None


def test_result_of_mixed_levels():
    """The inner derivative's value is the outer's: a dual over a variable."""
    out = Variable(X) * Dual(X, np.ones(2), level=1)
    assert isinstance(out, Dual)
    assert isinstance(out.primal, Variable)
    assert isinstance(out.tangent, Variable)


def test_numpy_is_told_apart_from_the_ops():
    """NumPy would otherwise build arrays of objects, and lose the tape without a word."""
    x = Variable(np.ones((2, 2)))
    with pytest.raises(TypeError, match=r"a Variable is no NumPy array: take its value from \.data"):
        np.asarray(x)
    for function in (np.concatenate, np.stack):
        with pytest.raises(TypeError, match=r"no NumPy array|does not know a Variable"):
            function([x, x])
    with pytest.raises(
        TypeError, match=r"numpy\.mean does not know a Variable: use the functions of warpkit\.ops"
    ):
        np.mean(x)


def test_abs_is_the_op():
    np.testing.assert_array_equal(abs(Variable(np.array([-2.0, 3.0]))).data, [2, 3])
