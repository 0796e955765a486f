"""From images to vectors."""

import numpy as np
import pytest

from warpkit.nn import Flatten


@pytest.mark.parametrize(("shape", "expected"), [((3, 2, 4), (3, 8)), ((0, 2, 4), (0, 8)), ((3,), (3, 1))])
def test_flatten(shape, expected):
    image = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    np.testing.assert_array_equal(Flatten()(image), image.reshape(expected))
