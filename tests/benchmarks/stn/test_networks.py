"""Equal budgets, and networks that take what they are made for."""

import numpy as np
import pytest

from benchmarks.stn.networks import BUDGET, Images, Transformer, count_parameters, make_network, widest

MODELS = ("FCN", "CNN", "ST-FCN", "ST-CNN")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(28, 28), (42, 42), (60, 60)])
def test_budget_and_shapes(model, shape):
    transformer = Transformer("affine", (28, 28), 0.3)
    network = make_network(model, Images(1, shape, 10), transformer, np.random.default_rng(0))
    assert 0.97 * BUDGET < count_parameters(network) <= BUDGET
    assert network(np.zeros((2, 1, *shape), np.float32)).shape == (2, 10)
    factors = set(network.learning_rate_factors().values())
    assert factors == ({0.3, 1.0} if model.startswith("ST-") else {1.0})


def test_two_channels_and_other_families():
    rng = np.random.default_rng(0)
    for family in ("projective", "tps", "attention"):
        network = make_network("ST-FCN", Images(2, (42, 42), 19), Transformer(family, (28, 28), 1.0), rng)
        assert network(np.zeros((3, 2, 42, 42), np.float32)).shape == (3, 19)


def test_images_too_small_for_the_convolutions():
    with pytest.raises(ValueError, match="shape"):
        make_network(
            "CNN", Images(1, (16, 16), 10), Transformer("affine", (28, 28), 1.0), np.random.default_rng(0)
        )


@pytest.mark.parametrize("budget", [1, 7, 100, 12345])
def test_widest(budget):
    width = widest(lambda n: n * n, budget)
    assert width**2 <= budget < (width + 1) ** 2
