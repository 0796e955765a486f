"""The paper's co-localisation (appendix A.2): find what images have in common, from nothing but the images.

Each image holds a digit of one class, somewhere. A transformer cuts a crop of a digit's size out of it. All
that is known is that crops of two digits are closer to each other than to a crop from a random place, and the
loss is

    max(0, |e(I_n) - e(I_m)|^2 - |e(I_n) - e(R_n)|^2 + 1)

for the crops I_n and I_m of two images, a random crop R_n of the first one, and the encoding e of
:mod:`.encoder`.

A network is trained for each of the ten classes, all of them side by side. No parameter belongs to two of
them, and Adam treats each parameter by itself, so this is the same as ten runs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit import nn, no_grad
from warpkit._core import Array, namespace, plain, to_numpy
from warpkit.datasets import clutter
from warpkit.nn import Module
from warpkit.ops import matmul, moveaxis, relu, stack, tanh
from warpkit.ops import sum as sum_over
from warpkit.transforms import Attention
from warpkit.warping import warp

from .encoder import AROUND, CROP, PATCH, make_encoder
from .experiment import AbstractExperiment, Batch
from .mnist import mnist
from .pictures import draw_looks
from .plan import Plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
IMAGES = 100  # of a class
CANVAS = (84, 84)
SCALE = CROP[0] / CANVAS[0]
PATCH_SCALE = PATCH[0] / CANVAS[0]
FILTERS, UNITS = 16, 64
MARGIN = 1.0
JITTER = 8  # pixels by which an image is moved each time, lest its clutter be learned by heart
DATA_SEED = 1_000_037


# ---- data --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenes:
    """For each class, images of its digits."""

    images: np.ndarray
    """(classes, n, 1, *CANVAS)"""
    boxes: np.ndarray
    """Where the digits are (classes, n, 4), in pixels: left, top, right, bottom."""


def draw_scenes(images: np.ndarray, labels: np.ndarray, pieces: int) -> Scenes:
    """Digits at random places, among pieces of these digits; always the same."""
    rng = np.random.default_rng(DATA_SEED)
    chosen = [rng.choice(np.flatnonzero(labels == i), IMAGES, replace=False) for i in range(CLASSES)]
    placed, theta = clutter(images[np.concatenate(chosen)], rng, CANVAS, pieces)
    corners = -theta[:, :, 2]
    boxes = np.concatenate([corners, corners + CROP[::-1]], axis=1)
    return Scenes(placed.reshape(CLASSES, IMAGES, 1, *CANVAS), boxes.reshape(CLASSES, IMAGES, 4))


def random_parts(
    images: np.ndarray, beyond: int, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Of each image (classes, n, 1, height, width) a part of whole pixels, up to `beyond` outside it."""
    padded = np.pad(images, [(0, 0)] * 3 + [(beyond, beyond)] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, shape, axis=(3, 4))
    i, j = np.indices(images.shape[:2])
    rows, columns = (rng.integers(0, length, i.shape) for length in windows.shape[3:5])
    return windows[i, j, :, rows, columns]


# ---- networks ----------------------------------------------------------------------------------------------


class Attend(Module):
    """A spatial transformer that finds where to look, at the size of a digit: attention of fixed scale.

    It looks at the middle at first. Its crop never leaves the image; it returns the patch around that.
    """

    def __init__(self, localizer: Module, rng: np.random.Generator, learning_rate_factor: float) -> None:
        self.localizer = localizer
        self.regression = nn.Linear(UNITS, 2, rng=rng)
        self.regression.weight.data[:] = 0
        self.learning_rate_factor = learning_rate_factor

    def middle(self, image: Array) -> Array:
        """Of the crop (n, 2), in the frame "normalized"."""
        return tanh(self.regression(self.localizer(image)).astype("float64")) * (1 - SCALE)

    def __call__(self, image: Array) -> Array:
        """Map (n, 1, *CANVAS) to (n, 1, *PATCH)."""
        middle = self.middle(image)
        scale = namespace(plain(middle)).full(middle.shape[:1], PATCH_SCALE)
        return warp(image, Attention(scale, middle), PATCH)


class SideBySide(Module):
    """A network for each class."""

    def __init__(self, parts: list[Attend]) -> None:
        self.parts = parts

    def __call__(self, image: Array) -> Array:
        """Map (classes, n, 1, *CANVAS) to (classes, n, 1, *PATCH)."""
        return stack([part(image[i]) for i, part in enumerate(self.parts)])


