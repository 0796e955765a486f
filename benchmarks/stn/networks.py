"""The paper's networks for digits: FCN and CNN, alone and behind spatial transformers.

All networks of an experiment have about the same number of parameters, its budget: the widths of hidden
layers, or the numbers of filters, follow from it. (The paper's appendix A.4 varies 128 to 256 units and 32 to
64 filters to the same end.)

Maxima are taken before the ReLU: the order does not change the result, and there are fewer values then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from warpkit import nn
from warpkit._core import Array
from warpkit.nn import Module
from warpkit.ops import concatenate

LOCALIZER_UNITS = 32  # of each of three fully connected layers
LOCALIZER_FILTERS = 20  # of each of two convolutions, and units of the layer after them

BUDGET = 200_000  # parameters of a network, where an experiment says nothing else

Shape = tuple[int, int]


@dataclass(frozen=True)
class Images:
    """What a network is given and has to tell apart, and how many parameters it may have."""

    channels: int
    shape: Shape
    classes: int
    budget: int = BUDGET

    @property
    def size(self) -> int:
        return self.channels * math.prod(self.shape)


@dataclass(frozen=True)
class Transformer:
    """The spatial transformers before a network."""

    family: str
    shape: Shape
    """Of what it gives to the network."""
    learning_rate_factor: float
    bound: float | None = None


class Parallel(Module):
    """Transformers that look at the same image; what they see are channels side by side."""

    def __init__(self, transformers: list[nn.SpatialTransformer]) -> None:
        self.transformers = transformers

    def __call__(self, image: Array) -> Array:
        return concatenate(*(transformer(image) for transformer in self.transformers), axis=1)


def make_network(
    model: str, images: Images, transformer: Transformer, rng: np.random.Generator
) -> nn.Sequential:
    """FCN or CNN, behind transformers where the name says so: ST-FCN, 2xST-FCN."""
    found = re.fullmatch(r"(?:(?:(\d+)x)?(ST)-)?(FCN|CNN)", model)
    if found is None:
        raise ValueError(f"model: expected a name like FCN, ST-CNN or 2xST-FCN, given {model}")
    number, transformed, kind = int(found[1] or 1), found[2] is not None, found[3]
    classify, localizer = {"FCN": (fcn, fcn_localizer), "CNN": (cnn, cnn_localizer)}[kind]
    if not transformed:
        return classify(images, rng)
    first = Parallel(
        [
            nn.SpatialTransformer(
                localizer(images, rng),
                transformer.family,
                transformer.shape,
                learning_rate_factor=transformer.learning_rate_factor,
                bound=transformer.bound,
            )
            for _ in range(number)
        ]
    )
    left = images.budget - count_parameters(first)
    inner = Images(number * images.channels, transformer.shape, images.classes, left)
    return nn.Sequential(first, *classify(inner, rng))


def transformers_of_input(network: Module) -> list[nn.SpatialTransformer]:
    """Those that look at the network's own input: in its first layer."""
    first = network[0] if isinstance(network, nn.Sequential) else network
    return [module for module in first.modules() if isinstance(module, nn.SpatialTransformer)]


def count_parameters(network: Module) -> int:
    return sum(math.prod(variable.shape) for variable in network.parameters())


# ---- classifiers -------------------------------------------------------------------------------------------


def fcn(images: Images, rng: np.random.Generator) -> nn.Sequential:
    """Two hidden layers of the same width."""
    units = widest(lambda n: (images.size + 1) * n + (n + 1) * n + (n + 1) * images.classes, images.budget)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(images.size, units, rng=rng),
        nn.ReLU(),
        nn.Linear(units, units, rng=rng),
        nn.ReLU(),
        nn.Linear(units, images.classes, rng=rng),
    )


def cnn(images: Images, rng: np.random.Generator) -> nn.Sequential:
    """Convolutions of 9 x 9 and 7 x 7, each followed by maxima of 2 x 2, and a linear layer."""
    if min(images.shape) < 24:
        raise ValueError(f"shape: expected at least 24 x 24, given {images.shape}")
    left = math.prod(((length - 8) // 2 - 6) // 2 for length in images.shape)

    def count(n: int) -> int:
        first, second = (81 * images.channels + 1) * n, (49 * n + 1) * n
        return first + second + (left * n + 1) * images.classes

    filters = widest(count, images.budget)
    return nn.Sequential(
        nn.Conv2d(images.channels, filters, 9, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(filters, filters, 7, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(left * filters, images.classes, rng=rng),
    )


def widest(count: Callable[[int], int], budget: int) -> int:
    """The greatest width with no more than `budget` parameters; at least 1."""
    low, high = 1, budget
    while low < high:
        middle = (low + high + 1) // 2
        if count(middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


# ---- localisers --------------------------------------------------------------------------------------------


def fcn_localizer(images: Images, rng: np.random.Generator) -> nn.Sequential:
    """Three fully connected layers; the transformer adds the one that regresses the parameters."""
    layers: list[Module] = [nn.Flatten()]
    size = images.size
    for _ in range(3):
        layers += [nn.Linear(size, LOCALIZER_UNITS, rng=rng), nn.ReLU()]
        size = LOCALIZER_UNITS
    return nn.Sequential(*layers)


def cnn_localizer(images: Images, rng: np.random.Generator) -> nn.Sequential:
    """Of the image at half its size: two convolutions of 5 x 5, maxima between them, and a linear layer."""
    left = math.prod((length // 2 - 4) // 2 - 4 for length in images.shape)
    return nn.Sequential(
        nn.AvgPool2d(2),
        nn.Conv2d(images.channels, LOCALIZER_FILTERS, 5, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(LOCALIZER_FILTERS, LOCALIZER_FILTERS, 5, rng=rng),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(LOCALIZER_FILTERS * left, LOCALIZER_FILTERS, rng=rng),
        nn.ReLU(),
    )
