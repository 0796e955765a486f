"""The op that a NaN or an infinity came from is named."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.autograd import find_nonfinite


def test_a_result():
    x = wk.Variable(np.array([0.0, 1.0]))
    with np.errstate(divide="ignore"):
        loss = wk.ops.exp(-wk.ops.log(x * 2.0)).sum()
        assert find_nonfinite(loss) == "the result of op 'log'"


def test_a_cotangent():
    x = wk.Variable(np.array([0.0, 1.0]))
    assert find_nonfinite((wk.ops.sqrt(x) * 3.0).mean()) == "the cotangent from op 'sqrt'"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_argument(bad):
    image, theta = np.full((1, 1, 4, 4), bad), wk.Variable(np.eye(2, 3)[None] * 0.9)
    assert find_nonfinite(wk.warp_affine(image, theta).sum()) == "an argument of op 'warp_affine'"


def test_all_is_finite_and_the_graph_stays():
    x = wk.Variable(np.array([1.0, 2.0]))
    loss = (wk.ops.log(x) * x).sum()
    assert find_nonfinite(loss) is None
    assert x.grad is None
    loss.backward()
    np.testing.assert_allclose(x.grad, np.log([1, 2]) + 1)


def test_a_graph_that_is_gone():
    x = wk.Variable(np.ones(2))
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        find_nonfinite(loss)


def test_what_depends_on_nothing():
    with pytest.raises(ValueError, match="output"):
        find_nonfinite(wk.Variable(np.ones(1), requires_grad=False))
