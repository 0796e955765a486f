"""Adam against steps done by hand."""

import numpy as np
import pytest

from warpkit import Variable
from warpkit.nn import Adam, Module


class Bowl(Module):
    """The loss 3 x^2 / 2, whose gradient is 3 x."""

    def __init__(self):
        self.x = Variable(np.array([2.0]))

    def __call__(self, image):
        return (image * self.x * self.x).sum()


def test_by_hand():
    bowl = Bowl()
    optimizer = Adam(bowl, 0.1, betas=(0.8, 0.9), epsilon=1e-3)
    x, m, v = 2.0, 0.0, 0.0
    for t in range(1, 5):
        bowl.zero_grad()
        bowl(1.5).backward()
        optimizer.step()
        g = 3 * x
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        x -= 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
    assert float(bowl.x.data[0]) == pytest.approx(x, rel=1e-12)


def test_the_first_step_has_the_length_of_the_learning_rate():
    bowl = Bowl()
    bowl(1.5).backward()
    Adam(bowl, 0.25).step()
    assert float(bowl.x.data[0]) == pytest.approx(1.75, rel=1e-6)


@pytest.mark.parametrize("wrong", [{"betas": (0.9, 1.0)}, {"betas": (0.9,)}, {"epsilon": 0.0}])
def test_wrong_options(wrong):
    with pytest.raises(ValueError, match="expected"):
        Adam(Bowl(), **wrong)
