"""Displacement grids; bad input."""

import numpy as np
import pytest

import warpkit as wk
from warpkit.grids import FRAMES, identity_grid
from warpkit.testing import check_op


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 4)])
def test_value(frame, shape):
    field = np.random.default_rng(0).standard_normal((2, *shape, len(shape)))
    np.testing.assert_array_equal(
        wk.displacement_grid(field, frame=frame), identity_grid(shape, frame) + field
    )


def test_derivatives():
    check_op(wk.displacement_grid)


def test_float32_is_rounded_once():
    field = np.random.default_rng(1).standard_normal((1, 5, 6, 2)).astype(np.float32)
    wide = identity_grid((5, 6)) + field.astype(np.float64)
    np.testing.assert_array_equal(wk.displacement_grid(field)[0], wide[0].astype(np.float32))


def test_empty():
    assert wk.displacement_grid(np.zeros((0, 2, 3, 2))).shape == (0, 2, 3, 2)
    assert wk.displacement_grid(np.zeros((1, 0, 3, 2))).shape == (1, 0, 3, 2)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"field: expected shape \(n, \*shape, ndim\)"):
        wk.displacement_grid(np.zeros((1, 3, 4, 3)))
    with pytest.raises(TypeError, match="field: expected a floating dtype"):
        wk.displacement_grid(np.zeros((1, 3, 4, 2), int))
    with pytest.raises(ValueError, match="frame: expected one of"):
        wk.displacement_grid(np.zeros((1, 3, 4, 2)), frame="ndc")
