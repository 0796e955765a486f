"""German traffic signs (GTSRB), 43 classes: a convolutional network, alone and behind a spatial transformer.

J. Stallkamp, M. Schlipsing, J. Salmen, C. Igel, "Man vs. computer: benchmarking machine learning algorithms
for traffic sign recognition", Neural Networks 32, 2012. Not an experiment of the spatial transformer paper.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from warpkit import nn
from warpkit.nn import Module
from warpkit.warping import warp_affine

from ..data import data_folder
from .classification import Classification, percent_wrong
from .experiment import Batch
from .networks import count_parameters, widest
from .plan import Plan

CLASSES = 43
SHAPE = (32, 32)
BUDGET = 180_000  # parameters
FILTERS = (24, 48, 64)
LOCALIZER_FILTERS = 16
LOCALIZER_UNITS = 32

VALIDATION_EVERY = 10  # tracks
SIGMA = 4.0  # pixels: how far around a pixel its contrast is measured
TEST_BATCH = 500

# How training images are varied.
DEGREES = 15.0
STRETCH = 0.2  # the scale along each axis is between 1 - STRETCH and 1 + STRETCH
SHIFT = 0.15  # half sides of the image
HIDDEN = 0.5  # of the images lose a rectangle,
SIDES = (4, 10)  # whose sides have so many pixels


class Signs(Classification):
    """Which of 43 signs is it? Each image with contrast normalised; training images varied anew each time.

    A tenth of the tracks is kept from training: the error on it is the second figure, and all choices were
    made by it. The first figure is the error on the official test images.
    """

    models = ("ST-CNN", "CNN")
    transforms = ("affine", "attention", "similarity", "projective", "tps")
    batch_size = 64
    learning_rate = 2e-3
    localizer_factor = 0.1
    weight_decay = 0.1

    def network(self, plan: Plan, rng: np.random.Generator) -> Module:
        if plan.model == "CNN":
            return cnn(BUDGET, rng)
        transformer = nn.SpatialTransformer(
            localizer(rng),
            plan.transform,
            SHAPE,
            learning_rate_factor=plan.localizer_factor,
            bound=plan.bound,
            boundary="border",
        )
        return nn.Sequential(transformer, *cnn(BUDGET - count_parameters(transformer), rng))

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        train = signs().train
        chosen = rng.integers(0, len(train.inputs), count)
        return Batch(vary(train.inputs[chosen], rng), train.targets[chosen])

    def test_batches(self) -> Iterator[Batch]:
        return in_pieces(signs().test)

    def evaluate(self, network: Module, to_device: Any) -> dict[str, float]:
        validation = percent_wrong(network, in_pieces(signs().validation), to_device)
        return {**super().evaluate(network, to_device), "validation error": validation}


# ---- data --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Images (n, 3, 32, 32) and classes (n,)."""

    train: Batch
    validation: Batch
    test: Batch


@functools.cache
def signs() -> Parts:
    """Read once; contrast normalised."""
    folder = data_folder() / "gtsrb"
    with np.load(folder / "gtsrb32_train_every3rd.npz") as file:
        images, labels = normalize(file["X"]), file["y"].astype(np.int64)
        held_out = in_validation(file["track"])
    with np.load(folder / "gtsrb32_test.npz") as file:
        test = Batch(normalize(file["X"]), file["y"].astype(np.int64))
    train = Batch(images[~held_out], labels[~held_out])
    return Parts(train, Batch(images[held_out], labels[held_out]), test)


def in_validation(track: np.ndarray) -> np.ndarray:
    """Of (class, track, frame) for each image, whether it is kept from training.

    A track is one sign as a car comes closer to it: some of its frames in training would tell the others.
    """
    return track[:, 1] % VALIDATION_EVERY == 0


def normalize(images: np.ndarray) -> np.ndarray:
    """From uint8 (n, height, width, 3) to float32 (n, 3, height, width), of equal contrast everywhere.

    Some signs stand in the dark, some in the sun, some in half a shadow: each pixel is taken relative to the
    mean grey around it, in units of the deviation around it, or of the whole image's where that is more.
    """
    blur = functools.partial(gaussian_filter, sigma=(0, 0, SIGMA, SIGMA), mode="nearest")
    images = images.transpose(0, 3, 1, 2).astype(np.float32)
    images -= blur(images.mean(axis=1, keepdims=True))
    deviation = np.sqrt(blur((images**2).mean(axis=1, keepdims=True)))
    whole = deviation.mean(axis=(1, 2, 3), keepdims=True)
    return images / np.maximum(np.maximum(deviation, whole), 1)


def vary(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn, stretch and move each a little, and hide a part of some."""
    n = len(images)
    angle = np.deg2rad(rng.uniform(-DEGREES, DEGREES, n))
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=-1).reshape(n, 2, 2)
    stretch = rng.uniform(1 - STRETCH, 1 + STRETCH, (n, 1, 2))
    shift = rng.uniform(-SHIFT, SHIFT, (n, 2, 1))
    moved = warp_affine(images, np.concatenate([turn * stretch, shift], axis=-1), boundary="border")
    return hide(moved, rng)


def hide(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make a rectangle of some images grey, lest a network rely on one part of a sign.

    Z. Zhong, L. Zheng, G. Kang, S. Li, Y. Yang, "Random erasing data augmentation", AAAI 2020.
    """
    n, (height, width) = len(images), images.shape[2:]
    sides = rng.integers(SIDES[0], SIDES[1] + 1, (n, 2))
    first = rng.integers(0, np.array([height, width]) - sides + 1)
    rows, columns = (
        (np.arange(length) >= first[:, axis, None]) & (np.arange(length) < (first + sides)[:, axis, None])
        for axis, length in enumerate((height, width))
    )
    hidden = rows[:, :, None] & columns[:, None, :] & (rng.random((n, 1, 1)) < HIDDEN)
    return np.where(hidden[:, None], np.float32(0), images)


def in_pieces(part: Batch) -> Iterator[Batch]:
    for start in range(0, len(part.inputs), TEST_BATCH):
        some = slice(start, start + TEST_BATCH)
        yield Batch(part.inputs[some], part.targets[some])


# ---- networks ----------------------------------------------------------------------------------------------


def cnn(budget: int, rng: np.random.Generator) -> nn.Sequential:
    """Three convolutions, each followed by maxima of 2 x 2, and a hidden layer as wide as the budget allows.

    The maxima are taken before the ReLU: the result is the same, and there are a quarter of the values.
    """
    first, second, third = FILTERS
    convolutions = nn.Sequential(
        nn.Conv2d(3, first, 5, padding=2, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, padding=1, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(second, third, 3, padding=1, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
    )
    features = third * (SHAPE[0] // 8) * (SHAPE[1] // 8)
    left = budget - count_parameters(convolutions)
    units = widest(lambda n: (features + 1) * n + (n + 1) * CLASSES, left)
    return nn.Sequential(
        *convolutions,
        nn.Linear(features, units, rng=rng),
        nn.ReLU(),
        nn.Linear(units, CLASSES, rng=rng),
    )


def localizer(rng: np.random.Generator) -> nn.Sequential:
    """Of the image at half its size: two convolutions and a linear layer."""
    return nn.Sequential(
        nn.AvgPool2d(2),
        nn.Conv2d(3, LOCALIZER_FILTERS, 5, rng=rng),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(LOCALIZER_FILTERS, LOCALIZER_FILTERS, 3, rng=rng),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(LOCALIZER_FILTERS * 4 * 4, LOCALIZER_UNITS, rng=rng),
        nn.ReLU(),
    )
