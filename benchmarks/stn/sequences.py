"""Numbers of five digits: the paper's SVHN experiment, on numbers composed of MNIST's digits.

A transformer before the network (ST-CNN-Single), or one before each of its convolutions (ST-CNN-Multi): those
deeper in warp maps of features.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit import nn, no_grad
from warpkit.datasets import clutter, rotate_scale_translate
from warpkit.nn import Module
from warpkit.warping import warp_affine

from .experiment import AbstractExperiment, Batch
from .mnist import mnist
from .networks import count_parameters, widest
from .plan import Plan

DIGITS = 5
SHAPE = (64, 64)
BUDGET = 1_000_000  # parameters
FILTERS = (16, 24, 48, 64)
LOCALIZER_FILTERS = (16, 32)
LOCALIZER_UNITS = 32
LOCALIZER_SIDE = 8  # of the maps of features that localisers see deeper in the network

CELL = (18, 12)  # height and width, of a digit of about 10 x 10
DIGIT_DEGREES, DIGIT_SCALE = (-10.0, 10.0), (0.85, 1.1)
DEGREES, SCALE = 45.0, (0.7, 1.0)  # of the whole number
PIECES, PIECE_SHAPE = 6, (5, 5)  # of clutter

TEST_SEED = 1_000_037
TEST_BATCH = 500
TEST_ROUNDS = 5  # how often each test digit comes


class Sequences(AbstractExperiment):
    """All five digits must be right; the second figure is the share of single digits that are wrong."""

    models = ("ST-CNN-Multi", "ST-CNN-Single", "CNN")
    transforms = ("affine", "similarity", "attention", "projective", "tps")
    batch_size = 64
    learning_rate = 1e-3
    localizer_factor = 0.3

    def network(self, plan: Plan, rng: np.random.Generator) -> Module:
        transformer = functools.partial(
            nn.SpatialTransformer,
            transform=plan.transform,
            learning_rate_factor=plan.localizer_factor,
            bound=plan.bound,
        )
        transformers: list[Module] = []
        if plan.model != "CNN":
            transformers.append(transformer(image_localizer(rng), shape=SHAPE))
        if plan.model == "ST-CNN-Multi":
            for depth, channels in enumerate(FILTERS[:-1], start=1):
                side = SHAPE[0] // 2**depth
                transformers.append(transformer(feature_localizer(channels, side, rng), shape=(side, side)))
        return reader(transformers, BUDGET, rng)

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        images, labels = halved_digits()[0], mnist().train_labels
        chosen = rng.integers(0, len(images), count * DIGITS)
        return Batch(compose(images[chosen], rng), labels[chosen].reshape(count, DIGITS))

    def test_batches(self) -> Iterator[Batch]:
        images, labels = halved_digits()[1], mnist().test_labels
        rng = np.random.default_rng(TEST_SEED)
        order = np.concatenate([rng.permutation(len(images)) for _ in range(TEST_ROUNDS)])
        for chosen in order.reshape(-1, TEST_BATCH * DIGITS):
            yield Batch(compose(images[chosen], rng), labels[chosen].reshape(-1, DIGITS))

    def loss(self, network: Module, inputs: Any, targets: Any) -> tuple[Any, float]:
        """The sum over the five digits of their cross-entropies."""
        logits: Any = network(inputs)
        loss = DIGITS * nn.cross_entropy(logits.reshape(-1, 10), targets.reshape(-1))
        return loss, float(wrong_digits(logits, targets).any(axis=1).mean())

    def evaluate(self, network: Module, to_device: Any) -> dict[str, float]:
        numbers = digits = total = 0
        for batch in self.test_batches():
            with no_grad():
                wrong = wrong_digits(network(to_device(batch.inputs)), to_device(batch.targets))
            numbers += int(wrong.any(axis=1).sum())
            digits += int(wrong.sum())
            total += len(wrong)
        return {"error": 100 * numbers / total, "digit error": 100 * digits / (DIGITS * total)}


def wrong_digits(logits: Any, targets: Any) -> Any:
    """Booleans (n, 5), of logits (n, 50)."""
    return logits.data.reshape(-1, DIGITS, 10).argmax(axis=2) != targets


# ---- data --------------------------------------------------------------------------------------------------


@functools.cache
def halved_digits() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's images at half their size, to train and to test with: composing hardly scales them then."""
    dataset = mnist()
    train, test = (
        images.reshape(len(images), 1, 14, 2, 14, 2).mean(axis=(3, 5))
        for images in (dataset.train_images, dataset.test_images)
    )
    return train, test


