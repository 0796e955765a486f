"""The demo's two networks: a plain one, and one of as many parameters that has a spatial transformer.

As in M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
section 4.1 and appendix A.4: fully connected networks of two hidden layers of 128 to 256 units, "FCN"; the
localiser of "ST-FCN" has three fully connected layers of 32 units; all have the same number of parameters.
"""

from __future__ import annotations

import itertools

import numpy as np

from warpkit import nn
from warpkit.nn import Module

HIDDEN = (128, 256)
LOCALIZER = (32, 32, 32)
CLASSES = 10

LOCALIZER_RATE = 0.3
"""Of the learning rate of all else. The paper has 0.1, with SGD; with Adam more was better here."""


def make_networks(shape: tuple[int, int], transform: str, seed: int) -> dict[str, Module]:
    """Make the networks.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the images.
    transform : str
        The transformer's family of transforms.
    seed : int
        For the initial parameters.

    Returns
    -------
    dict from str to Module
        ``"ST-FCN"`` and ``"FCN"``. The first hidden layer of ST-FCN is as much narrower as its localiser
        costs, so that both have the same number of parameters, up to one unit's.
    """
    pixels = shape[0] * shape[1]
    plain = _fcn(pixels, HIDDEN, np.random.default_rng([seed, 0]))
    transformer = _transformer(shape, transform, np.random.default_rng([seed, 1]))
    width = HIDDEN[0] - round(count_parameters(transformer) / (pixels + HIDDEN[1] + 1))
    width = max(width, CLASSES)
    classifier = _fcn(pixels, (width, *HIDDEN[1:]), np.random.default_rng([seed, 0]))
    return {"ST-FCN": nn.Sequential(transformer, *classifier), "FCN": plain}


def count_parameters(network: Module) -> int:
    """Count the numbers that a network learns."""
    return sum(variable.size for variable in network.parameters())


def _layers(widths: tuple[int, ...], rng: np.random.Generator) -> list[Module]:
    """Fully connected layers from each width to the next, each with its ReLU."""
    layers: list[Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs, rng=rng), nn.ReLU()]
    return layers


def _fcn(pixels: int, hidden: tuple[int, ...], rng: np.random.Generator) -> nn.Sequential:
    classifier = nn.Linear(hidden[-1], CLASSES, rng=rng)
    return nn.Sequential(nn.Flatten(), *_layers((pixels, *hidden), rng), classifier)


def _transformer(shape: tuple[int, int], transform: str, rng: np.random.Generator) -> nn.SpatialTransformer:
    layers = _layers((shape[0] * shape[1], *LOCALIZER), rng)
    return nn.SpatialTransformer(
        nn.Sequential(nn.Flatten(), *layers), transform, shape, learning_rate_factor=LOCALIZER_RATE
    )
