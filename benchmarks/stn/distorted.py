"""Table 1 of the paper, and its cluttered digits: MNIST, distorted anew for each sample."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit.datasets import (
    bend,
    clutter,
    perturb_corners,
    rotate,
    rotate_scale_translate,
)
from warpkit.nn import Module

from .classification import Classification
from .experiment import AbstractExperiment, Batch
from .mnist import mnist
from .networks import Images, Transformer, make_network
from .plan import Plan

Shape = tuple[int, int]

# The paper says only that P's corners move by a normal deviate. With the 5 pixels of a later generator of the
# data a plain network cannot come near the paper's 3.1 %. FCN's error, seed 0 and 30000 iterations, is 1.98 %
# with 3 pixels and 3.14 % with 3.5.
P_SIGMA = 3.5

TRANSFORMER_SHAPE = (28, 28)
TEST_SEED = 1_000_003
TEST_BATCH = 500


class DistortedDigits(Classification):
    """One column of the table."""

    models = ("FCN", "CNN", "ST-FCN", "ST-CNN")
    transforms = ("affine", "projective", "tps", "attention")

    def __init__(self, distort: Any, shape: Shape, parameters: int = 200_000) -> None:
        self.distort = distort
        self.images = Images(1, shape, 10, parameters)

    def network(self, plan: Plan, rng: np.random.Generator) -> Module:
        transformer = Transformer(plan.transform, TRANSFORMER_SHAPE, plan.localizer_factor)
        return make_network(plan.model, self.images, transformer, rng)

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        dataset = mnist()
        chosen = rng.integers(0, len(dataset.train_images), count)
        return Batch(self.distort(dataset.train_images[chosen], rng)[0], dataset.train_labels[chosen])

    def test_batches(self) -> Iterator[Batch]:
        dataset, rng = mnist(), np.random.default_rng(TEST_SEED)
        for start in range(0, len(dataset.test_images), TEST_BATCH):
            some = slice(start, start + TEST_BATCH)
            yield Batch(self.distort(dataset.test_images[some], rng)[0], dataset.test_labels[some])


def distorted_digits() -> dict[str, AbstractExperiment]:
    """By the paper's names."""
    return {
        "R": DistortedDigits(rotate, (28, 28)),
        "RTS": DistortedDigits(rotate_scale_translate, (42, 42)),
        "P": DistortedDigits(functools.partial(perturb_corners, sigma=P_SIGMA), (28, 28)),
        "E": DistortedDigits(bend, (28, 28)),
        "TC": DistortedDigits(clutter, (60, 60)),
    }
