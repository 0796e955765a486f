"""Scenes with two traffic signs, of the German ones (GTSRB).

J. Stallkamp, M. Schlipsing, J. Salmen, C. Igel, "Man vs. computer: benchmarking machine learning algorithms
for traffic sign recognition", Neural Networks 32, 2012.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from warpkit.warping import warp_affine

from ..data import data_folder
from .experiment import Batch

SCENE = (64, 64)
SIGN = 24  # side of a sign in the scene; the pictures of it have 32 pixels

# Classes of GTSRB, those of which there are most pictures among those unlike each other.
RULES = (2, 5, 9, 10, 13, 14, 15, 17)
"""Speed limits of 50 and 80, no overtaking, none by lorries, give way, stop, no vehicles, no entry: red."""
ADVICE = (11, 12, 18, 25, 26, 33, 35, 38)
"""Crossing, priority, danger, road works, lights: warnings; turn right, ahead, keep right: blue."""
SIGNS = (len(RULES), len(ADVICE))


@dataclass(frozen=True)
class Pictures:
    """Pictures (n, 3, 32, 32) of one kind of sign, and which of the kind's signs each shows."""

    images: np.ndarray
    signs: np.ndarray


@dataclass(frozen=True)
class Signs:
    """The pictures of one file.

    Each is normalised to mean 0 and deviation 1: some were taken in the dark, some in the sun.
    """

    rules: Pictures
    advice: Pictures


@functools.cache
def training_signs() -> Signs:
    """Read once."""
    return _read("gtsrb32_train_every3rd.npz")


@functools.cache
def test_signs() -> Signs:
    """Read once. No sign in them is one of the training pictures'."""
    return _read("gtsrb32_test.npz")


def _read(name: str) -> Signs:
    with np.load(data_folder() / "gtsrb" / name) as file:
        images, labels = _normalize(file["X"].transpose(0, 3, 1, 2).astype(np.float32)), file["y"]

    def pictures(classes: tuple[int, ...]) -> Pictures:
        among = np.isin(labels, classes)
        return Pictures(images[among], np.argmax(labels[among][:, None] == np.array(classes), axis=1))

    return Signs(pictures(RULES), pictures(ADVICE))


def draw_scenes(signs: Signs, count: int, rng: np.random.Generator) -> Batch:
    """Scenes (n, 3, 64, 64) with a sign of each kind; the class of a scene is the pair of signs.

    The rest is grey. All places where both are whole and neither covers the other are equally likely: where a
    sign stands tells nothing of which it is.
    """
    rules = rng.integers(0, len(signs.rules.images), count)
    advice = rng.integers(0, len(signs.advice.images), count)
    scenes = np.zeros((count, 3, *SCENE), np.float32)
    for images, corners in zip(
        (signs.rules.images[rules], signs.advice.images[advice]),
        draw_corners(count, rng),
        strict=True,
    ):
        _paste(images, corners, scenes)
    classes = signs.rules.signs[rules] * len(ADVICE) + signs.advice.signs[advice]
    return Batch(scenes, classes)


def draw_corners(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Where the upper left pixels (x, y) of two signs go, (n, 2) each: drawn again until none overlap."""
    corners = rng.integers(0, SCENE[0] - SIGN + 1, (2, count, 2))
    while (overlap := (np.abs(corners[0] - corners[1]) < SIGN).all(axis=1)).any():
        corners[:, overlap] = rng.integers(0, SCENE[0] - SIGN + 1, (2, int(overlap.sum()), 2))
    return corners[0], corners[1]


def _paste(images: np.ndarray, corners: np.ndarray, scenes: np.ndarray) -> None:
    """Put the images, made smaller, into the scenes."""
    small = warp_affine(images, np.eye(2, 3)[None], (SIGN, SIGN), boundary="border")
    for image, (x, y), scene in zip(small, corners, scenes, strict=True):
        scene[:, y : y + SIGN, x : x + SIGN] = image


def _normalize(images: np.ndarray) -> np.ndarray:
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return (images - mean) / np.maximum(images.std(axis=(1, 2, 3), keepdims=True), 1)
