"""The direct linear transform against scikit-image, and where it has no answer."""

import numpy as np
import pytest
from skimage.transform import ProjectiveTransform

import warpkit as wk


def test_against_scikit_image():
    rng = np.random.default_rng(0)
    for _ in range(20):
        src = rng.uniform(0, 100, (9, 2))
        truth = np.eye(3) + rng.uniform(-0.2, 0.2, (3, 3)) * [[1, 1, 50], [1, 1, 50], [0.01, 0.01, 0]]
        dst = wk.Projective(truth[None], frame="pixel")(src)[0] + rng.normal(0, 0.5, src.shape)
        weights = rng.uniform(0.1, 1, 9)
        for w in (None, weights):
            expected = ProjectiveTransform.from_estimate(src, dst, **({} if w is None else {"weights": w}))
            found = wk.Projective.from_points(src, dst, w, frame="pixel")
            np.testing.assert_allclose(found.theta[0], expected.params, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("ndim", [2, 3])
def test_as_few_points_as_there_may_be(ndim):
    rng = np.random.default_rng(1)
    truth = wk.Projective.random(rng, ndim)
    src = rng.uniform(-1, 1, (ndim + 2, ndim))
    found = wk.Projective.from_points(src, truth(src))
    at = rng.uniform(-1, 1, (5, ndim))
    np.testing.assert_allclose(found(at), truth(at), rtol=0, atol=1e-9)
    failure = wk.Projective.from_points(src[:-1], truth(src[:-1]))
    assert f"expected at least {ndim + 2} pairs" in failure.reason


def test_three_on_a_line():
    src = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 1.0]])
    dst = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0], [1.0, 1.0]])
    for a, b in ((src, dst), (dst, src), (src, src)):
        assert "line" in wk.Projective.from_points(a, b).reason


def test_beyond_the_horizon():
    """Points on both sides of the frame's horizon cannot be mapped by one Projective."""
    theta = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])  # w = 1 + x
    src = np.random.default_rng(2).uniform(-3, -2, (6, 2))
    h = np.hstack([src, np.ones((6, 1))]) @ theta.T
    failure = wk.Projective.from_points(src, h[:, :2] / h[:, 2:])
    assert (
        failure.reason
        == "batch element 0: source point 0 would be beyond the horizon, seen from the frame's origin"
    )
    theta = np.eye(3)[::-1]  # (1 / x, y / x)
    h = np.hstack([src, np.ones((6, 1))]) @ theta.T
    assert "origin would be infinitely far" in wk.Projective.from_points(src, h[:, :2] / h[:, 2:]).reason
