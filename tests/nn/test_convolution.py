"""Convolutional layers."""

import numpy as np
import pytest

from warpkit.nn import Conv2d, Conv3d
from warpkit.ops import convolution

LAYERS = [(Conv2d, (7, 6)), (Conv3d, (5, 4, 6))]


@pytest.mark.parametrize(("layer_class", "spatial"), LAYERS)
def test_is_convolution_plus_bias(layer_class, spatial):
    layer = layer_class(2, 3, 3, rng=np.random.default_rng(0), stride=2, padding=1)
    layer.bias.data = np.arange(3, dtype=np.float32)
    image = np.random.default_rng(1).standard_normal((2, 2, *spatial)).astype(np.float32)
    out = layer(image)
    assert out.dtype == np.float32
    bias = layer.bias.data.reshape(-1, *(1,) * len(spatial))
    np.testing.assert_allclose(out.data, convolution(image, layer.weight.data, 2, 1) + bias, rtol=1e-6)


@pytest.mark.parametrize(("layer_class", "spatial"), LAYERS)
def test_gradient_of_the_bias(layer_class, spatial):
    layer = layer_class(1, 3, 2, rng=np.random.default_rng(0))
    out = layer(np.ones((2, 1, *spatial), np.float32))
    out.sum().backward()
    np.testing.assert_allclose(layer.bias.grad, [out.size / 3] * 3)
    assert layer.weight.grad.shape == layer.weight.shape


def test_kernel_and_options_per_axis():
    layer = Conv2d(1, 2, (3, 1), rng=np.random.default_rng(0), padding=(1, 0), dilation=(1, 2), bias=False)
    assert layer.weight.shape == (2, 1, 3, 1)
    assert layer.bias is None
    assert layer(np.ones((1, 1, 5, 4), np.float32)).shape == (1, 2, 5, 4)


@pytest.mark.parametrize("shape", [(2, 3, 5, 5), (2, 2, 5), (2, 2, 5, 5, 5)])
def test_wrong_input(shape):
    with pytest.raises(ValueError, match=r"image: expected shape \(n, 2, \*spatial\) with 2 spatial axes"):
        Conv2d(2, 1, 3, rng=np.random.default_rng(0))(np.ones(shape))


def test_wrong_kernel():
    with pytest.raises(ValueError, match="kernel: expected an integer of at least 1, or 3 of them"):
        Conv3d(1, 1, (3, 3), rng=np.random.default_rng(0))
