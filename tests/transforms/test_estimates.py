"""What estimates share: pairs of points, weights, and why there is none."""

import dataclasses

import numpy as np
import pytest

import warpkit as wk
from warpkit.transforms._estimates import PointPairs

ESTIMABLE = [wk.Translation, wk.Attention, wk.Rigid, wk.Similarity, wk.Affine, wk.Projective]

each_class = pytest.mark.parametrize("cls", ESTIMABLE, ids=lambda cls: cls.__name__)
each_ndim = pytest.mark.parametrize("ndim", [2, 3])


@each_class
@each_ndim
@pytest.mark.parametrize("n", [1, 3])
def test_exact_pairs_give_the_map_back(cls, ndim, n):
    rng = np.random.default_rng(0)
    truth = cls.random(rng, ndim, n=n)
    src = rng.uniform(-1, 1, (8, ndim))
    found = cls.from_points(src, truth(src))
    assert type(found) is cls
    assert found.n == n
    at = rng.uniform(-1, 1, (5, ndim))
    np.testing.assert_allclose(found(at), truth(at), rtol=0, atol=1e-11)


@each_class
@each_ndim
def test_is_a_least_squares_estimate(cls, ndim):
    """No map nearby does better (projective: in its algebraic distance, so it is left out)."""
    if cls is wk.Projective:
        return
    rng = np.random.default_rng(1)
    truth = cls.random(rng, ndim)
    src = rng.uniform(-1, 1, (10, ndim))
    dst = truth(src)[0] + rng.normal(0, 0.1, src.shape)
    weights = rng.uniform(0, 1, 10)
    found = cls.from_points(src, dst, weights)

    def error(transform):
        return float((weights[:, None] * (transform(src)[0] - dst) ** 2).sum())

    best = error(found)
    for _ in range(50):
        moved = {
            field.name: getattr(found, field.name) + rng.normal(0, 1e-3, getattr(found, field.name).shape)
            for field in dataclasses.fields(found)
            if isinstance(getattr(found, field.name), np.ndarray)
        }
        assert error(dataclasses.replace(found, **moved)) > best


@each_class
@each_ndim
def test_weights(cls, ndim):
    """A weight of 0 leaves a pair out, a weight of 2 counts it twice."""
    rng = np.random.default_rng(2)
    src, dst = rng.uniform(-1, 1, (2, 9, ndim))
    dst = src + 0.1 * dst
    weights = np.ones(9)
    weights[3] = 0
    at = rng.uniform(-1, 1, (5, ndim))
    kept = np.arange(9) != 3
    np.testing.assert_allclose(
        cls.from_points(src, dst, weights)(at), cls.from_points(src[kept], dst[kept])(at), rtol=0, atol=1e-12
    )
    if cls is not wk.Projective:  # whose normalisation does not weigh
        weights[3], twice = 2, np.r_[np.arange(9), 3]
        np.testing.assert_allclose(
            cls.from_points(src, dst, weights)(at),
            cls.from_points(src[twice], dst[twice])(at),
            rtol=0,
            atol=1e-12,
        )
    np.testing.assert_allclose(
        cls.from_points(src, dst, 7 * weights)(at), cls.from_points(src, dst, weights)(at), rtol=0, atol=1e-12
    )


@each_class
@each_ndim
def test_failures_are_values(cls, ndim):
    rng = np.random.default_rng(3)
    src = rng.uniform(-1, 1, (2, 8, ndim))
    broken = src.copy()
    broken[1, 5, 0] = np.nan
    failure = cls.from_points(src, broken)
    assert isinstance(failure, wk.FailedEstimate)
    assert not failure
    assert failure.reason == "batch element 1: pair 5 is not finite"
    failure = cls.from_points(src[0, :0], src[0, :0])
    assert failure.reason.startswith("batch element 0: too few points: expected at least ")
    failure = cls.from_points(src[0], src[0], np.zeros(8))
    assert failure.reason.endswith("of positive weight, given 0")
    if cls is not wk.Translation:
        failure = cls.from_points(np.ones((8, ndim)), src[0])
        assert "the source points coincide" in failure.reason
    if cls in (wk.Affine, wk.Projective):
        line = np.linspace(-1, 1, 8)[:, None] * np.arange(1.0, ndim + 1) + 0.1
        failure = cls.from_points(line, src[0])
        assert "line" in failure.reason
    if cls in (wk.Rigid, wk.Similarity):
        failure = cls.from_points(src[0], np.ones((8, ndim)))
        assert "the target points coincide" in failure.reason


def test_no_rotation_fits_best():
    square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    failure = wk.Rigid.from_points(square, square * [1, -1])  # a mirror image: any rotation is as good
    assert failure.reason == "batch element 0: several rotations fit the points equally well"


@each_class
def test_dtype_and_lists(cls):
    rng = np.random.default_rng(4)
    src = rng.uniform(-1, 1, (8, 2)).astype(np.float32)
    assert cls.from_points(src, src)(src).dtype == np.float32
    found = cls.from_points(
        [[0, 0], [4, 0], [0, 4], [4, 5], [2, 1]], [[0, 0], [4, 0], [0, 4], [4, 5], [2, 1]]
    )
    np.testing.assert_allclose(found(np.array([[1.0, 2.0]])), [[[1.0, 2.0]]], atol=1e-12)
    assert cls.from_points(wk.Variable(src), wk.Variable(src))  # not differentiated


def test_bad_arguments():
    points = np.zeros((8, 2))
    with pytest.raises(ValueError, match=r"src: expected shape \(n, m, ndim\) or \(m, ndim\)"):
        wk.Affine.from_points(np.zeros(3), points)
    with pytest.raises(ValueError, match=r"dst: expected the shape of src, \(8, 2\), up to the batch"):
        wk.Affine.from_points(points, points[:5])
    with pytest.raises(ValueError, match=r"weights: expected shape \(1, 8\) or \(8,\), given shape \(3,\)"):
        wk.Affine.from_points(points, points, np.ones(3))
    with pytest.raises(ValueError, match=r"weights: expected numbers of at least 0, given -1\.0"):
        wk.Affine.from_points(points, points, -np.ones(8))
    with pytest.raises(TypeError, match="src: expected real numbers"):
        wk.Affine.from_points(points.astype(object), points)
    with pytest.raises(ValueError, match="src: expected points of 2 or 3 dimensions, given 1"):
        wk.Rigid.from_points(np.arange(3.0)[:, None], np.arange(3.0)[:, None])


def test_empty_batch():
    pairs = PointPairs.of(np.zeros((0, 5, 2)), np.zeros((0, 5, 2)), None, 1)
    assert pairs.src.shape == (0, 5, 2)
    for cls in ESTIMABLE:
        assert cls.from_points(np.zeros((0, 5, 2)), np.zeros((0, 5, 2))).n == 0
