"""Equal budgets, and networks that take what they are made for."""

import numpy as np
import pytest

from benchmarks.stn.networks import Images, Transformer, count_parameters, make_network, widest

MODELS = ("FCN", "CNN", "ST-FCN", "ST-CNN")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", [(28, 28), (42, 42), (60, 60)])
def test_budget_and_shapes(model, shape):
    transformer = Transformer("affine", (28, 28), 0.3)
    images = Images(1, shape, 10)
    network = make_network(model, images, transformer, np.random.default_rng(0))
    assert 0.97 * images.budget < count_parameters(network) <= images.budget
    assert network(np.zeros((2, 1, *shape), np.float32)).shape == (2, 10)
    factors = set(network.learning_rate_factors().values())
    assert factors == ({0.3, 1.0} if model.startswith("ST-") else {1.0})


@pytest.mark.parametrize("model", ["FCN", "ST-FCN", "2xST-FCN", "2xST-CNN"])
@pytest.mark.parametrize("family", ["projective", "tps", "attention"])
def test_two_channels_and_other_families(model, family):
    images = Images(2, (42, 42), 19, 400_000)
    network = make_network(model, images, Transformer(family, (28, 28), 1.0), np.random.default_rng(0))
    assert network(np.zeros((3, 2, 42, 42), np.float32)).shape == (3, 19)
    assert 0.97 * images.budget < count_parameters(network) <= images.budget


def test_parallel_transformers_begin_differently():
    """Alike, they would be given the same gradient and stay alike."""
    network = make_network(
        "2xST-FCN", Images(1, (28, 28), 10), Transformer("affine", (28, 28), 1.0), np.random.default_rng(0)
    )
    one, two = (t.localizer.parameters()[0].data for t in network[0].transformers)
    assert (one != two).any()


def test_a_network_that_is_not_there():
    with pytest.raises(ValueError, match="ST-DNN"):
        make_network(
            "ST-DNN", Images(1, (28, 28), 10), Transformer("affine", (28, 28), 1), np.random.default_rng(0)
        )


def test_images_too_small_for_the_convolutions():
    with pytest.raises(ValueError, match="shape"):
        make_network(
            "CNN", Images(1, (16, 16), 10), Transformer("affine", (28, 28), 1.0), np.random.default_rng(0)
        )


@pytest.mark.parametrize("budget", [1, 7, 100, 12345])
def test_widest(budget):
    width = widest(lambda n: n * n, budget)
    assert width**2 <= budget < (width + 1) ** 2
