"""Activations."""

import numpy as np

from warpkit.nn import ReLU


def test_relu():
    np.testing.assert_array_equal(ReLU()(np.array([-1.0, 0.0, 2.0])), [0, 0, 2])
