"""Pooling layers."""

import numpy as np
import pytest

from warpkit.nn import AvgPool2d, AvgPool3d, MaxPool2d, MaxPool3d
from warpkit.ops import avg_pool, max_pool


@pytest.mark.parametrize(
    ("layer_class", "op", "ndim"),
    [(MaxPool2d, max_pool, 2), (MaxPool3d, max_pool, 3), (AvgPool2d, avg_pool, 2), (AvgPool3d, avg_pool, 3)],
)
def test_is_the_op(layer_class, op, ndim):
    image = np.random.default_rng(0).standard_normal((2, 3, *(5, 6, 4)[:ndim]))
    np.testing.assert_array_equal(layer_class(2)(image), op(image, 2))
    np.testing.assert_array_equal(layer_class(3, stride=1)(image), op(image, 3, 1))
    assert layer_class(2).parameters() == []
    with pytest.raises(ValueError, match=f"with {ndim} spatial axes"):
        layer_class(2)(image[0])
    with pytest.raises(ValueError, match="window"):
        layer_class((2,))
