"""Projective maps; their laws are in test_laws.py."""

import numpy as np
import pytest
from skimage.transform import ProjectiveTransform

import warpkit as wk
from warpkit.transforms import AbstractTransform


def test_against_scikit_image():
    rng = np.random.default_rng(0)
    transform, points = wk.Projective.random(rng, 2), rng.uniform(-1, 1, (6, 2))
    expected = ProjectiveTransform(matrix=transform.theta[0])(points)
    np.testing.assert_allclose(transform(points)[0], expected, rtol=1e-13)


def test_a_negative_multiple_is_the_same_map():
    rng = np.random.default_rng(1)
    one, points = wk.Projective.random(rng, 2), rng.uniform(-1, 1, (6, 2))
    other = wk.Projective(-one.theta)
    np.testing.assert_array_equal(one(points), other(points))
    for f in (
        lambda t: t.inverse(),
        lambda t: t @ one,
        lambda t: one @ t,
        lambda t: t.to_frame("pixel", (4, 5)),
    ):
        np.testing.assert_allclose(f(other)(points), f(one)(points), rtol=1e-12)


def strong():
    """A horizon through the image, at x = -0.5: the first pixel is beyond it."""
    return wk.Projective(np.array([[[1.0, 0.2, 0.0], [0.0, 1.0, 0.1], [2.0, 0.0, 1.0]]]))


def test_to_a_frame_whose_origin_is_beyond_the_horizon():
    """The map is the same, on both sides of the horizon."""
    transform, shape = strong(), (6, 9)
    moved = transform.to_frame("pixel", shape)
    assert isinstance(moved, AbstractTransform)
    assert type(moved) is wk.Composed
    expected = wk.convert_points(transform.grid(shape), shape, "normalized", "pixel")
    assert 0 < np.isinf(expected).sum() < expected.size
    np.testing.assert_allclose(moved.grid(shape), expected, rtol=1e-10, atol=1e-10)
    image = np.random.default_rng(2).standard_normal(shape)
    np.testing.assert_allclose(wk.warp(image, moved), wk.warp(image, transform), rtol=0, atol=1e-11)


def test_inverse_where_the_origin_is_beyond_the_horizon():
    """Points before the horizon come back, wherever the origin went."""
    shifted = strong() @ wk.Translation(np.array([[-0.7, 0.0]]))  # w(0) = -0.4
    assert type(shifted) is wk.Composed
    points = np.random.default_rng(3).uniform(0.3, 1, (20, 2))
    there = shifted(points)
    assert np.isfinite(there).all()
    np.testing.assert_allclose(there, strong()(points - [0.7, 0.0]), rtol=1e-12)
    np.testing.assert_allclose(shifted.inverse()(there)[0], points, rtol=0, atol=1e-12)
    # w of the inverse at the origin of the input is negative for this one:
    theta = np.array([[[1.0, 0.0, 5.0], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]]])
    transform = wk.Projective(theta)
    points = np.random.default_rng(4).uniform(-1, 1, (20, 2))
    np.testing.assert_allclose(transform.inverse()(transform(points))[0], points, rtol=0, atol=1e-12)


def test_composition_past_the_horizon():
    """Also where the inner map takes the origin beyond the horizon of the outer one."""
    inner = wk.Projective(np.array([[[1.0, 0.0, -0.8], [0.0, 1.0, 0.0], [0.1, 0.0, 1.0]]]))
    points = np.random.default_rng(5).uniform(0.6, 1, (20, 2))
    expected = strong()(inner(points))
    assert np.isfinite(expected).all()
    np.testing.assert_allclose((strong() @ inner)(points), expected, rtol=1e-11)


def test_singular():
    theta = np.tile(np.eye(3), (2, 1, 1))
    theta[1, 0] = theta[1, 1]
    with pytest.raises(ValueError, match=r"theta\[1\]: expected an invertible matrix"):
        wk.Projective(theta).inverse()


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"theta: expected shape \(n, 3, 3\) in 2D"):
        wk.Projective(np.eye(2, 3)[None])
    with pytest.raises(TypeError, match="theta: expected a floating dtype, given int"):
        wk.Projective(np.eye(3, dtype=int)[None])
