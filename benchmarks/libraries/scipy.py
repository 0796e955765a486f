"""SciPy: `map_coordinates` and `affine_transform` of order 1, forward, channel by channel, on one thread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy
from scipy import ndimage

from benchmarks.cases import Case
from benchmarks.inputs import pixel_theta, pixels_from_normalized
from benchmarks.libraries import Inputs, Job

# "grid-constant" has zeros beyond the image one by one, as others do; "constant" ends half a pixel earlier.
OPTIONS = {"order": 1, "mode": "grid-constant", "prefilter": False}

Warp = Callable[[np.ndarray, np.ndarray], np.ndarray]


def version() -> str:
    return scipy.__version__


def set_num_threads(number: int) -> None:
    """There is one thread."""


def make_job(case: Case, inputs: Inputs) -> Job | None:
    if case.gradients or case.op == "warp_tps":
        return None
    if case.op == "grid_sample":
        return by_channel(inputs["image"], points_zyx(inputs["grid"], case), map_coordinates)
    # From x, y[, z] to SciPy's order, that of the axes.
    turned = pixel_theta(inputs["theta"], case.shape[2:])
    order = [*range(case.ndim)[::-1], case.ndim]
    return by_channel(inputs["image"], turned[:, order][:, :, order], affine_transform)


def map_coordinates(channel: np.ndarray, points: np.ndarray) -> np.ndarray:
    return ndimage.map_coordinates(channel, points, **OPTIONS)


def affine_transform(channel: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return ndimage.affine_transform(channel, matrix, **OPTIONS)


def by_channel(image: np.ndarray, parameters: np.ndarray, warp: Warp) -> Job:
    def run() -> list[list[np.ndarray]]:
        return [
            [warp(channel, parameter) for channel in channels]
            for channels, parameter in zip(image, parameters, strict=True)
        ]

    return Job(run, lambda out: {"out": np.array(out)})


def points_zyx(grid: np.ndarray, case: Case) -> np.ndarray:
    """Pixel coordinates (n, ndim, *spatial), ordered as the axes are."""
    to_pixels = pixels_from_normalized(case.shape[2:])
    points = np.empty((len(grid), case.ndim, *case.shape[2:]))
    for i in range(case.ndim):
        points[:, case.ndim - 1 - i] = grid[..., i] * to_pixels[i, i] + to_pixels[i, -1]
    return points
