"""Modules in a row."""

import numpy as np
import pytest

from warpkit.nn import Flatten, Linear, ReLU, Sequential


def test_order_names_and_items():
    rng = np.random.default_rng(0)
    network = Sequential(Flatten(), Sequential(Linear(4, 3, rng=rng), ReLU()), Linear(3, 2, rng=rng))
    image = rng.standard_normal((5, 1, 2, 2)).astype(np.float32)
    x = image
    for layer in network:
        x = layer(x)
    np.testing.assert_array_equal(network(image).data, x.data)
    assert len(network) == 3
    assert isinstance(network[1][1], ReLU)
    assert list(network.named_parameters())[:2] == ["layers.1.layers.0.weight", "layers.1.layers.0.bias"]


def test_layers_are_modules():
    with pytest.raises(TypeError, match=r"layers\[1\]: expected a Module"):
        Sequential(ReLU(), np.tanh)
