import numpy as np
import pytest

from warpkit.autograd import no_grad
from warpkit.cli._demo import TRANSFORMS
from warpkit.cli._networks import LOCALIZER_RATE, count_parameters, make_networks


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_equally_many_parameters(transform):
    networks = make_networks((28, 28), transform, seed=0)
    counts = {name: count_parameters(network) for name, network in networks.items()}
    assert list(counts) == ["ST-FCN", "FCN"]
    assert counts["FCN"] == 784 * 128 + 128 + 128 * 256 + 256 + 256 * 10 + 10
    assert counts["ST-FCN"] == pytest.approx(counts["FCN"], rel=0.01)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_maps_images_to_logits(transform):
    image = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    with no_grad():
        for network in make_networks((28, 28), transform, seed=0).values():
            logits = network(image)
            assert logits.shape == (3, 10)
            assert np.isfinite(logits.data).all()


def test_seeded():
    first, second, other = (make_networks((8, 8), "affine", seed)["FCN"].state_dict() for seed in (0, 0, 1))
    assert all((first[name] == second[name]).all() for name in first)
    assert (first["layers.1.weight"] != other["layers.1.weight"]).any()


def test_the_transformer():
    transformer = make_networks((28, 28), "affine", seed=0)["ST-FCN"][0]
    assert transformer.shape == (16, 16)
    assert transformer.learning_rate_factor == LOCALIZER_RATE
