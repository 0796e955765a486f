import numpy as np
import pytest

from warpkit import ops
from warpkit.testing._case import Case, compare, flat


def test_random_directions_are_reproducible():
    first, second = (Case.of(ops.exp, (np.ones(3),), {}, seed=1).random_like(np.ones(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_flat_leaves_integers_out():
    assert flat([np.ones((2, 2), np.float32), np.arange(3)]).tolist() == [1, 1, 1, 1]
    assert flat([]).shape == (0,)


def test_compare():
    compare("equal", ("a", 1.0), ("b", 1.0), scale=1.0, rtol=0.0)
    compare("nothing", ("a", 0.0), ("b", 0.0), scale=0.0, rtol=1e-12)
    with pytest.raises(
        AssertionError, match=r"what: a = 1, b = 2; relative difference 0.5, expected at most 0.1"
    ):
        compare("what", ("a", 1.0), ("b", 2.0), scale=2.0, rtol=0.1)
    with pytest.raises(AssertionError):
        compare("what", ("a", np.nan), ("b", np.nan), scale=1.0, rtol=1.0)
