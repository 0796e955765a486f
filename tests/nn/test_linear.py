"""The fully connected layer."""

import numpy as np
import pytest

from warpkit.nn import Linear


def test_by_hand():
    layer = Linear(3, 2, rng=np.random.default_rng(0))
    layer.bias.data = np.array([1.0, -1.0], np.float32)
    x = np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)
    out = layer(x)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.data, x @ layer.weight.data.T + [1.0, -1.0], rtol=1e-6)


def test_gradients():
    layer = Linear(3, 2, rng=np.random.default_rng(0), dtype=np.float64)
    x = np.random.default_rng(1).standard_normal((4, 3))
    layer(x).sum().backward()
    np.testing.assert_allclose(layer.weight.grad, np.tile(x.sum(axis=0), (2, 1)))
    np.testing.assert_allclose(layer.bias.grad, [4.0, 4.0])


def test_without_bias():
    layer = Linear(3, 2, rng=np.random.default_rng(0), bias=False)
    assert list(layer.named_parameters()) == ["weight"]
    assert layer(np.ones((1, 3), np.float32)).shape == (1, 2)


@pytest.mark.parametrize("shape", [(4, 2), (4, 3, 1), (3,)])
def test_wrong_input(shape):
    with pytest.raises(ValueError, match=r"image: expected shape \(n, 3\)"):
        Linear(3, 2, rng=np.random.default_rng(0))(np.ones(shape))
