"""Checks that the transform classes share."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.transforms._fields import (
    beside,
    check_random_generator,
    common_batch,
    floating_spec,
    unit_matrices,
)


def test_common_batch():
    assert common_batch(a=1, b=1) == 1
    assert common_batch(a=1, b=3, c=3) == 3
    assert common_batch(a=0, b=1) == 0
    with pytest.raises(ValueError, match="b: expected a batch of 2, or of 1, given a batch of 3"):
        common_batch(a=2, b=3)
    with pytest.raises(ValueError, match="b: expected a batch of 0, or of 1, given a batch of 2"):
        common_batch(a=0, b=2)


def test_floating_spec():
    assert floating_spec("x", wk.Variable(np.zeros((2, 3)))).shape == (2, 3)
    with pytest.raises(
        TypeError, match=r"x: expected a NumPy or CuPy array, or a Variable, given builtins\.list"
    ):
        floating_spec("x", [1.0])
    with pytest.raises(TypeError, match="x: expected a floating dtype, given object"):
        floating_spec("x", np.array([object()]))


def test_beside():
    matrix, offset = (
        unit_matrices(1, 2, np.zeros(1, np.float32)),
        np.arange(6, dtype=np.float32).reshape(3, 2),
    )
    out = beside(matrix, offset)
    assert out.shape == (3, 2, 3)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out[2], [[1, 0, 4], [0, 1, 5]])


def test_random_generator():
    with pytest.raises(TypeError, match=r"rng: expected a numpy\.random\.Generator, given builtins\.int"):
        check_random_generator(0)
