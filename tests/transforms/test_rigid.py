"""Rigid motions; their laws are in test_laws.py."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from skimage.transform import EuclideanTransform

import warpkit as wk


def test_against_scikit_image():
    rng = np.random.default_rng(0)
    points = rng.uniform(-5, 5, (6, 2))
    transform = wk.Rigid(np.array([0.3]), np.array([[1.0, 2.0]]))
    expected = EuclideanTransform(rotation=0.3, translation=(1, 2))(points)
    np.testing.assert_allclose(transform(points)[0], expected, rtol=1e-13)


def test_3d_against_scipy():
    rng = np.random.default_rng(1)
    points, vector = rng.uniform(-5, 5, (6, 3)), rng.uniform(-2, 2, (1, 3))
    expected = Rotation.from_rotvec(vector[0]).apply(points) + np.array([1, 2, 3])
    np.testing.assert_allclose(wk.Rigid(vector, np.array([[1.0, 2.0, 3.0]]))(points)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_estimate_against_scikit_image(ndim):
    rng = np.random.default_rng(2)
    for _ in range(20):
        src = rng.uniform(0, 100, (7, ndim))
        dst = wk.Rigid.random(rng, ndim)(src)[0] + rng.normal(0, 1, src.shape)
        expected = EuclideanTransform.from_estimate(src, dst)
        found = wk.Rigid.from_points(src, dst)
        np.testing.assert_allclose(found(src)[0], expected(src), rtol=0, atol=1e-10)


@pytest.mark.parametrize("ndim", [2, 3])
def test_estimate_is_never_a_reflection(ndim):
    src = np.random.default_rng(3).uniform(-1, 1, (9, ndim))
    found = wk.Rigid.from_points(src, src * ([1, 1, -1] if ndim == 3 else [1, -1]))
    assert np.linalg.det(found.to_affine().theta[0, :, :-1]) == pytest.approx(1)


def test_half_turn_estimate():
    src = np.random.default_rng(4).uniform(-1, 1, (9, 3))
    found = wk.Rigid.from_points(src, src * [-1, -1, 1])
    np.testing.assert_allclose(np.abs(found.rotation), [[0, 0, np.pi]], atol=1e-7)
    np.testing.assert_allclose(found(src)[0], src * [-1, -1, 1], atol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3])
def test_centre(ndim):
    """The centre moves by the translation alone; composition and inverse keep to their centres."""
    rng = np.random.default_rng(5)
    plain = wk.Rigid.random(rng, ndim, n=2)
    centre, other = (3.0, -1.0, 2.0)[:ndim], (0.5, 0.5, 0.0)[:ndim]
    a = wk.Rigid(plain.rotation, plain.translation, centre)
    b = wk.Rigid(plain.rotation[::-1], plain.translation, other)
    points = rng.uniform(-1, 1, (5, ndim))
    np.testing.assert_allclose(a(np.array([centre]))[:, 0], plain.translation + centre, rtol=1e-14)
    for outer, inner in ((a, b), (b, a), (a, plain), (plain, a)):
        product = outer @ inner
        assert type(product) is wk.Rigid
        np.testing.assert_allclose(product(points), outer(inner(points)), rtol=0, atol=1e-13)
    np.testing.assert_allclose((a.inverse() @ a)(points), np.tile(points, (2, 1, 1)), rtol=0, atol=1e-13)
    moved = a.to_frame("pixel", (6, 6, 6)[:ndim])
    assert type(moved) is wk.Rigid
    np.testing.assert_allclose(moved.centre, 3 * np.array(centre) + 2.5)
    still = wk.Rigid(np.zeros_like(plain.rotation), np.zeros_like(plain.translation), (0.1, 0.7, 0.3)[:ndim])
    np.testing.assert_array_equal(still(points)[1], points)


def test_to_frame_leaves_the_class_where_pixels_are_not_square():
    transform = wk.Rigid(np.array([0.3]), np.zeros((1, 2)))
    assert type(transform.to_frame("pixel", (4, 4))) is wk.Rigid
    assert type(transform.to_frame("pixel", (4, 8))) is wk.Affine
    assert type(transform.to_frame("pixel", (4, 4), (8, 8))) is wk.Affine


def test_bad_arguments():
    with pytest.raises(
        ValueError, match=r"rotation: expected an angle each, shape \(n,\), in 2D, given shape \(1, 3\)"
    ):
        wk.Rigid(np.zeros((1, 3)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"rotation: expected a rotation vector each, shape \(n, 3\), in 3D"):
        wk.Rigid(np.zeros(1), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="ndim: expected 2 or 3, given 1"):
        wk.Rigid(np.zeros(1), np.zeros((1, 1)))
    with pytest.raises(ValueError, match=r"centre: expected 2 numbers, given \(1\.0,\)"):
        wk.Rigid(np.zeros(1), np.zeros((1, 2)), (1.0,))
    with pytest.raises(TypeError, match="centre: expected a tuple of 2 numbers"):
        wk.Rigid(np.zeros(1), np.zeros((1, 2)), np.zeros(2))
    with pytest.raises(ValueError, match="translation: expected a batch of 2, or of 1, given a batch of 3"):
        wk.Rigid(np.zeros(2), np.zeros((3, 2)))
