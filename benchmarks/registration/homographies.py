"""Thirteen pairs of photos of planes, with the homography between them.

Five are of the graffiti wall of K. Mikolajczyk et al., "A comparison of affine region detectors",
International Journal of Computer Vision 65, 2005; eight are of various planes, with points by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data import data_folder

PLANES = ("adam", "boat", "BruggeSquare", "city", "Eiffel", "LePoint1", "LePoint2", "WhiteBoard")
VIEWS = (2, 3, 4, 5, 6)
NAMES = (*PLANES, *(f"graf{view}" for view in VIEWS))

LEAST_LIMIT = 5.0  # pixels: what a direct method reaches on these pairs is 0.5 to 5
RELATIVE_LIMIT = 0.005  # of the image's diagonal


@dataclass(frozen=True, eq=False)
class Pair:
    """Two grey images (height, width) of uint8.

    `truth` (3, 3) maps pixels (x, y, 1) of the fixed image to those of the moving one, and `points` (m, 2) to
    `places`.
    """

    name: str
    fixed: np.ndarray
    moving: np.ndarray
    truth: np.ndarray
    points: np.ndarray
    places: np.ndarray

    @property
    def limit(self) -> float:
        """The greatest error of a right answer, in pixels."""
        return max(LEAST_LIMIT, RELATIVE_LIMIT * float(np.hypot(*self.fixed.shape)))

    def error(self, matrix: np.ndarray) -> float:
        """How far the points end from their places, on average, in pixels."""
        return float(np.linalg.norm(apply(matrix, self.points) - self.places, axis=1).mean())


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (m, 2) by a homography."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[:, :2] / mapped[:, 2:]


def corners(shape: tuple[int, ...]) -> np.ndarray:
    """Of an image, once around, (4, 2)."""
    height, width = shape
    return np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float64)


def read_pairs(names: tuple[str, ...] = NAMES) -> Iterator[Pair]:
    """Read pairs as they are asked for."""
    for name in names:
        yield _read_view(int(name[4:])) if name.startswith("graf") else _read_plane(name)


def _read_view(view: int) -> Pair:
    folder = data_folder() / "homography" / "oxford_graf"
    fixed, moving = (_grey(folder, f"img{number}") for number in (1, view))
    truth = np.loadtxt(folder / f"H1to{view}p")
    points = corners(fixed.shape)
    return Pair(f"graf{view}", fixed, moving, truth / truth[2, 2], points, apply(truth, points))


def _read_plane(name: str) -> Pair:
    """The model in the file leads from B to A; the fixed image is A."""
    from scipy.io import loadmat

    folder = data_folder() / "homography" / "homogr"
    truth = np.linalg.inv(np.loadtxt(folder / f"{name}_model.txt"))
    points = np.asarray(loadmat(folder / f"{name}_vpts.mat")["validation"]["pts"][0, 0], np.float64)
    own, theirs = ((part[:2] / part[2]).T for part in (points[:3], points[3:]))
    fixed, moving = (_grey(folder, name + side) for side in "AB")
    return Pair(name, fixed, moving, truth / truth[2, 2], own, theirs)


def _grey(folder: Path, stem: str) -> np.ndarray:
    """By the weights of ITU-R BT.601, rounded, as others read colours."""
    from imageio.v3 import imread

    (path,) = (path for path in folder.glob(f"{stem}.*") if path.suffix in (".jpg", ".png", ".ppm"))
    image = np.asarray(imread(path))
    if image.ndim == 2:
        return image
    return (image[..., :3] @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
