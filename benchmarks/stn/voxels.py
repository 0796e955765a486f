"""The paper's example in three dimensions (appendix A.3): digits of voxels, seen from one side.

A digit is extruded to a body and turned in space, about an axis of any direction. The network sees the sum
along z, a picture in which the parts of a turned body lie over each other. A transformer can turn the body
back before that.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from warpkit import nn
from warpkit._core import Array
from warpkit.nn import Module
from warpkit.transforms import Rigid
from warpkit.warping import warp

from .classification import Classification
from .experiment import Batch
from .mnist import mnist
from .networks import Images, count_parameters, fcn
from .plan import Plan

CUBE = (32, 32, 32)
THICKNESS = 8
GREATEST_ANGLE = np.pi / 2
UNITS = 64  # of each of the localiser's layers
TEST_SEED = 1_000_051
TEST_BATCH = 500


class Project(Module):
    """The sum along z, in units of a digit's thickness."""

    def __call__(self, image: Array) -> Array:
        """Map (n, c, depth, height, width) to (n, c, height, width)."""
        return image.sum(axis=2) / THICKNESS


class Voxels(Classification):
    """Digits turned by up to GREATEST_ANGLE."""

    models = ("ST-FCN", "FCN")
    transforms = ("affine", "rigid")
    batch_size = 64
    images = Images(1, CUBE[1:], 10)

    def network(self, plan: Plan, rng: np.random.Generator) -> nn.Sequential:
        """The same classifier for both, with as many parameters in all."""
        if plan.model == "FCN":
            return nn.Sequential(Project(), *fcn(self.images, rng))
        transformer = nn.SpatialTransformer(
            localizer(rng),
            plan.transform,
            CUBE,
            learning_rate_factor=plan.localizer_factor,
            bound=plan.bound,
        )
        left = self.images.budget - count_parameters(transformer)
        return nn.Sequential(transformer, Project(), *fcn(Images(1, CUBE[1:], 10, left), rng))

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        dataset = mnist()
        chosen = rng.integers(0, len(dataset.train_images), count)
        return Batch(turned_bodies(dataset.train_images[chosen], rng), dataset.train_labels[chosen])

    def test_batches(self) -> Iterator[Batch]:
        dataset, rng = mnist(), np.random.default_rng(TEST_SEED)
        for start in range(0, len(dataset.test_images), TEST_BATCH):
            some = slice(start, start + TEST_BATCH)
            yield Batch(turned_bodies(dataset.test_images[some], rng), dataset.test_labels[some])


def turned_bodies(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """From images (n, 1, 28, 28), bodies (n, 1, *CUBE) turned by any angle, all equally likely."""
    bodies = np.zeros((len(images), 1, *CUBE), np.float32)
    first = [(length - own) // 2 for length, own in zip(CUBE, (THICKNESS, *images.shape[2:]), strict=True)]
    front, top, left = (slice(i, -i) for i in first)
    bodies[:, :, front, top, left] = images[:, :, None]
    axes = rng.normal(size=(len(images), 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = rng.uniform(0, GREATEST_ANGLE, (len(images), 1))
    return warp(bodies, Rigid(axes * angles, np.zeros((1, 3))))


def localizer(rng: np.random.Generator) -> nn.Sequential:
    """Of the body at a quarter of its size: three fully connected layers."""
    return nn.Sequential(
        nn.AvgPool3d(4),
        nn.Flatten(),
        nn.Linear(8**3, UNITS, rng=rng),
        nn.ReLU(),
        nn.Linear(UNITS, UNITS, rng=rng),
        nn.ReLU(),
        nn.Linear(UNITS, UNITS, rng=rng),
        nn.ReLU(),
    )
