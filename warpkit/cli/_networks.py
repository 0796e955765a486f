"""The demo's two networks: a plain one, and one of as many parameters that has a spatial transformer.

As in M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015,
section 4.1 and appendix A.4: fully connected networks of two hidden layers of 128 to 256 units, "FCN"; the
localiser of "ST-FCN" has three fully connected layers of 32 units; all have the same number of parameters.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from warpkit import nn
from warpkit.nn import Module

HIDDEN = (128, 256)
LOCALIZER = (32, 32, 32)
CLASSES = 10

OUTPUT = 16 / 28
"""Side of the transformer's output over the input's.

A digit fills 20 of 28 pixels, and the transformer can look at just that: it loses little, and the classifier
behind it has wider layers for as many parameters. (The plain network gains nothing from smaller images.)
"""

LOCALIZER_RATE = 1.0
"""Learning rate of the localiser over that of all else.

The paper has 0.1 and SGD. Adam's steps do not grow with the gradient; with 0.1 the transformer hardly turned
the digits before the classifier had learned to do without that.
"""


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
        ``"ST-FCN"`` and ``"FCN"``. The first hidden layer of ST-FCN is as wide as makes both have the same
        number of parameters, up to half a unit's.
    """
    pixels = shape[0] * shape[1]
    plain = _fcn(pixels, HIDDEN, np.random.default_rng([seed, 0]))
    transformer = _transformer(shape, transform, np.random.default_rng([seed, 1]))
    seen = math.prod(transformer.shape)
    left = count_parameters(plain) - count_parameters(transformer)
    width = _width_for(left, seen)
    classifier = _fcn(seen, (width, *HIDDEN[1:]), np.random.default_rng([seed, 0]))
    return {"ST-FCN": nn.Sequential(transformer, *classifier), "FCN": plain}


def count_parameters(network: Module) -> int:
    """Count the numbers that a network learns."""
    return sum(variable.size for variable in network.parameters())


def _width_for(parameters: int, pixels: int) -> int:
    """Width of the first hidden layer with which a fully connected network has so many parameters."""
    fixed = HIDDEN[1] + (HIDDEN[1] + 1) * CLASSES
    return max(round((parameters - fixed) / (pixels + 1 + HIDDEN[1])), CLASSES)


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
    output = tuple(round(OUTPUT * length) for length in shape)
    return nn.SpatialTransformer(
        nn.Sequential(nn.Flatten(), *layers), transform, output, learning_rate_factor=LOCALIZER_RATE
    )