def make_localizer(rng: np.random.Generator) -> nn.Sequential:
    """Like the paper's: a convolution at every fourth pixel, maxima of 2 x 2, two fully connected layers."""
    left = math.prod(((length - 9) // 4 + 1) // 2 for length in CANVAS)
    return nn.Sequential(
        nn.Conv2d(1, FILTERS, 9, stride=4, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(FILTERS * left, UNITS, rng=rng),
        nn.ReLU(),
        nn.Linear(UNITS, UNITS, rng=rng),
        nn.ReLU(),
    )


# ---- the experiment ----------------------------------------------------------------------------------------


class Colocalisation(AbstractExperiment):
    """Digits moved about, with pieces of other digits around them or without."""

    models = ("ST-CNN",)
    transforms = ("attention",)
    batch_size = 16
    learning_rate = 3e-3
    localizer_factor = 1.0

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces

    @functools.cached_property
    def scenes(self) -> Scenes:
        """What is trained with."""
        return draw_scenes(mnist().train_images, mnist().train_labels, self.pieces)

    def network(self, plan: Plan, rng: np.random.Generator) -> Module:
        return SideBySide([Attend(make_localizer(rng), rng, plan.localizer_factor) for _ in range(CLASSES)])

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        """Of each class some images, at most IMAGES, moved by up to JITTER; and a random patch of each."""
        chosen = np.stack([rng.permutation(IMAGES)[:count] for _ in range(CLASSES)])
        images = random_parts(self.scenes.images[np.arange(CLASSES)[:, None], chosen], JITTER, CANVAS, rng)
        return Batch(images, random_parts(images, AROUND, PATCH, rng))

    def loss(self, network: Module, inputs: Any, targets: Any) -> tuple[Any, float]:
        """Sum over the classes of the mean over all pairs; and the share of pairs that miss the margin."""
        xp = namespace(inputs)
        encode = make_encoder(xp)
        found, random = encode(network(inputs)), encode(targets)
        # The squared distances of n to m and to the random patch are 2 - 2 e . e, each.
        to_others = matmul(found, moveaxis(found, 1, 2))  # (classes, n, m)
        to_random = sum_over(found * random, axis=2, keepdims=True)
        count = found.shape[1]
        others = 1 - xp.eye(count, dtype=found.dtype)
        hinges: Any = relu(2.0 * (to_random - to_others) + MARGIN) * others
        pairs = count * (count - 1)
        return hinges.sum() / pairs, float((hinges.data > 0).sum()) / (CLASSES * pairs)

    def evaluate(self, network: Any, to_device: Callable[[np.ndarray], Any]) -> dict[str, float]:
        """Percent of the digits found: of all trained with, of each class, and of as many test digits."""
        unseen = draw_scenes(mnist().test_images, mnist().test_labels, self.pieces)
        found = _percent_found(network, self.scenes, to_device)
        return {
            "correct": float(found.mean()),
            **{f"correct {i}": float(percent) for i, percent in enumerate(found)},
            "correct, unseen": float(_percent_found(network, unseen, to_device).mean()),
        }

    def picture(self, network: Any, inputs: Any, title: str = "") -> Figure:
        """The first image of each class."""
        with no_grad():
            middles = stack(
                [part.middle(images[:1])[0] for part, images in zip(network.parts, inputs, strict=True)]
            )
        look = Attention(namespace(inputs).full(CLASSES, SCALE), plain(middles))
        return draw_looks(inputs[:, 0], [look], [warp(inputs[:, 0], look, CROP)], title)


def colocalisation() -> dict[str, AbstractExperiment]:
    """Without clutter, and with the paper's 16 pieces of 6 x 6."""
    return {"colocalisation-T": Colocalisation(0), "colocalisation-TC": Colocalisation(16)}


# ---- how well it does --------------------------------------------------------------------------------------


def _percent_found(network: SideBySide, scenes: Scenes, to_device: Callable[[np.ndarray], Any]) -> np.ndarray:
    """Of each class (classes,)."""
    with no_grad():
        middles = [
            to_numpy(plain(part.middle(to_device(images))))
            for part, images in zip(network.parts, scenes.images, strict=True)
        ]
    return 100 * (overlap(boxes_at(np.stack(middles)), scenes.boxes) > 0.5).mean(axis=1)


def boxes_at(middle: np.ndarray) -> np.ndarray:
    """Crops (..., 4) in pixels, left, top, right, bottom; their middles (..., 2) are normalized."""
    ends = np.concatenate([middle - SCALE, middle + SCALE], axis=-1)
    return (ends + 1) / 2 * np.tile(CANVAS[::-1], 2)


def overlap(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (..., 4)."""
    lengths = np.minimum(one[..., 2:], two[..., 2:]) - np.maximum(one[..., :2], two[..., :2])
    both = np.prod(np.maximum(lengths, 0), axis=-1)
    areas = [np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (one, two)]
    return both / (areas[0] + areas[1] - both)
