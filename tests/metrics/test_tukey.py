import numpy as np
import pytest
from scipy.integrate import quad

from warpkit.metrics import tukey


@pytest.mark.parametrize("r", [0.1, 0.9, -1.9, 2.1, 30.0])
def test_the_loss_is_the_integral_of_its_slope(r):
    k = 2.0
    expected, _ = quad(lambda x: 2 * x * max(0.0, 1 - (x / k) ** 2) ** 2, 0, r, points=[k] if r > k else None)
    found = tukey(np.zeros((1, 1, 1)), np.full((1, 1, 1), r), width=k)
    assert found[0] == pytest.approx(expected, rel=1e-10)


def test_what_is_far_costs_a_third_and_does_not_pull():
    fixed, moving = np.zeros((1, 1, 2)), np.array([[[3.0, -1e20]]])
    assert tukey(fixed, moving, width=3.0)[0] == pytest.approx(3.0)
    np.testing.assert_array_equal(tukey.vjp(np.ones(1), fixed, moving, width=3.0)[1], 0)
