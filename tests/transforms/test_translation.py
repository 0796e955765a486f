"""Translations; their laws are in test_laws.py."""

import numpy as np
import pytest

import warpkit as wk


def test_value():
    transform = wk.Translation(np.array([[1.0, 2.0], [0.0, -1.0]]))
    np.testing.assert_array_equal(transform(np.array([[3.0, 4.0]])), [[[4, 6]], [[3, 3]]])
    np.testing.assert_array_equal(transform.to_affine().theta[0], [[1, 0, 1], [0, 1, 2]])


def test_to_frame():
    """Between images of one shape it stays a translation; else it is an affine map."""
    transform = wk.Translation(np.array([[0.5, 0.5]]))
    moved = transform.to_frame("pixel", (4, 8))
    assert type(moved) is wk.Translation
    np.testing.assert_array_equal(moved.translation, [[2.0, 1.0]])
    assert type(transform.to_frame("pixel", (4, 8), (4, 4))) is wk.Affine


def test_bad_arguments():
    with pytest.raises(TypeError, match="translation: expected a NumPy or CuPy array"):
        wk.Translation([[1.0, 2.0]])
    with pytest.raises(TypeError, match="translation: expected a floating dtype, given int"):
        wk.Translation(np.array([[1, 2]]))
    with pytest.raises(TypeError, match="translation: expected a floating dtype, given object"):
        wk.Translation(np.array([[1.0, None]]))
    with pytest.raises(ValueError, match=r"translation: expected shape \(n, 2\) in 2D"):
        wk.Translation(np.zeros(2))
    with pytest.raises(ValueError, match="frame: expected one of"):
        wk.Translation(np.zeros((1, 2)), frame="voxel")
