"""Similarities; their laws are in test_laws.py."""

import numpy as np
import pytest
from skimage.transform import SimilarityTransform

import warpkit as wk


def test_against_scikit_image():
    points = np.random.default_rng(0).uniform(-5, 5, (6, 2))
    transform = wk.Similarity(np.array([1.7]), np.array([0.3]), np.array([[1.0, 2.0]]))
    expected = SimilarityTransform(scale=1.7, rotation=0.3, translation=(1, 2))(points)
    np.testing.assert_allclose(transform(points)[0], expected, rtol=1e-13)


@pytest.mark.parametrize("ndim", [2, 3])
def test_estimate_against_scikit_image(ndim):
    rng = np.random.default_rng(1)
    for _ in range(20):
        src = rng.uniform(0, 100, (7, ndim))
        dst = wk.Similarity.random(rng, ndim)(src)[0] + rng.normal(0, 1, src.shape)
        expected = SimilarityTransform.from_estimate(src, dst)
        found = wk.Similarity.from_points(src, dst)
        np.testing.assert_allclose(found(src)[0], expected(src), rtol=0, atol=1e-10)


@pytest.mark.parametrize("ndim", [2, 3])
def test_centre(ndim):
    rng = np.random.default_rng(2)
    plain = wk.Similarity.random(rng, ndim, n=2)
    centre = (3.0, -1.0, 2.0)[:ndim]
    about = wk.Similarity(plain.scale, plain.rotation, plain.translation, centre)
    points = rng.uniform(-1, 1, (5, ndim))
    np.testing.assert_allclose(about(np.array([centre]))[:, 0], plain.translation + centre, rtol=1e-13)
    for outer, inner in ((about, plain), (plain, about), (about, about)):
        np.testing.assert_allclose((outer @ inner)(points), outer(inner(points)), rtol=0, atol=1e-13)
    np.testing.assert_allclose((about.inverse() @ about)(points)[1], points, rtol=0, atol=1e-13)
    moved = about.to_frame("corners", (6, 6, 6)[:ndim])
    assert type(moved) is wk.Similarity


def test_singular():
    transform = wk.Similarity(np.array([0.0]), np.zeros(1), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"scale\[0\]"):
        transform.inverse()


def test_bad_arguments():
    with pytest.raises(ValueError, match="rotation: expected a batch of 2, or of 1, given a batch of 3"):
        wk.Similarity(np.ones(2), np.zeros(3), np.zeros((1, 2)))
    with pytest.raises(TypeError, match="scale: expected a NumPy or CuPy array"):
        wk.Similarity(1.0, np.zeros(1), np.zeros((1, 2)))