def compose(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of 5 n digits, n cluttered images of numbers: each digit a little out of place, the number far."""
    cells, _ = rotate_scale_translate(digits, rng, DIGIT_DEGREES, DIGIT_SCALE, CELL)
    height, width = CELL
    rows = cells.reshape(-1, DIGITS, height, width).transpose(0, 2, 1, 3)
    rows = rows.reshape(-1, 1, height, DIGITS * width)
    images = warp_affine(rows, draw_places(len(rows), rng), SHAPE, frame="pixel")
    return clutter(images, rng, SHAPE, PIECES, PIECE_SHAPE)[0]


def draw_places(n: int, rng: np.random.Generator) -> np.ndarray:
    """Maps (n, 2, 3) from pixels of the image to those of the row of digits.

    The row is scaled, turned by up to 45 degrees, and put anywhere where nothing of it is cut off.
    """
    angle, scale = np.deg2rad(rng.uniform(-DEGREES, DEGREES, n)), rng.uniform(*SCALE, n)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([cos, -sin, sin, cos], axis=-1).reshape(n, 2, 2)
    row, image = np.array([DIGITS * CELL[1], CELL[0]]), np.array(SHAPE[::-1])
    room = image / 2 - scale[:, None] * (np.abs(turn) @ (row / 2))
    centre = (image - 1) / 2 + rng.uniform(-1, 1, (n, 2)) * np.maximum(room, 0)
    matrix = turn.transpose(0, 2, 1) / scale[:, None, None]
    offset = (row - 1) / 2 - (matrix @ centre[:, :, None])[:, :, 0]
    return np.concatenate([matrix, offset[:, :, None]], axis=-1)


# ---- networks ----------------------------------------------------------------------------------------------


def reader(transformers: list[Module], budget: int, rng: np.random.Generator) -> nn.Sequential:
    """Four convolutions, a hidden layer as wide as the budget allows, and ten classes for each digit.

    The first convolution has a step of 2; maxima of 2 x 2 follow the second and the third, and are taken
    before the ReLU: the result is the same, and there are a quarter of the values. The n-th transformer comes
    before the n-th convolution.
    """
    one, two, three, four = FILTERS
    stages: list[list[Module]] = [
        [nn.Conv2d(1, one, 5, stride=2, padding=2, rng=rng), nn.ReLU()],
        [nn.Conv2d(one, two, 3, padding=1, rng=rng), nn.MaxPool2d(2), nn.ReLU()],
        [nn.Conv2d(two, three, 3, padding=1, rng=rng), nn.MaxPool2d(2), nn.ReLU()],
        [nn.Conv2d(three, four, 3, padding=1, rng=rng), nn.ReLU()],
    ]
    for stage, transformer in zip(stages, transformers, strict=False):
        stage.insert(0, transformer)
    layers = [layer for stage in stages for layer in stage]
    left = budget - count_parameters(nn.Sequential(*layers))
    features, classes = four * math.prod(SHAPE) // 8**2, 10 * DIGITS
    units = widest(lambda n: (features + 1) * n + (n + 1) * classes, left)
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(features, units, rng=rng),
        nn.ReLU(),
        nn.Linear(units, classes, rng=rng),
    )


def image_localizer(rng: np.random.Generator) -> nn.Sequential:
    """Of the image at half its size: two convolutions with steps of 2, and a fully connected layer."""
    one, two = LOCALIZER_FILTERS
    return nn.Sequential(
        nn.AvgPool2d(2),
        nn.Conv2d(1, one, 5, stride=2, rng=rng),
        nn.ReLU(),
        nn.Conv2d(one, two, 5, stride=2, rng=rng),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(two * 5 * 5, LOCALIZER_UNITS, rng=rng),
        nn.ReLU(),
    )


def feature_localizer(channels: int, side: int, rng: np.random.Generator) -> nn.Sequential:
    """Of means of features, 8 x 8 of them per channel: two fully connected layers."""
    return nn.Sequential(
        nn.AvgPool2d(side // LOCALIZER_SIDE),
        nn.Flatten(),
        nn.Linear(channels * LOCALIZER_SIDE**2, LOCALIZER_UNITS, rng=rng),
        nn.ReLU(),
        nn.Linear(LOCALIZER_UNITS, LOCALIZER_UNITS, rng=rng),
        nn.ReLU(),
    )
