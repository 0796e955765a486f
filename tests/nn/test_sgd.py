"""Stochastic gradient descent against steps done by hand."""

import numpy as np
import pytest

from warpkit import Variable
from warpkit.nn import SGD, Module


class Bowl(Module):
    """The loss 3 x^2 / 2, whose gradient is 3 x."""

    def __init__(self):
        self.x = Variable(np.array([2.0]))

    def __call__(self, image):
        return (image * self.x * self.x).sum()


def steps(bowl, optimizer, count):
    for _ in range(count):
        bowl.zero_grad()
        bowl(1.5).backward()
        optimizer.step()
    return float(bowl.x.data[0])


def test_without_momentum():
    bowl = Bowl()
    assert steps(bowl, SGD(bowl, 0.1), 1) == pytest.approx(2.0 - 0.1 * 6.0)


def test_with_momentum():
    bowl = Bowl()
    x, v = 2.0, 0.0
    for _ in range(3):
        v = 0.9 * v + 3 * x
        x -= 0.1 * v
    assert steps(bowl, SGD(bowl, 0.1, momentum=0.9), 3) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, np.nan])
def test_wrong_momentum(momentum):
    with pytest.raises(ValueError, match="momentum: expected"):
        SGD(Bowl(), 0.1, momentum)
