"""Attention; its laws are in test_laws.py."""

import numpy as np
import pytest

import warpkit as wk


def test_value():
    transform = wk.Attention(np.array([0.5, 2.0]), np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(transform(np.array([[2.0, 4.0]])), [[[2, 4]], [[5, 10]]])
    np.testing.assert_array_equal(transform.to_affine().theta[0], [[0.5, 0, 1], [0, 0.5, 2]])


def test_to_frame_stays_attention():
    """Even where pixels are not square: the same factor on every axis."""
    moved = wk.Attention(np.array([0.5]), np.array([[0.25, 0.0]])).to_frame("pixel", (4, 8))
    assert type(moved) is wk.Attention
    np.testing.assert_array_equal(moved.scale, [0.5])
    np.testing.assert_array_equal(moved.translation, [[2.75, 0.75]])


def test_singular():
    transform = wk.Attention(np.array([1.0, 0.0]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"scale\[1\]: expected a scale other than 0 to invert"):
        transform.inverse()


def test_from_points_may_be_negative():
    src = np.random.default_rng(0).uniform(-1, 1, (5, 2))
    assert wk.Attention.from_points(src, -2 * src).scale[0] == pytest.approx(-2)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"scale: expected shape \(n,\), given shape \(1, 1\)"):
        wk.Attention(np.ones((1, 1)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="translation: expected a batch of 2, or of 1"):
        wk.Attention(np.ones(2), np.zeros((3, 2)))
