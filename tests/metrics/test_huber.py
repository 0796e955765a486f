import numpy as np
import pytest
from scipy.special import huber as scipy_huber

from warpkit.metrics import huber


@pytest.mark.parametrize("width", [0.3, 1.0, 5.0])
def test_against_scipy(width):
    """SciPy's is half of it."""
    fixed, moving = np.random.default_rng(0).standard_normal((2, 3, 2, 5, 6))
    expected = 2 * scipy_huber(width, moving - fixed).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(huber(fixed, moving, width=width), expected, rtol=1e-13)


def test_far_slopes_are_all_the_same():
    fixed, moving = np.zeros((1, 1, 3)), np.array([[[1.0, 7.0, -700.0]]])
    slope = huber.vjp(np.ones(1), fixed, moving, width=1.0)[1]
    np.testing.assert_allclose(slope, np.array([[[2, 2, -2]]]) / 3)
