"""Parallel looks, as in the paper's experiment on birds: one, two or four crops of an image, told together.

The paper's networks find the parts of a bird by which its species is told: a head, a body. Here the parts are
two traffic signs in a scene.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit import nn, no_grad
from warpkit._core import Array, namespace, plain
from warpkit.nn import Module
from warpkit.ops import concatenate, tanh
from warpkit.transforms import Attention
from warpkit.warping import warp

from .classification import Classification
from .experiment import Batch
from .networks import count_parameters, widest
from .pictures import draw_looks
from .plan import Plan
from .sign_scenes import SIGNS, draw_scenes, test_signs, training_signs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUDGET = 80_000  # parameters of each network
SCALE = 0.5  # a window's side, in sides of the scene: the paper's
CROP = (32, 32)
LOCALIZER_FILTERS = 16
LOCALIZER_UNITS = 32

# Where looks begin, as (x, y) in half sides of the scene: side by side, or one in each quarter.
STARTS = {
    1: [(0.0, 0.0)],
    2: [(-0.25, 0.0), (0.25, 0.0)],
    4: [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)],
}

TEST_SEED = 1_000_037
TEST_BATCH = 500
TEST_SCENES = 10_000


class Looks(Classification):
    """Which two signs are in the scene, one of eight rules and one of eight of advice? 64 pairs.

    A pair of which one sign is missed is as wrong as one of which both are. One window is too small for both
    signs unless they stand close together. Every network has the same number of parameters, so four looks
    have narrower subnetworks than two. (In the paper each look adds a subnetwork of full size.)
    """

    models = ("2xST-CNN", "1xST-CNN", "4xST-CNN", "CNN")
    transforms = ("attention",)
    batch_size = 32
    learning_rate = 2e-3
    localizer_factor = 0.3

    def network(self, plan: Plan, rng: np.random.Generator) -> Module:
        return make_network(plan.model, plan.localizer_factor, rng)

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        return draw_scenes(training_signs(), count, rng)

    def test_batches(self) -> Iterator[Batch]:
        rng = np.random.default_rng(TEST_SEED)
        for _ in range(0, TEST_SCENES, TEST_BATCH):
            yield draw_scenes(test_signs(), TEST_BATCH, rng)

    def picture(self, network: Any, inputs: Any, title: str = "") -> Figure:
        if not isinstance(network, Together):
            return draw_looks(inputs, [], [], title)
        with no_grad():
            return draw_looks(inputs, network.look.localize(inputs), network.look(inputs), title)


# ---- networks ----------------------------------------------------------------------------------------------


class Attentions(Module):
    """Windows of half the image's side, placed by one localiser that sees the whole image.

    It finds the windows' middles alone: as in the paper, their size is fixed. None can leave the image: the
    middle is at tanh(r) / 2 for what the regression layer returns, r.
    """

    def __init__(self, count: int, learning_rate_factor: float, rng: np.random.Generator) -> None:
        self.count = count
        self.learning_rate_factor = learning_rate_factor
        self.localizer = make_localizer(rng)
        self.regression = nn.Linear(LOCALIZER_UNITS, 2 * count, rng=rng)
        self.regression.weight.data[...] = 0
        self.regression.bias.data[...] = np.arctanh(np.array(STARTS[count]) / (1 - SCALE)).ravel()

    def localize(self, image: Array) -> list[Attention]:
        """For each window the map from its points to the image's, in the frame "normalized"."""
        middles = (1 - SCALE) * tanh(self.regression(self.localizer(image)).astype("float64"))
        scale = namespace(plain(middles)).full(image.shape[0], SCALE)
        return [Attention(scale, middles[:, 2 * i : 2 * i + 2]) for i in range(self.count)]

    def __call__(self, image: Array) -> list[Array]:
        return [warp(image, attention, CROP) for attention in self.localize(image)]


class Together(Module):
    """Each crop has a subnetwork of its own; the class is told from the features of all."""

    def __init__(self, look: Attentions, subnetworks: list[nn.Sequential], classifier: Module) -> None:
        self.look = look
        self.subnetworks = subnetworks
        self.classifier = classifier

    def __call__(self, image: Array) -> Array:
        crops = self.look(image)
        features = [part(crop) for part, crop in zip(self.subnetworks, crops, strict=True)]
        return self.classifier(concatenate(*features, axis=1))


def make_network(model: str, learning_rate_factor: float, rng: np.random.Generator) -> Module:
    """CNN, which is given the whole scene at half its size, or 1xST-CNN, 2xST-CNN, 4xST-CNN."""
    found = re.fullmatch(r"([124])xST-CNN|CNN", model)
    if found is None:
        raise ValueError(f"model: expected CNN, 1xST-CNN, 2xST-CNN or 4xST-CNN, given {model}")
    if found[1] is None:
        filters = widest(lambda n: _count(1, n), BUDGET)
        return nn.Sequential(
            nn.AvgPool2d(2), *make_subnetwork(filters, rng), make_classifier(2 * filters, rng)
        )
    count = int(found[1])
    look = Attentions(count, learning_rate_factor, rng)
    left = BUDGET - count_parameters(look)
    filters = widest(lambda n: _count(count, n), left)
    subnetworks = [make_subnetwork(filters, rng) for _ in range(count)]
    return Together(look, subnetworks, make_classifier(count * 2 * filters, rng))


def make_subnetwork(filters: int, rng: np.random.Generator) -> nn.Sequential:
    """From a crop (n, 3, 32, 32) to 2 * filters features, wherever in the crop they are found.

    Maxima before the ReLU: the result is the same, and there are a quarter of the values.
    """
    return nn.Sequential(
        nn.Conv2d(3, filters, 5, stride=2, padding=2, rng=rng),
        nn.ReLU(),
        nn.Conv2d(filters, 2 * filters, 3, padding=1, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(2 * filters, 2 * filters, 3, padding=1, rng=rng),
        nn.MaxPool2d(8),
        nn.ReLU(),
        nn.Flatten(),
    )


def make_classifier(features: int, rng: np.random.Generator) -> nn.Sequential:
    return nn.Sequential(nn.Linear(features, sum(SIGNS), rng=rng), Pairs())


class Pairs(Module):
    """From logits of one kind of sign beside those of the other to logits of all pairs: their sums.

    The probability of a pair is then the product of those of its signs.
    """

    def __call__(self, logits: Array) -> Array:
        first, second = SIGNS
        pairs = logits[:, :first].reshape(-1, first, 1) + logits[:, first:].reshape(-1, 1, second)
        return pairs.reshape(-1, first * second)


def _count(crops: int, filters: int) -> int:
    """Parameters of subnetworks and classifier."""
    subnetwork = (75 + 1) * filters + (9 * filters + 1) * 2 * filters + (18 * filters + 1) * 2 * filters
    return crops * subnetwork + (crops * 2 * filters + 1) * sum(SIGNS)


def make_localizer(rng: np.random.Generator) -> nn.Sequential:
    """Of the scene at half its size: two convolutions, and a linear layer that knows what was found where."""
    return nn.Sequential(
        nn.AvgPool2d(2),
        nn.Conv2d(3, LOCALIZER_FILTERS, 5, stride=2, padding=2, rng=rng),
        nn.ReLU(),
        nn.Conv2d(LOCALIZER_FILTERS, LOCALIZER_FILTERS, 3, padding=1, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(LOCALIZER_FILTERS * 8 * 8, LOCALIZER_UNITS, rng=rng),
        nn.ReLU(),
    )
