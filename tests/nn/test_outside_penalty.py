"""The penalty for sampling outside: zero inside, the squared distance outside, and it pulls back."""

import numpy as np
import pytest

from warpkit import Translation, Variable, value_and_grad, warp
from warpkit.nn import SGD, Flatten, Linear, Sequential, SpatialTransformer, outside_penalty
from warpkit.nn._families import FAMILIES


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5)])
@pytest.mark.parametrize("frame", ["normalized", "corners"])
@pytest.mark.parametrize("family", FAMILIES)
def test_identity_costs_nothing(family, frame, shape):
    parameters = FAMILIES[family].identity(shape)[None]
    transform = FAMILIES[family].transform(parameters, shape, frame)
    # A spline goes through its control points to rounding only.
    assert float(outside_penalty(transform, shape)) == pytest.approx(0, abs=1e-24)


def test_is_the_mean_square_of_what_lies_beyond():
    rng = np.random.default_rng(0)
    offset = rng.uniform(-2, 2, (6, 2))
    transform = Translation(offset)
    points = transform.grid((3, 4)).reshape(-1, 2)
    beyond = points - points.clip(-1, 1)
    expected = (beyond**2).sum(axis=1).mean()
    assert float(outside_penalty(transform, (3, 4))) == pytest.approx(expected, rel=1e-13)


def test_gradient():
    """A translation by t takes the one pixel, at 0, to t: the slope is 2 (|t| - 1) sign t."""
    _, gradient = value_and_grad(lambda t: outside_penalty(Translation(t), (1, 1)))(np.array([[1.5, -3.0]]))
    np.testing.assert_allclose(gradient, [[1.0, -4.0]], rtol=1e-14)


def test_brings_a_transformer_back():
    """One that looks beyond the image sees nothing and has no gradient but that of the penalty."""
    rng = np.random.default_rng(1)
    image = rng.random((4, 1, 8, 8), np.float32)
    localizer = Sequential(Flatten(), Linear(64, 4, rng=rng))
    transformer = SpatialTransformer(localizer, "translation", (8, 8))
    transformer.regression.bias.data = np.array([3.0, 0.0], np.float32)
    target = np.ones((4, 1, 8, 8), np.float32)

    def losses():
        transform = transformer.localize(image)
        out = warp(image, transform, (8, 8))
        return ((out - target) * (out - target)).mean(), outside_penalty(transform, (8, 8))

    difference, _ = losses()
    difference.backward()
    assert np.all(transformer.regression.bias.grad == 0)
    optimizer = SGD(transformer, 0.5)
    for _ in range(60):
        transformer.zero_grad()
        difference, penalty = losses()
        (difference + penalty).backward()
        optimizer.step()
    assert np.abs(transformer.localize(image).translation.data).max() < 1.0


def test_pixels_are_refused():
    with pytest.raises(ValueError, match="frame: expected"):
        outside_penalty(Translation(np.zeros((1, 2)), frame="pixel"), (4, 4))
    with pytest.raises(TypeError, match="transform: expected"):
        outside_penalty(Variable(np.zeros((1, 2))), (4, 4))
